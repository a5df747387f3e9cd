import { OpenstackProvider } from "@cdktf/provider-openstack/lib/provider";
import { HttpBackend, LocalBackend, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import type { Blueprint } from "../blueprint/index.ts";

/** What both stacks of an instance need. */
export interface StackProps {
  readonly blueprint: Blueprint;
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

/** A stack of an instance: provider, state and nothing else. */
export abstract class InstanceStack extends TerraformStack {
  /** Lifecycle of what holds state. */
  protected readonly protection: { readonly preventDestroy: boolean };

  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id);
    const { blueprint } = props;
    this.protection = { preventDestroy: props.protect ?? true };
    // No credential: the provider reads them from clouds.yaml, by the entry's name. Retries, since
    // a busy API answers 429 or 503 for a moment.
    new OpenstackProvider(this, "openstack", { cloud: blueprint.cloud.credentials, maxRetries: 5 });
    if (blueprint.state.backend === "http") {
      const address = `${blueprint.state.address.replace(/\/$/, "")}/${id}`;
      new HttpBackend(this, {
        address,
        lockAddress: `${address}/lock`,
        unlockAddress: `${address}/lock`,
      });
    } else {
      new LocalBackend(this, { path: `${props.stateFolder}/${id}.tfstate` });
    }
  }
}
