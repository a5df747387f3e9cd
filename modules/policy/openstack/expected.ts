import type { BlueprintOn, Host, OpenStackCloud } from "../../planning/blueprint/index.ts";
import { addressAt, cidr } from "../../planning/network/index.ts";
import { addressesStack, blueprintName, clusterStack, type Resource } from "../document.ts";
import { type Describe, described, type ExpectedResource, own } from "../expected-resource.ts";
import { at, isObject, isSet, type JsonObject, listOf, textOf } from "../json.ts";

/**
 * Everything that a Blueprint needs from OpenStack but the security group rules, which have a rule
 * of their own. Written from the Blueprint alone: it shares no line with what builds the stacks.
 */
export function expectedOnOpenStack(blueprint: BlueprintOn<OpenStackCloud>): ExpectedResource[] {
  const { cloud, hosts, zones, placement, dns, sizing } = blueprint;
  const [stack, addresses] = [clusterStack(blueprint), addressesStack(blueprint)];
  const named = (id: string): string => `${blueprint.instance}-${id}`;
  const direct = cloud.publicAddresses === "direct";
  const parts: ExpectedResource[] = [];
  const expect = (where: string, key: string, facts: JsonObject) =>
    parts.push({ stack: where, key, facts });

  const open = hosts.filter((host) => host.exposure.public);
  if (direct && open.length > 0) expect(addresses, `network ${cloud.publicNetwork}`, {});
  for (const { id } of open) {
    if (direct) {
      expect(addresses, `address ${id}`, {
        name: named(`${id}-public`),
        network_id: `network ${cloud.publicNetwork}`,
      });
    } else expect(addresses, `address ${id}`, { pool: cloud.publicNetwork });
  }
  if (blueprint.addresses.state !== "allocated") return parts;

  expect(stack, `network ${cloud.externalNetwork}`, {});
  expect(stack, "router", {
    name: named("router"),
    external_network_id: `network ${cloud.externalNetwork}`,
  });
  for (const zone of zones) {
    expect(stack, `zone ${zone.name}`, { name: named(zone.name) });
    for (const [version, range, pool] of [
      [4, zone.ipv4, zone.ipv4Pool],
      [6, zone.ipv6, zone.ipv6Pool],
    ] as const) {
      if (!range || !pool) continue;
      expect(stack, `subnet ${zone.name} IPv${version}`, {
        network_id: `zone ${zone.name}`,
        cidr: range,
        gateway_ip: addressAt(cidr(range), 1),
        allocation_pool: [`${pool[0]}-${pool[1]}`],
        ip_version: version,
      });
      expect(stack, `route ${zone.name} IPv${version}`, { router_id: "router" });
    }
  }
  for (const { role } of sizing.roles) expect(stack, `group ${role}`, { name: named(role) });
  for (const { role, policy } of placement) {
    expect(stack, `placement ${role}`, { policies: [policy] });
  }
  for (const host of hosts) expectHost(host);
  if (dns.zone !== null) {
    expect(stack, `zone ${dns.zone}`, { email: dns.contact });
    for (const { name, type, values } of dns.records) {
      expect(stack, `record ${name} ${type}`, { records: values, zone_id: `zone ${dns.zone}` });
    }
  }
  return parts;

  function expectHost(host: Host): void {
    const { id, zone, publicAddress: address } = host;
    expect(stack, `port ${id}`, {
      name: named(id),
      network_id: `zone ${zone}`,
      fixed_ip: [`${host.ipv4} subnet ${zone} IPv4`, `${host.ipv6} subnet ${zone} IPv6`],
    });
    expect(stack, `server ${id}`, {
      name: named(id),
      flavor_name: host.flavour,
      image_name: cloud.image,
      network: [...(direct && address ? [address.id] : []), `port ${id}`],
      scheduler_hints: [`placement ${host.role}`],
    });
    if (address && direct) expect(stack, `public address of ${id}`, { enforce: true });
    else if (address) {
      expect(stack, `public address of ${id}`, {
        floating_ip: address.ipv4,
        fixed_ip: host.ipv4,
      });
    }
    for (const volume of host.volumes) {
      expect(stack, `volume ${volume.id}`, { name: named(volume.id), size: volume.sizeGiB });
      expect(stack, `attachment ${volume.id}`, { instance_id: `server ${id}` });
    }
  }
}

const zonePart = (resource: Resource): string | undefined =>
  blueprintName(resource)?.replace(/^zone-/, "");

