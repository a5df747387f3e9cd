import { HttpBackend, LocalBackend, TerraformOutput, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import type { Blueprint } from "../../planning/blueprint/index.ts";

/** What both stacks of an instance need, on whichever cloud. */
export interface StackProps<On extends Blueprint = Blueprint> {
  readonly blueprint: On;
  /**
   * Path of the folder for local state files, as seen from the folder that Terraform runs in.
   * Relative, so that the synthesised JSON is the same on every machine.
   */
  readonly stateFolder: string;
  /**
   * Whether what holds state resists destruction.
   * @default true. Only `polder decommission` says false.
   */
  readonly protect?: boolean;
}

/** What the addresses stack says of a host: the cloud's ids of its addresses, and these. */
export interface AllocatedAddress {
  readonly id: string;
  readonly ipv6Id?: string;
  readonly addresses: readonly string[];
}

/** A stack of an instance: its state and nothing else. Each cloud adds its provider. */
export abstract class InstanceStack extends TerraformStack {
  /** Lifecycle of what holds state. */
  protected readonly protection: { readonly preventDestroy: boolean };

  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id);
    const { blueprint } = props;
    this.protection = { preventDestroy: props.protect ?? true };
    if (blueprint.state.backend === "http") {
      const address = `${blueprint.state.address.replace(/\/$/, "")}/${id}`;
      new HttpBackend(this, {
        address,
        lockAddress: `${address}/lock`,
        unlockAddress: `${address}/lock`,
        lockMethod: blueprint.state.lockMethod,
        unlockMethod: blueprint.state.unlockMethod,
      });
    } else {
      new LocalBackend(this, { path: `${props.stateFolder}/${id}.tfstate` });
    }
  }

  /** Outputs of an addresses stack, the same on every cloud: `polder addresses` and `plan` read them. */
  protected tellAddresses(
    { cloud }: Blueprint,
    value: Readonly<Record<string, AllocatedAddress>>,
  ): void {
    new TerraformOutput(this, "location", {
      value: `${cloud.provider}/${cloud.location}`,
      description: "Where it was made: a plan for another location is refused",
    });
    new TerraformOutput(this, "addresses", { value, description: "What polder addresses records" });
  }
}
