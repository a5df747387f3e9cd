import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import { blueprintName, byAddress, ofType, type Resource, referenceOf } from "../document.ts";
import { at, isSet, listOf, shown } from "../json.ts";
import { fail, failsOr, type Observation } from "../rule.ts";
import { openingsIn, tupleOf, tuplesOfFlows } from "../tuples.ts";

/**
 * Hetzner's firewalls against the flows. They see public traffic only, so only flows from and to the
 * outside can stand in them, and only of roles with public hosts; all else rests on the hosts' own
 * packet filters, about which this file decides nothing.
 */
export function publicTrafficOnly(
  blueprint: Blueprint,
  cluster: readonly Resource[],
  addresses: readonly Resource[],
): Observation[] {
  return [
    ...(cluster.length > 0 ? firewalls(blueprint, cluster) : []),
    ...ofType(cluster, "hcloud_server").flatMap((server) => wired(blueprint, cluster, server)),
    ...ofType(cluster, "hcloud_primary_ip").map(({ subject }) =>
      fail(subject, "a public address outside the addresses stack"),
    ),
    ...ofType(addresses, "hcloud_primary_ip").flatMap((address) => allocated(blueprint, address)),
  ];
}

function firewalls(blueprint: Blueprint, cluster: readonly Resource[]): Observation[] {
  const open = new Set(blueprint.hosts.filter((h) => h.exposure.addressed).map((h) => h.role));
  const wanted = [...tuplesOfFlows(blueprint.flows)].filter(
    (tuple) => !/ role \S+$/.test(tuple) && [...open].some((role) => tuple.startsWith(`${role} `)),
  );
  const found = new Set<string>();
  const fails = openingsIn(cluster).flatMap(({ resource, rule }): Observation[] => {
    const tuple = tupleOf(rule);
    const twice = found.has(tuple);
    found.add(tuple);
    if (!wanted.includes(tuple)) return [fail(resource.subject, `no flow asks for: ${tuple}`)];
    return twice ? [fail(resource.subject, `stands here twice: ${tuple}`)] : [];
  });
  const all = ofType(cluster, "hcloud_firewall");
  const unexpected = all
    .filter((one) => ![...open].some((role) => blueprintName(one) === `role-${role}`))
    .map((one) => fail(one.subject, "a firewall of no role whose hosts have public addresses"));
  const each = [...open].flatMap((role) => {
    const [firewall, ...others] = all.filter((one) => blueprintName(one) === `role-${role}`);
    if (!firewall) return [fail(`${blueprint.instance}/role ${role}`, "has no firewall")];
    if (others.length > 0)
      return others.map((one) => fail(one.subject, `a second firewall of role ${role}`));
    const own = wanted.filter((tuple) => tuple.startsWith(`${role} `));
    const missing = own
      .filter((tuple) => !found.has(tuple))
      .map((tuple) => fail(firewall.subject, `a flow asks for it, no rule gives it: ${tuple}`));
    if (!own.some((tuple) => tuple.includes(" egress ")))
      missing.push(fail(firewall.subject, "no rule for going out: then everything goes out"));
    if (isSet(firewall.body["apply_to"]))
      missing.push(fail(firewall.subject, "apply_to is set: each server names its firewall"));
    return failsOr(
      missing,
      firewall.subject,
      `every one of the ${own.length} permissions of role ${role} from and to the outside is there; inside the private network the hosts' own filters hold`,
    );
  });
  return [...fails, ...unexpected, ...each];
}

/** A public server carries its role's firewall and its own two addresses; another neither. */
function wired(
  blueprint: Blueprint,
  cluster: readonly Resource[],
  { subject, body, ...rest }: Resource,
): readonly Observation[] {
  const host = blueprint.hosts.find((h) => h.id === blueprintName({ subject, body, ...rest }));
  if (!host) return [fail(subject, "a server of no host of the Blueprint")];
  const index = byAddress(cluster);
  const carried = listOf(body["firewall_ids"]).map(
    (id) => blueprintName(index.get(referenceOf(id) ?? "")) ?? "a firewall of nobody",
  );
  const { publicAddress: address } = host;
  const isAddressed = host.exposure.addressed && address !== undefined;
  const fails = [
    ...(carried.join() === (isAddressed ? `role-${host.role}` : "")
      ? []
      : [
          `carries ${shown(carried)}, allowed: ${isAddressed ? `the firewall of role ${host.role} alone` : "none, for it has no public address"}`,
        ]),
    ...(body["ignore_remote_firewall_ids"] === true
      ? ["ignore_remote_firewall_ids: what was put on it by hand would not be seen"]
      : []),
    ...publicNet(host, listOf(body["public_net"])),
  ];
  return failsOr(
    fails.map((text) => fail(subject, text)),
    subject,
    isAddressed ? `the public addresses of ${host.id}: ${host.exposure.why}` : "no public address",
  );
}

function publicNet(host: Host, blocks: readonly unknown[]): string[] {
  const [block, ...others] = blocks;
  if (block === undefined || others.length > 0)
    return ["public_net: exactly one block is needed, without it the cloud gives addresses"];
  const { publicAddress: address } = host;
  const wanted = host.exposure.addressed ? [address?.id, address?.ipv6Id] : [];
  return (["ipv4", "ipv6"] as const).flatMap((family, i) => {
    const [enabled, id] = [at(block, `${family}_enabled`), at(block, family)];
    const own = wanted[i];
    if (own === undefined)
      return enabled === false && !isSet(id) ? [] : [`public_net: ${family} is not switched off`];
    return enabled === true && String(id) === own
      ? []
      : [`public_net: ${family}: got ${shown(id)}, allowed: ${own}`];
  });
}

/** What the addresses stack allocates, and that it ties nothing to anything. */
function allocated(blueprint: Blueprint, resource: Resource): readonly Observation[] {
  const { subject, body } = resource;
  const host = blueprint.hosts.find((h) => h.id === blueprintName(resource));
  if (!host?.exposure.addressed)
    return [fail(subject, "a public address for a host that is to have none")];
  const tied = ["assignee_id", "assignee_type"].filter((name) => isSet(body[name]));
  return failsOr(
    [
      ...tied.map((name) => `${name} is set: the cluster's stack ties addresses to hosts`),
      ...(body["auto_delete"] === false
        ? []
        : ["auto_delete is not false: it would go with its server"]),
    ].map((text) => fail(subject, text)),
    subject,
    `reserved for ${host.id}: ${host.exposure.why}`,
  );
}
