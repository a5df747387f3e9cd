export type { CloudStacks } from "./cloud-stacks.ts";
export { type AllocatedAddress, InstanceStack, type StackProps } from "./instance-stack.ts";
export { addressesStackName, cloudName, labels, publicHosts } from "./names.ts";
export { userData } from "./user-data.ts";
