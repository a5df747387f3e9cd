import { OpenstackProvider } from "@cdktf/provider-openstack/lib/provider";
import type { Construct } from "constructs";
import type { BlueprintOn, OpenStackCloud } from "../../planning/blueprint/index.ts";
import { InstanceStack, type StackProps } from "../stack/index.ts";

export type OpenStackProps = StackProps<BlueprintOn<OpenStackCloud>>;

/** A stack on OpenStack: provider, state and nothing else. */
export class OpenStackStack extends InstanceStack {
  constructor(scope: Construct, id: string, props: OpenStackProps) {
    super(scope, id, props);
    // No credential: the provider reads them from clouds.yaml, by the entry's name. Retries, since
    // a busy API answers 429 or 503 for a moment.
    const cloud = props.blueprint.cloud.credentials;
    new OpenstackProvider(this, "openstack", { cloud, maxRetries: 5 });
  }
}
