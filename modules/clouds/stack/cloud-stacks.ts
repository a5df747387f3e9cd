import type { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import type { StackProps } from "./instance-stack.ts";

/** The stacks of one cloud. */
export interface CloudStacks {
  readonly addresses: (scope: Construct, props: StackProps) => TerraformStack;
  readonly cluster: (scope: Construct, props: StackProps) => TerraformStack;
  /** A stack with a state and nothing in it: enough to destroy what the state holds. */
  readonly bare: (scope: Construct, id: string, props: StackProps) => TerraformStack;
}
