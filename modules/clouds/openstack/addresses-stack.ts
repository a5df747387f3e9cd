import { DataOpenstackNetworkingNetworkV2 } from "@cdktf/provider-openstack/lib/data-openstack-networking-network-v2";
import { NetworkingFloatingipV2 } from "@cdktf/provider-openstack/lib/networking-floatingip-v2";
import { NetworkingPortV2 } from "@cdktf/provider-openstack/lib/networking-port-v2";
import type { Construct } from "constructs";
import {
  type AllocatedAddress,
  addressesStackName,
  cloudName,
  publicHosts,
} from "../stack/index.ts";
import { tags } from "./names.ts";
import { type OpenStackProps, OpenStackStack } from "./stack.ts";

/**
 * The public addresses of an instance, apart from its cluster: the cloud chooses them, names point
 * at them, so they outlive every host. Output `addresses`: host id to the cloud's id and addresses;
 * `location`: the cloud and location that all of the instance is made at.
 */
export class AddressesStack extends OpenStackStack {
  constructor(scope: Construct, props: OpenStackProps) {
    super(scope, addressesStackName(props.blueprint.instance), props);
    const { blueprint } = props;
    const { cloud } = blueprint;
    const value: Record<string, AllocatedAddress> = {};
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
    this.tellAddresses(blueprint, value);
  }
}
