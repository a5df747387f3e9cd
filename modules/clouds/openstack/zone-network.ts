import { NetworkingNetworkV2 } from "@cdktf/provider-openstack/lib/networking-network-v2";
import { NetworkingRouterInterfaceV2 } from "@cdktf/provider-openstack/lib/networking-router-interface-v2";
import type { NetworkingRouterV2 } from "@cdktf/provider-openstack/lib/networking-router-v2";
import { NetworkingSubnetRouteV2 } from "@cdktf/provider-openstack/lib/networking-subnet-route-v2";
import { NetworkingSubnetV2 } from "@cdktf/provider-openstack/lib/networking-subnet-v2";
import { Construct } from "constructs";
import type { Blueprint, Zone } from "../../planning/blueprint/index.ts";
import { addressAt, cidr } from "../../planning/network/index.ts";
import { cloudName } from "../stack/index.ts";
import { tags } from "./names.ts";

export interface ZoneNetworkProps {
  readonly blueprint: Blueprint;
  readonly zone: Zone;
  readonly router: NetworkingRouterV2;
}

/** A zone's network: one IPv4 and one IPv6 subnet, both on the instance's router. */
export class ZoneNetwork extends Construct {
  readonly networkId: string;
  readonly ipv4SubnetId: string;
  readonly ipv6SubnetId: string;
  /** What a port must wait for before its host can reach anything. */
  readonly routes: readonly (NetworkingRouterInterfaceV2 | NetworkingSubnetRouteV2)[];

  constructor(scope: Construct, id: string, props: ZoneNetworkProps) {
    super(scope, id);
    const { blueprint, zone, router } = props;
    const { ipv6: range6, ipv6Pool: pool6 } = zone;
    if (!range6 || !pool6)
      throw new Error(`zone ${zone.name} has no IPv6: not planned for OpenStack`);
    const common = { tags: tags(blueprint, `zone-${zone.name}`) };
    const network = new NetworkingNetworkV2(this, "network", {
      ...common,
      name: cloudName(blueprint, zone.name),
      description: zone.why,
      portSecurityEnabled: true,
    });
    const ipv4 = new NetworkingSubnetV2(this, "ipv4", {
      ...common,
      name: cloudName(blueprint, `${zone.name}-ipv4`),
      networkId: network.id,
      ipVersion: 4,
      cidr: zone.ipv4,
      gatewayIp: addressAt(cidr(zone.ipv4), 1),
      allocationPool: [{ start: zone.ipv4Pool[0], end: zone.ipv4Pool[1] }],
      dnsNameservers: blueprint.cloud.resolvers.filter((r) => !r.includes(":")),
    });
    const ipv6 = new NetworkingSubnetV2(this, "ipv6", {
      ...common,
      name: cloudName(blueprint, `${zone.name}-ipv6`),
      networkId: network.id,
      ipVersion: 6,
      cidr: range6,
      gatewayIp: addressAt(cidr(range6), 1),
      // Stateful: addresses are the planned ones, not derived from a MAC address.
      ipv6AddressMode: "dhcpv6-stateful",
      ipv6RaMode: "dhcpv6-stateful",
      allocationPool: [{ start: pool6[0], end: pool6[1] }],
    });
    this.networkId = network.id;
    this.ipv4SubnetId = ipv4.id;
    this.ipv6SubnetId = ipv6.id;
    this.routes = [
      new NetworkingRouterInterfaceV2(this, "route-ipv4", {
        routerId: router.id,
        subnetId: ipv4.id,
      }),
      new NetworkingRouterInterfaceV2(this, "route-ipv6", {
        routerId: router.id,
        subnetId: ipv6.id,
      }),
      ...this.#toOtherZones(blueprint, zone, [
        ["ipv4", ipv4],
        ["ipv6", ipv6],
      ]),
    ];
  }

  /**
   * Where a host has its public address on a port of its own, its default route goes that way, and so would what it
   * answers another zone of its own instance: no admin reaches it, and no log leaves it.
   */
  #toOtherZones(
    blueprint: Blueprint,
    zone: Zone,
    subnets: readonly (readonly ["ipv4" | "ipv6", NetworkingSubnetV2])[],
  ): NetworkingSubnetRouteV2[] {
    if (blueprint.cloud.publicAddresses !== "direct") return [];
    const others = blueprint.zones.filter(({ name }) => name !== zone.name);
    return others.flatMap((other) =>
      subnets.flatMap(([family, subnet]) => {
        const destinationCidr = other[family];
        if (!destinationCidr) return [];
        return new NetworkingSubnetRouteV2(this, `to-${other.name}-${family}`, {
          subnetId: subnet.id,
          destinationCidr,
          nextHop: subnet.gatewayIp,
        });
      }),
    );
  }
}
