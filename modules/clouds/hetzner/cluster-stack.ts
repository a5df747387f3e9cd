import type { Construct } from "constructs";
import { CloudHost } from "./cloud-host.ts";
import { Dns } from "./dns.ts";
import { PrivateNetwork } from "./private-network.ts";
import { RoleFirewalls } from "./role-firewalls.ts";
import { Spread } from "./spread.ts";
import { type HetznerProps, HetznerStack } from "./stack.ts";

/**
 * An instance's machines and networks on Hetzner Cloud. The ids of its constructs are part of the
 * contract: another id is another resource, so a rename must be recorded as a move.
 */
export class ClusterStack extends HetznerStack {
  constructor(scope: Construct, props: HetznerProps) {
    super(scope, props.blueprint.instance, props);
    const { blueprint } = props;
    const network = new PrivateNetwork(this, "private", blueprint);
    const firewalls = new RoleFirewalls(this, "firewall", blueprint);
    const spread = new Spread(this, "placement", blueprint);
    const { protection, locked } = this;
    for (const host of blueprint.hosts)
      new CloudHost(this, host.id, {
        blueprint,
        host,
        network,
        firewalls,
        spread,
        protection,
        locked,
      });
    new Dns(this, "dns", blueprint);
  }
}
