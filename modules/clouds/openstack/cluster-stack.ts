import { ComputeServergroupV2 } from "@cdktf/provider-openstack/lib/compute-servergroup-v2";
import { DataOpenstackNetworkingNetworkV2 } from "@cdktf/provider-openstack/lib/data-openstack-networking-network-v2";
import { DnsRecordsetV2 } from "@cdktf/provider-openstack/lib/dns-recordset-v2";
import { DnsZoneV2 } from "@cdktf/provider-openstack/lib/dns-zone-v2";
import { NetworkingRouterV2 } from "@cdktf/provider-openstack/lib/networking-router-v2";
import { Construct } from "constructs";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import { cloudName } from "../stack/index.ts";
import { CloudHost } from "./cloud-host.ts";
import { tags } from "./names.ts";
import { RoleSecurity } from "./role-security.ts";
import { type OpenStackProps, OpenStackStack } from "./stack.ts";
import { ZoneNetwork } from "./zone-network.ts";

/** Seconds that resolvers keep a record: short enough to move a meeting page in an hour. */
const TTL = 3600;

/** The zone of an instance and its records. */
class Dns extends Construct {
  constructor(scope: Construct, id: string, dns: Extract<Blueprint["dns"], { contact: string }>) {
    super(scope, id);
    const zone = new DnsZoneV2(this, "zone", { name: dns.zone, email: dns.contact, ttl: TTL });
    for (const record of dns.records) {
      const label = record.name === dns.zone ? "apex" : record.name.slice(0, -dns.zone.length - 1);
      new DnsRecordsetV2(this, `${label}-${record.type.toLowerCase()}`, {
        zoneId: zone.id,
        name: record.name,
        type: record.type,
        records: [...record.values],
        description: record.why,
        ttl: TTL,
      });
    }
  }
}

/**
 * An instance's machines and networks. The ids of its constructs are part of the contract: another
 * id is another resource, so a rename must be recorded as a move.
 */
export class ClusterStack extends OpenStackStack {
  constructor(scope: Construct, props: OpenStackProps) {
    super(scope, props.blueprint.instance, props);
    const { blueprint } = props;
    const external = new DataOpenstackNetworkingNetworkV2(this, "external", {
      name: blueprint.cloud.externalNetwork,
      external: true,
    });
    const router = new NetworkingRouterV2(this, "router", {
      name: cloudName(blueprint, "router"),
      externalNetworkId: external.id,
      tags: tags(blueprint, "router"),
    });
    const networks = new Map(
      blueprint.zones.map((zone) => [
        zone.name,
        new ZoneNetwork(this, `zone-${zone.name}`, { blueprint, zone, router }),
      ]),
    );
    const security = new RoleSecurity(this, "security", blueprint);
    const groups = new Map(
      blueprint.placement.map((placement) => [
        placement.role,
        new ComputeServergroupV2(this, `placement-${placement.role}`, {
          name: cloudName(blueprint, placement.role),
          policies: [placement.policy],
        }),
      ]),
    );
    for (const host of blueprint.hosts) {
      const [network, group] = [networks.get(host.zone), groups.get(host.role)];
      if (!network || !group)
        throw new Error(`the blueprint has no zone or placement for ${host.id}`);
      new CloudHost(this, host.id, {
        blueprint,
        host,
        network,
        security,
        group,
        protection: this.protection,
      });
    }
    if (blueprint.dns.zone) new Dns(this, "dns", blueprint.dns);
  }
}
