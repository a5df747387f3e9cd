export { AddressesStack } from "./addresses-stack.ts";
export { ClusterStack } from "./cluster-stack.ts";
export { OpenStackStack } from "./stack.ts";
