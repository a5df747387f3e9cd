import { PrimaryIp } from "@cdktf/provider-hcloud/lib/primary-ip";
import { Fn } from "cdktf";
import type { Construct } from "constructs";
import {
  type AllocatedAddress,
  addressesStackName,
  cloudName,
  labels,
  publicHosts,
} from "../stack/index.ts";
import { type HetznerProps, HetznerStack } from "./stack.ts";

/**
 * The public addresses of an instance, apart from its cluster: the cloud chooses them, names point
 * at them, so they outlive every host. IPv4 and IPv6 are two objects at Hetzner. Of IPv6 a host gets
 * a /64 and answers at its first address, as the cloud's own images are set up.
 */
export class AddressesStack extends HetznerStack {
  constructor(scope: Construct, props: HetznerProps) {
    super(scope, addressesStackName(props.blueprint.instance), props);
    const { blueprint } = props;
    const value: Record<string, AllocatedAddress> = {};
    for (const host of publicHosts(blueprint)) {
      const address = (type: "ipv4" | "ipv6") =>
        new PrimaryIp(this, `${host.id}-${type}`, {
          name: cloudName(blueprint, `${host.id}-${type}`),
          type,
          location: blueprint.cloud.site,
          // A server that goes must not take the address along.
          autoDelete: false,
          deleteProtection: this.locked,
          labels: labels(blueprint, host.id),
          lifecycle: this.protection,
        });
      const [ipv4, ipv6] = [address("ipv4"), address("ipv6")];
      value[host.id] = {
        // An id is a number there; of one size with other clouds' in addresses.yaml.
        id: Fn.tostring(ipv4.id),
        ipv6Id: Fn.tostring(ipv6.id),
        addresses: [ipv4.ipAddress, Fn.cidrhost(ipv6.ipNetwork, 1)],
      };
    }
    this.tellAddresses(blueprint, value);
  }
}
