import type { BlueprintOn, DnsRecord, HetznerCloud, Host } from "../../planning/blueprint/index.ts";
import { addressesStack, blueprintName, clusterStack, type Resource } from "../document.ts";
import { type Describe, described, type ExpectedResource, own } from "../expected-resource.ts";
import { at, type JsonObject, listOf, textOf } from "../json.ts";

/** Hetzner's API writes names without the dot behind them. */
const plain = (name: string): string => (name.endsWith(".") ? name.slice(0, -1) : name);

/** Everything that a Blueprint needs from Hetzner Cloud but the firewalls' rules. */
export function expectedOnHetzner(blueprint: BlueprintOn<HetznerCloud>): ExpectedResource[] {
  const { cloud, hosts, zones, dns } = blueprint;
  const [stack, addresses] = [clusterStack(blueprint), addressesStack(blueprint)];
  const named = (id: string): string => `${blueprint.instance}-${id}`;
  const parts: ExpectedResource[] = [];
  const expect = (where: string, key: string, facts: JsonObject) =>
    parts.push({ stack: where, key, facts });

  const open = hosts.filter((host) => host.exposure.addressed);
  for (const { id } of open)
    for (const type of ["ipv4", "ipv6"])
      expect(addresses, `address ${id} ${type}`, {
        name: named(`${id}-${type}`),
        location: cloud.site,
        auto_delete: false,
      });
  if (blueprint.addresses.state !== "allocated") return parts;

  expect(stack, "network", { name: named("network"), spans: true });
  for (const zone of zones)
    expect(stack, `zone ${zone.ipv4}`, {
      network_id: "network",
      type: "cloud",
      network_zone: cloud.networkZone,
    });
  for (const role of new Set(open.map((host) => host.role)))
    expect(stack, `group ${role}`, { name: named(role) });
  const groups = new Map(hosts.map((host) => [groupOf(host), host]));
  for (const [name, { role }] of groups)
    expect(stack, `placement ${name}`, { name: named(name), type: "spread", part: `role-${role}` });
  for (const host of hosts) expectHost(host);
  if (dns.zone !== null) {
    expect(stack, `zone ${dns.zone}`, { mode: "primary" });
    for (const record of dns.records) {
      const { name, type, values } = record;
      expect(stack, `record ${name} ${type}`, {
        values: values.map((value) => written(record, value)),
        zone: `zone ${dns.zone}`,
      });
    }
  }
  return parts;

  function expectHost(host: Host): void {
    const { id, publicAddress: address } = host;
    const zone = zones.find((one) => one.name === host.zone);
    expect(stack, `server ${id}`, {
      name: named(id),
      server_type: host.flavour,
      image: cloud.image,
      location: cloud.site,
      network: [`${host.ipv4} in zone ${zone?.ipv4}`],
      public_net: [`${address?.id ?? "none"} ${address?.ipv6Id ?? "none"}`],
      firewall_ids: address ? [`group ${host.role}`] : [],
      placement_group_id: `placement ${groupOf(host)}`,
    });
    for (const volume of host.volumes) {
      expect(stack, `volume ${volume.id}`, {
        name: named(volume.id),
        size: volume.sizeGiB,
        location: cloud.site,
      });
      expect(stack, `attachment ${volume.id}`, { server_id: `server ${id}` });
    }
    if (dns.zone === null) return;
    for (const [type, addressId, ip] of [
      ["A", address?.id, address?.ipv4],
      ["AAAA", address?.ipv6Id, address?.ipv6],
    ] as const) {
      const record = dns.records.find((r) => r.type === type && ip && r.values.includes(ip));
      if (record && addressId)
        expect(stack, `reverse ${ip}`, {
          primary_ip_id: Number(addressId),
          dns_ptr: plain(record.name),
        });
    }
  }
}

/** A spread group takes ten servers; the first is called like its role. */
function groupOf({ id, role }: Host): string {
  const tens = Math.floor((Number(/\d+$/.exec(id)?.[0]) - 1) / 10);
  return tens === 0 ? role : `${role}-group-${tens + 1}`;
}

