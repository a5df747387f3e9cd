import type { PlanJson } from "../../policy/index.ts";

/** JSON of Terraform's: foreign, so nothing is assumed of its shape. */
type Json = Readonly<Record<string, unknown>>;
const object = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** What a packet filter of the cloud lets through. */
export interface Opening {
  /** Of the hosts behind the filter; `unknown` where the plan doesn't say. */
  readonly role: string;
  readonly direction: "in" | "out";
  /** `tcp`, `udp`, `icmp`, or `any`. */
  readonly protocol: string;
  /** `443`, `10000-20000`; empty: all. */
  readonly ports: string;
  /** A range, or `role <name>`. */
  readonly remote: string;
}

interface Change {
  readonly address: string;
  readonly type: string;
  readonly before: Json;
  readonly after: Json;
}

const changesIn = (plan: PlanJson): Change[] =>
  list(plan["resource_changes"])
    .map(object)
    .filter((one) => one["mode"] !== "data")
    .map((one) => ({
      address: String(one["address"]),
      type: String(one["type"]),
      before: object(object(one["change"])["before"]),
      after: object(object(one["change"])["after"]),
    }));

const portsOf = (from: unknown, to: unknown): string => {
  if (typeof from !== "number") return "";
  return to === from || typeof to !== "number" ? String(from) : `${from}-${to}`;
};

/** The role in a label or tag `role-bridge`. */
function roleIn(body: Json): string | undefined {
  const tag = list(body["tags"]).map(String);
  const part =
    object(body["labels"])["polder_part"] ??
    tag.find((one) => one.startsWith("polder-part="))?.slice("polder-part=".length);
  return typeof part === "string" ? part.replace(/^role-/, "") : undefined;
}

/** Rules of a firewall of Hetzner's. */
function ofFirewall(body: Json): Opening[] {
  const role = roleIn(body) ?? "unknown";
  return list(body["rule"])
    .map(object)
    .flatMap((rule) => {
      const direction = rule["direction"] === "out" ? "out" : "in";
      const ranges = list(rule[direction === "in" ? "source_ips" : "destination_ips"]);
      const [protocol, ports] = [String(rule["protocol"] ?? "any"), String(rule["port"] ?? "")];
      return ranges.map((remote) => ({ role, direction, protocol, ports, remote: String(remote) }));
    });
}

/** The roles of OpenStack's security groups, by their ids and by their addresses in the document. */
function groupsOf(changes: readonly Change[]): ReadonlyMap<string, string> {
  const groups = new Map<string, string>();
  for (const { address, type, before, after } of changes) {
    if (type !== "openstack_networking_secgroup_v2") continue;
    const role = roleIn(after) ?? roleIn(before);
    if (role === undefined) continue;
    for (const key of [address, before["id"], after["id"]])
      if (typeof key === "string") groups.set(key, role);
  }
  return groups;
}

/** What a resource refers to in an argument, in the document that was planned. */
function referencesOf(plan: PlanJson): (address: string, argument: string) => string {
  const root = object(object(plan["configuration"])["root_module"]);
  const found = new Map(
    list(root["resources"])
      .map(object)
      .map((one) => [String(one["address"]), object(one["expressions"])]),
  );
  return (address, argument) =>
    String(list(object(found.get(address)?.[argument])["references"]).at(-1) ?? "");
}

/** What the packet filters let through before a plan, and after it. */
export function openingsOf(plan: PlanJson): {
  readonly before: readonly Opening[];
  readonly after: readonly Opening[];
} {
  const changes = changesIn(plan);
  const groups = groupsOf(changes);
  const reference = referencesOf(plan);
  const rule = ({ address }: Change, body: Json): Opening[] => {
    if (Object.keys(body).length === 0) return [];
    const role = (argument: string) =>
      groups.get(String(body[argument])) ?? groups.get(reference(address, argument));
    const v6 = body["ethertype"] === "IPv6";
    const grouped = role("remote_group_id");
    return [
      {
        role: role("security_group_id") ?? "unknown",
        direction: body["direction"] === "egress" ? "out" : "in",
        protocol: String(body["protocol"] || "any"),
        ports: portsOf(body["port_range_min"], body["port_range_max"]),
        remote: grouped
          ? `role ${grouped}`
          : String(body["remote_ip_prefix"] || (v6 ? "::/0" : "0.0.0.0/0")),
      },
    ];
  };
  const read = (when: "before" | "after") =>
    changes.flatMap((change) => {
      if (change.type === "hcloud_firewall") return ofFirewall(change[when]);
      return change.type === "openstack_networking_secgroup_rule_v2"
        ? rule(change, change[when])
        : [];
    });
  return { before: read("before"), after: read("after") };
}

/** A name in the DNS, and where it leads before a plan and after it. */
export interface NameChange {
  readonly name: string;
  readonly type: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/**
 * Names that a plan changes.
 *
 * @param domain of the instance: a zone's own name may be known only to the cloud yet
 */
export function namesOf(plan: PlanJson, domain: string): NameChange[] {
  const values = (body: Json) =>
    list(body["records"])
      .map((one) => String(typeof one === "string" ? one : object(one)["value"]))
      .sort();
  return changesIn(plan)
    .filter(({ type }) => /^(hcloud_zone_rrset|openstack_dns_recordset_v2)$/.test(type))
    .map(({ before, after }) => {
      const body = Object.keys(after).length > 0 ? after : before;
      const name = String(body["name"]);
      const zone = String(body["zone"] ?? domain);
      // Designate's are whole, with a dot at their end.
      const whole = name.endsWith(".")
        ? name.slice(0, -1)
        : name === "@"
          ? zone
          : `${name}.${zone}`;
      return {
        name: whole,
        type: String(body["type"]),
        before: values(before),
        after: values(after),
      };
    })
    .filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after));
}
