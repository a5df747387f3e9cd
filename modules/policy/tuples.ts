import type { Flow, Peer } from "../planning/blueprint/index.ts";
import { parseCidr } from "../planning/network/index.ts";
import { blueprintName, type Resource, referenceOf } from "./document.ts";
import { at, isSet, listOf, textOf } from "./json.ts";

/**
 * A permission as one line of text: `control ingress IPv4 tcp 443-443 0.0.0.0/0`. Reached twice, from
 * the flows and from the Terraform JSON, by code that shares nothing with what writes that JSON.
 */
export type Tuple = string;

const FAMILIES = ["IPv4", "IPv6"] as const;
type Family = (typeof FAMILIES)[number];

const ANYWHERE: Readonly<Record<Family, string>> = { IPv4: "0.0.0.0/0", IPv6: "::/0" };
const familyOf = (range: string): Family => (range.includes(":") ? "IPv6" : "IPv4");

function peersOf(peer: Peer, family: Family): readonly string[] {
  if (peer.kind === "role") return [`role ${peer.role}`];
  if (peer.kind === "internet") return [ANYWHERE[family]];
  return peer.ranges.filter((range) => familyOf(range) === family).map(rangeText);
}

/** The usual text of a range; one that is none stays as it is, and so equals nothing. */
const rangeText = (range: string): string =>
  parseCidr(range.includes("/") ? range : `${range}/${range.includes(":") ? 128 : 32}`)?.text ??
  range;

/** What the flows permit: one tuple for each end that is a role, family and peer. */
export function tuplesOfFlows(flows: readonly Flow[]): ReadonlySet<Tuple> {
  const tuples = new Set<Tuple>();
  for (const { from, to, protocol, ports } of flows) {
    for (const family of FAMILIES) {
      const what = `${family} ${protocol} ${ports[0]}-${ports[1]}`;
      if (to.kind === "role") {
        for (const peer of peersOf(from, family)) tuples.add(`${to.role} ingress ${what} ${peer}`);
      }
      if (from.kind === "role") {
        for (const peer of peersOf(to, family)) tuples.add(`${from.role} egress ${what} ${peer}`);
      }
    }
  }
  return tuples;
}

/** The roles whose group a security group is, by its address. */
export function rolesOfGroups(resources: readonly Resource[]): ReadonlyMap<string, string> {
  const groups = resources.filter((r) => r.type === "openstack_networking_secgroup_v2");
  return new Map(
    groups.map((group) => [
      group.address,
      blueprintName(group)?.replace(/^role-/, "") ?? "unknown",
    ]),
  );
}

/** A security group rule as the cloud reads it: what is left out means "all". */
export interface ReadRule {
  /** Undefined when the rule's group is none of ours. */
  readonly role: string | undefined;
  readonly direction: string;
  readonly family: string;
  /** `any` when absent. */
  readonly protocol: string;
  readonly ports: readonly [number, number];
  /** A range, `role <role>`, or `unreadable <what>`. */
  readonly remote: string;
}

const PROTOCOLS: Readonly<Record<string, string>> = {
  "6": "tcp",
  "17": "udp",
  "0": "any",
  "": "any",
};

export function readRule(resource: Resource, roles: ReadonlyMap<string, string>): ReadRule {
  const { body } = resource;
  const group = referenceOf(body["security_group_id"]);
  const ethertype = textOf(body["ethertype"]) ?? "IPv4";
  const written = isSet(body["protocol"]) ? String(body["protocol"]).toLowerCase() : "";
  const [min, max] = [body["port_range_min"], body["port_range_max"]];
  return {
    role: group === undefined ? undefined : roles.get(group),
    direction: textOf(body["direction"]) ?? "unreadable",
    family: ethertype,
    protocol: PROTOCOLS[written] ?? written,
    // One end alone is no port number that neutron knows: it is read as the widest.
    ports: [typeof min === "number" ? min : 0, typeof max === "number" ? max : 65535],
    remote: remoteOf(resource, roles, ethertype),
  };
}

/** Of a rule that stands, the provider reads what isn't set as an empty text (3.4.0, seen 2026-11-28). */
const isGiven = (value: unknown): boolean => isSet(value) && value !== "";

function remoteOf(
  resource: Resource,
  roles: ReadonlyMap<string, string>,
  ethertype: string,
): string {
  const { body } = resource;
  const [range, group] = [body["remote_ip_prefix"], body["remote_group_id"]];
  if (isGiven(body["remote_address_group_id"])) return "unreadable address group";
  if (isGiven(group)) {
    const role = roles.get(referenceOf(group) ?? "");
    return role === undefined || isGiven(range) ? "unreadable group" : `role ${role}`;
  }
  if (!isSet(range)) return ethertype === "IPv6" ? ANYWHERE.IPv6 : ANYWHERE.IPv4;
  const text = textOf(range) ?? "";
  return text === "" || text.includes("${") ? "unreadable range" : rangeText(text);
}

/** A rule where it stands, with what it is a rule of. */
export interface Opening {
  readonly resource: Resource;
  readonly rule: ReadRule;
  /** The security group or firewall: openings of one are to be seen together. */
  readonly group: string;
}

/** What the packet filters of one stack let through, whichever cloud's they are. */
export function openingsIn(resources: readonly Resource[]): Opening[] {
  const roles = rolesOfGroups(resources);
  return resources.flatMap((resource): Opening[] => {
    if (resource.kind !== "resource") return [];
    if (resource.type === "openstack_networking_secgroup_rule_v2")
      return [
        {
          resource,
          rule: readRule(resource, roles),
          group: String(resource.body["security_group_id"]),
        },
      ];
    if (resource.type !== "hcloud_firewall") return [];
    return firewallRules(resource).map((rule) => ({ resource, rule, group: resource.address }));
  });
}

/** Rules of a firewall of Hetzner's: a rule there is for many ranges, here for one each. */
function firewallRules(firewall: Resource): ReadRule[] {
  const role = blueprintName(firewall)?.replace(/^role-/, "");
  return listOf(firewall.body["rule"]).flatMap((rule): ReadRule[] => {
    const direction = { in: "ingress", out: "egress" }[String(at(rule, "direction"))];
    const written = textOf(at(rule, "port")) ?? "";
    const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(written) ?? [];
    const ranges = listOf(at(rule, direction === "egress" ? "destination_ips" : "source_ips"));
    return (ranges.length > 0 ? ranges : [undefined]).map((range): ReadRule => {
      const text = textOf(range) ?? "";
      const readable = text !== "" && !text.includes("${");
      return {
        role,
        direction: direction ?? "unreadable",
        family: readable ? familyOf(text) : "unreadable",
        protocol: textOf(at(rule, "protocol")) ?? "any",
        ports: [Number(from ?? 0), Number(to ?? from ?? 65535)],
        remote: readable ? rangeText(text) : "unreadable range",
      };
    });
  });
}

export const tupleOf = (rule: ReadRule): Tuple =>
  `${rule.role ?? "unknown"} ${rule.direction} ${rule.family} ${rule.protocol} ` +
  `${rule.ports[0]}-${rule.ports[1]} ${rule.remote}`;
