import { DataOpenstackNetworkingNetworkV2 } from "@cdktf/provider-openstack/lib/data-openstack-networking-network-v2";
import { NetworkingFloatingipV2 } from "@cdktf/provider-openstack/lib/networking-floatingip-v2";
import { NetworkingPortV2 } from "@cdktf/provider-openstack/lib/networking-port-v2";
import { TerraformOutput } from "cdktf";
import type { Construct } from "constructs";
import { cloudName, publicHosts, tags } from "./names.ts";
import { InstanceStack, type StackProps } from "./stack.ts";

/** Name of the addresses stack of an instance. */
export const addressesStackName = (instance: string): string => `${instance}-addresses`;

/**
 * The public addresses of an instance, apart from its cluster: the cloud chooses them, names point
 * at them, so they outlive every host. Output `addresses`: host id to the cloud's id and addresses;
 * `location`: the cloud and location that all of the instance is made at.
 */
export class AddressesStack extends InstanceStack {
  constructor(scope: Construct, props: StackProps) {
    super(scope, addressesStackName(props.blueprint.instance), props);
    const { blueprint } = props;
    const { cloud } = blueprint;
    const value: Record<string, { id: string; addresses: string[] }> = {};
    if (cloud.publicAddresses === "floating") {
      for (const host of publicHosts(blueprint)) {
        const address = new NetworkingFloatingipV2(this, host.id, {
          pool: cloud.publicNetwork,
          description: `${cloudName(blueprint, host.id)}: ${host.exposure.why}`,
          tags: tags(blueprint, host.id),
          lifecycle: this.protection,
        });
        value[host.id] = { id: address.id, addresses: [address.address] };
      }
    } else {
      const network = new DataOpenstackNetworkingNetworkV2(this, "public", {
        name: cloud.publicNetwork,
      });
      for (const host of publicHosts(blueprint)) {
        const port = new NetworkingPortV2(this, host.id, {
          name: cloudName(blueprint, `${host.id}-public`),
          description: host.exposure.why,
          networkId: network.id,
          // Closed until the cluster's stack puts its role's group on it.
          noSecurityGroups: true,
          // Port security comes with the network; only the network's owner may set it on a port.
          tags: tags(blueprint, host.id),
          lifecycle: {
            ...this.protection,
            ignoreChanges: ["security_group_ids", "no_security_groups"],
          },
        });
        value[host.id] = { id: port.id, addresses: port.allFixedIps as unknown as string[] };
      }
    }
    new TerraformOutput(this, "location", {
      value: `${cloud.provider}/${cloud.location}`,
      description: "Where it was made: a plan for another location is refused",
    });
    new TerraformOutput(this, "addresses", { value, description: "What polder addresses records" });
  }
}
