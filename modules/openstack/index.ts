export { AddressesStack, addressesStackName } from "./addresses-stack.ts";
export { ClusterStack } from "./cluster-stack.ts";
export type { StackProps } from "./stack.ts";
