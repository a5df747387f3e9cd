import { HcloudProvider } from "@cdktf/provider-hcloud/lib/provider";
import type { Construct } from "constructs";
import type { BlueprintOn, HetznerCloud } from "../../planning/blueprint/index.ts";
import { InstanceStack, type StackProps } from "../stack/index.ts";

export type HetznerProps = StackProps<BlueprintOn<HetznerCloud>>;

/** A stack on Hetzner Cloud: provider, state and nothing else. */
export class HetznerStack extends InstanceStack {
  /** Whether the API, too, refuses to delete what holds state. */
  protected readonly locked: boolean;

  constructor(scope: Construct, id: string, props: HetznerProps) {
    super(scope, id, props);
    this.locked = this.protection.preventDestroy;
    // No token: the provider reads HCLOUD_TOKEN itself. It asks again by itself when the API is busy.
    new HcloudProvider(this, "hcloud", {});
  }
}