/** CAA's issuer stands in quotes there. */
const written = ({ type }: DnsRecord, value: string): string => {
  const [flags, tag, issuer] = value.split(" ");
  return type === "CAA" ? `${flags} ${tag} "${issuer}"` : value;
};

const roleOf = (resource: Resource): string | undefined =>
  blueprintName(resource)?.replace(/^role-/, "");

/** How what Hetzner Cloud holds is described. */
export const DESCRIBE_HETZNER: Readonly<Record<string, Describe>> = {
  hcloud_primary_ip: (resource, context) =>
    resource.stack === addressesStack(context.blueprint)
      ? {
          key: `address ${blueprintName(resource)} ${textOf(resource.body["type"])}`,
          facts: own(resource, "name", "location", "auto_delete"),
        }
      : undefined,
  hcloud_network: (resource) =>
    blueprintName(resource) === "network"
      ? {
          key: "network",
          facts: {
            ...own(resource, "name"),
            // Its subnets say which; the API refuses one that is not within.
            spans: textOf(resource.body["ip_range"]) !== undefined,
          },
        }
      : undefined,
  hcloud_network_subnet: (resource, context) => ({
    key: `zone ${textOf(resource.body["ip_range"])}`,
    facts: {
      ...own(resource, "type", "network_zone"),
      network_id: context.target(resource.body["network_id"]),
    },
  }),
  hcloud_firewall: (resource) => {
    const role = roleOf(resource);
    return role === undefined ? undefined : { key: `group ${role}`, facts: own(resource, "name") };
  },
  hcloud_placement_group: (resource, { blueprint }) => {
    const name = textOf(resource.body["name"]) ?? "";
    const prefix = `${blueprint.instance}-`;
    return name.startsWith(prefix)
      ? {
          key: `placement ${name.slice(prefix.length)}`,
          facts: { ...own(resource, "name", "type"), part: blueprintName(resource) },
        }
      : undefined;
  },
  hcloud_server: (resource, context) => {
    const { body } = resource;
    return described("server", resource, {
      ...own(resource, "name", "server_type", "image", "location"),
      network: listOf(body["network"]).map(
        (net) => `${at(net, "ip")} in ${context.target(at(net, "subnet_id"))}`,
      ),
      public_net: listOf(body["public_net"]).map((net) =>
        [4, 6]
          .map((v) => (at(net, `ipv${v}_enabled`) === true ? at(net, `ipv${v}`) : "none"))
          .join(" "),
      ),
      firewall_ids: listOf(body["firewall_ids"]).map((id) => context.target(id)),
      placement_group_id: context.target(body["placement_group_id"]),
    });
  },
  hcloud_volume: (resource) =>
    described("volume", resource, own(resource, "name", "size", "location")),
  hcloud_volume_attachment: (resource, context) => {
    const volume = context.target(resource.body["volume_id"]);
    return typeof volume === "string" && volume.startsWith("volume ")
      ? {
          key: `attachment ${volume.slice(7)}`,
          facts: { server_id: context.target(resource.body["server_id"]) },
        }
      : undefined;
  },
  hcloud_rdns: (resource) => ({
    key: `reverse ${textOf(resource.body["ip_address"])}`,
    facts: own(resource, "primary_ip_id", "dns_ptr"),
  }),
  hcloud_zone: (resource) => ({
    key: `zone ${textOf(resource.body["name"])}.`,
    facts: own(resource, "mode"),
  }),
  hcloud_zone_rrset: (resource, context) => {
    const zone = context.target(resource.body["zone"], "name");
    const name = textOf(resource.body["name"]);
    const suffix = typeof zone === "string" ? zone.replace(/^zone /, "") : "?";
    return {
      key: `record ${name === "@" ? suffix : `${name}.${suffix}`} ${textOf(resource.body["type"])}`,
      facts: {
        zone,
        values: listOf(resource.body["records"]).map((record) => at(record, "value")),
      },
    };
  },
};