/** How what OpenStack holds is described. */
export const DESCRIBE_OPENSTACK: Readonly<Record<string, Describe>> = {
  openstack_networking_network_v2: (resource) => {
    if (resource.kind === "data")
      return { key: `network ${textOf(resource.body["name"])}`, facts: {} };
    const zone = zonePart(resource);
    return zone === undefined ? undefined : { key: `zone ${zone}`, facts: own(resource, "name") };
  },
  openstack_networking_subnet_v2: (resource, context) => {
    const zone = zonePart(resource);
    if (zone === undefined || resource.kind === "data") return undefined;
    const pools = listOf(resource.body["allocation_pool"]);
    return {
      key: `subnet ${zone} IPv${String(resource.body["ip_version"])}`,
      facts: {
        ...own(resource, "cidr", "gateway_ip", "ip_version"),
        network_id: context.target(resource.body["network_id"]),
        allocation_pool: pools.map((pool) => `${at(pool, "start")}-${at(pool, "end")}`),
      },
    };
  },
  openstack_networking_router_v2: (resource, context) =>
    blueprintName(resource) === "router"
      ? {
          key: "router",
          facts: {
            ...own(resource, "name"),
            external_network_id: context.target(resource.body["external_network_id"]),
          },
        }
      : undefined,
  openstack_networking_router_interface_v2: (resource, context) => {
    const subnet = context.target(resource.body["subnet_id"]);
    if (typeof subnet !== "string" || !subnet.startsWith("subnet ")) return undefined;
    const facts = { router_id: context.target(resource.body["router_id"]) };
    return { key: subnet.replace(/^subnet/, "route"), facts };
  },
  openstack_networking_secgroup_v2: (resource) => {
    const role = blueprintName(resource)?.replace(/^role-/, "");
    return role === undefined ? undefined : { key: `group ${role}`, facts: own(resource, "name") };
  },
  openstack_networking_secgroup_rule_v2: (resource, context) => {
    const group = context.target(resource.body["security_group_id"]);
    // Which rules a group must hold is `exposure-equals-flows`; here it only has to have a group.
    return typeof group === "string" && group.startsWith("group ")
      ? { key: `rule ${resource.address}`, facts: {} }
      : undefined;
  },
  openstack_compute_servergroup_v2: (resource, context) => {
    const name = textOf(resource.body["name"]) ?? "";
    const prefix = `${context.blueprint.instance}-`;
    return name.startsWith(prefix)
      ? { key: `placement ${name.slice(prefix.length)}`, facts: own(resource, "policies") }
      : undefined;
  },
  openstack_networking_port_v2: (resource, context) => {
    const fixed = listOf(resource.body["fixed_ip"]);
    const addresses = resource.stack === addressesStack(context.blueprint);
    return described(addresses ? "address" : "port", resource, {
      ...own(resource, "name"),
      network_id: context.target(resource.body["network_id"]),
      fixed_ip: fixed.map((ip) => `${at(ip, "ip_address")} ${context.target(at(ip, "subnet_id"))}`),
    });
  },
  openstack_networking_floatingip_v2: (resource) =>
    described("address", resource, own(resource, "pool")),
  openstack_networking_floatingip_associate_v2: (resource, context) => {
    const port = context.target(resource.body["port_id"]);
    return typeof port === "string" && port.startsWith("port ")
      ? {
          key: `public address of ${port.slice(5)}`,
          facts: own(resource, "floating_ip", "fixed_ip"),
        }
      : undefined;
  },
  openstack_networking_port_secgroup_associate_v2: (resource, { blueprint }) => {
    const id = resource.body["port_id"];
    const host = blueprint.hosts.find((h) => isSet(id) && h.publicAddress?.id === id);
    return host && { key: `public address of ${host.id}`, facts: own(resource, "enforce") };
  },
  openstack_compute_instance_v2: (resource, context) =>
    described("server", resource, {
      ...own(resource, "name", "flavor_name", "image_name"),
      network: listOf(resource.body["network"]).map((net) =>
        isObject(net) && isSet(net["port"])
          ? context.target(net["port"])
          : "a network without a port",
      ),
      scheduler_hints: listOf(resource.body["scheduler_hints"]).map((hint) =>
        context.target(at(hint, "group")),
      ),
    }),
  openstack_blockstorage_volume_v3: (resource) =>
    described("volume", resource, own(resource, "name", "size")),
  openstack_compute_volume_attach_v2: (resource, context) => {
    const volume = context.target(resource.body["volume_id"]);
    return typeof volume === "string" && volume.startsWith("volume ")
      ? {
          key: `attachment ${volume.slice(7)}`,
          facts: { instance_id: context.target(resource.body["instance_id"]) },
        }
      : undefined;
  },
  openstack_dns_zone_v2: (resource) => ({
    key: `zone ${textOf(resource.body["name"])}`,
    facts: own(resource, "email"),
  }),
  openstack_dns_recordset_v2: (resource, context) => ({
    key: `record ${textOf(resource.body["name"])} ${textOf(resource.body["type"])}`,
    facts: {
      ...own(resource, "records"),
      zone_id: context.target(resource.body["zone_id"]),
    },
  }),
};
