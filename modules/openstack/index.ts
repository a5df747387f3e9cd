export { AddressesStack, addressesStackName } from "./addresses-stack.ts";
export { ClusterStack } from "./cluster-stack.ts";
export { InstanceStack, type StackProps } from "./stack.ts";
