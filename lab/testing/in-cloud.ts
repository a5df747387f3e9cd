import { testbed } from "../../cli/testbed.ts";
import type { Item, Listing } from "../../modules/clouds/openstack-api/index.ts";
import { connect } from "../../modules/clouds/openstack-api/index.ts";
import { type Blueprint, securityRules } from "../../modules/planning/blueprint/index.ts";

export const text = (item: Item | undefined, key: string): string => String(item?.[key] ?? "");
export const list = (item: Item | undefined, key: string): Item[] =>
  (item?.[key] as Item[] | undefined) ?? [];

export const listing = async (blueprint: Blueprint): Promise<Listing> =>
  (await connect(blueprint, testbed)).listAll();

/** Hosts with their addresses, as the cloud's API tells them. */
export function hostsInCloud(cloud: Listing) {
  return cloud.servers
    .map((server) => {
      const ports = cloud.ports.filter((port) => port["device_id"] === server["id"]);
      const own = ports.flatMap((port) =>
        list(port, "fixed_ips").map((ip) => text(ip, "ip_address")),
      );
      const floating = cloud.floatingIps
        .filter((ip) => ports.some((port) => port["id"] === ip["port_id"]))
        .map((ip) => text(ip, "floating_ip_address"));
      return {
        name: text(server, "name"),
        status: text(server, "status"),
        addresses: [...own, ...floating].sort(),
      };
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** The same, as the Blueprint decided. */
export function hostsInBlueprint(blueprint: Blueprint) {
  return blueprint.hosts
    .map((host) => ({
      name: `${blueprint.instance}-${host.id}`,
      status: "ACTIVE",
      addresses: [host.ipv4, host.ipv6, host.publicAddress?.ipv4, host.publicAddress?.ipv6]
        .filter((address) => address !== undefined)
        .sort(),
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** Security rules as the API tells them, one line each. */
export function rulesInCloud(blueprint: Blueprint, cloud: Listing): string[] {
  const name = (id: unknown) =>
    text(
      cloud.securityGroups.find((group) => group["id"] === id),
      "name",
    );
  return cloud.securityGroups
    .filter((group) => text(group, "name").startsWith(`${blueprint.instance}-`))
    .flatMap((group) =>
      list(group, "security_group_rules").map((rule) =>
        [
          text(group, "name"),
          rule["direction"],
          rule["ethertype"],
          rule["protocol"],
          rule["port_range_min"],
          rule["port_range_max"],
          rule["remote_group_id"] ? name(rule["remote_group_id"]) : rule["remote_ip_prefix"],
        ].join(" "),
      ),
    )
    .sort();
}

export function rulesInBlueprint(blueprint: Blueprint): string[] {
  return securityRules(blueprint.flows)
    .map((rule) =>
      [
        `${blueprint.instance}-${rule.role}`,
        rule.direction,
        `IPv${rule.family}`,
        rule.protocol,
        ...rule.ports,
        "role" in rule.remote ? `${blueprint.instance}-${rule.remote.role}` : rule.remote.range,
      ].join(" "),
    )
    .sort();
}

/** What is left of an instance, by kind: without what a project always has, and what others share with it. */
export async function leftInCloud(blueprint: Blueprint): Promise<[kind: string, items: Item[]][]> {
  return Object.entries(await listing(blueprint)).map(([kind, items]) => [
    kind,
    items.filter(
      (item: Item) =>
        !(kind === "securityGroups" && item["name"] === "default") &&
        !item["shared"] &&
        !item["router:external"] &&
        item["action"] !== "DELETE",
    ),
  ]);
}
