export { AddressesStack } from "./addresses-stack.ts";
export { ClusterStack } from "./cluster-stack.ts";
export { HetznerStack } from "./stack.ts";
