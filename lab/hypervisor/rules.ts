import type { GroupRule, Port, SecurityGroup } from "./inventory.ts";

// Security groups as nft text. Every packet, also of a flow that is long established, is held
// against the rules of the day; they look at the flow's first direction, which the kernel's
// connection tracking remembers (`ct original`). So a reply passes exactly while its request would,
// and a rule that is gone cuts its flows without a flush.

/** The link of a port, on the segment's side. Fits the kernel's 15 characters. */
export function linkOf(port: Pick<Port, "id">): string {
  return `p${port.id.slice(0, 11)}`;
}

/** Neutron's names of protocols that have another name, or none, in nft. */
const protocols: Readonly<Record<string, string>> = {
  icmpv6: "ipv6-icmp",
  egp: "8",
  igmp: "2",
  ospf: "89",
  pgm: "113",
  rsvp: "46",
  vrrp: "112",
  ipip: "4",
  "ipv6-encap": "41",
  "ipv6-frag": "44",
  "ipv6-nonxt": "59",
  "ipv6-opts": "60",
  "ipv6-route": "43",
};

/** Kinds of protocol by name and by number, as both are allowed in a rule. */
const icmp = new Set(["icmp", "1", "icmpv6", "ipv6-icmp", "58"]);

function protocolOf(rule: GroupRule): string | undefined {
  const { protocol } = rule;
  if (protocol === undefined || protocol === "any" || protocol === "0") return undefined;
  // Neutron takes `icmp` for IPv6, too, and means ICMPv6.
  if (rule.version === 6 && protocol === "icmp") return "ipv6-icmp";
  return protocols[protocol] ?? protocol;
}

/** Ports; for ICMP neutron keeps type and code in these fields, and conntrack both in one number. */
function portsOf(rule: GroupRule): string {
  const { min, max } = rule;
  if (min === undefined && max === undefined) return "";
  if (icmp.has(rule.protocol ?? "")) {
    const type = (min ?? 0) * 256;
    return ` ct original proto-dst ${max === undefined ? `${type}-${type + 255}` : type + max}`;
  }
  const [from, to] = [min ?? 1, max ?? 65535];
  return ` ct original proto-dst ${from === to ? from : `${from}-${to}`}`;
}

/** The set of addresses of a group's members. */
export function memberSet(group: string, version: 4 | 6): string {
  return `g${version}_${group.replaceAll("-", "")}`;
}

/** One rule of a group as one nft statement that lets the packet through. */
export function ruleText(rule: GroupRule): string {
  const protocol = protocolOf(rule);
  const family = rule.version === 4 ? "ip" : "ip6";
  const side = rule.direction === "ingress" ? "saddr" : "daddr";
  const remote = rule.remoteGroup
    ? `@${memberSet(rule.remoteGroup, rule.version)}`
    : rule.remotePrefix?.replace(/^(0\.0\.0\.0|::)\/0$/, "");
  return [
    `meta nfproto ipv${rule.version}`,
    protocol ? ` ct original protocol ${protocol}` : "",
    portsOf(rule),
    remote ? ` ct original ${family} ${side} ${remote}` : "",
    " return",
  ].join("");
}

const isVersion = (address: string, version: 4 | 6) => address.includes(":") === (version === 6);

/** All addresses from which a port may send: its own and the allowed pairs. */
export function sourcesOf(port: Port, version: 4 | 6): string[] {
  const all = [...port.addresses.map(({ address }) => address), ...port.allowedPairs];
  return [...new Set(all)].filter((address) => isVersion(address, version));
}

const discovery = "icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert }";

/** Only its own addresses, from its own MAC: what `port_security_enabled` means beside groups. */
function sourceChain(port: Port): string[] {
  const link = linkOf(port);
  if (!port.secured) return [`chain source_${link} {`, "}"];
  const own = ([4, 6] as const).flatMap((version) => {
    const sources = sourcesOf(port, version);
    if (sources.length === 0) return [];
    return [`${version === 4 ? "ip" : "ip6"} saddr { ${sources.join(", ")} } return`];
  });
  return [
    `chain source_${link} {`,
    `ether saddr != ${port.mac} counter name spoofed drop`,
    ...own,
    `ip6 saddr { ::, fe80::/10 } ${discovery} return`,
    "ip6 saddr { ::, fe80::/10 } icmpv6 type { mld-listener-report, mld2-listener-report } return",
    "counter name spoofed drop",
    "}",
  ];
}

function groupChain(
  port: Port,
  direction: GroupRule["direction"],
  groups: ReadonlyMap<string, SecurityGroup>,
): string[] {
  const rules = port.groups.flatMap((id) => groups.get(id)?.rules ?? []);
  const texts = rules.filter((rule) => rule.direction === direction).map(ruleText);
  return [
    `chain ${direction}_${linkOf(port)} {`,
    ...(port.secured ? [...new Set(texts)].sort() : ["return"]),
    "counter name refused drop",
    "}",
  ];
}

/** The sets of members that rules of these ports name. */
function memberSets(
  ports: readonly Port[],
  allPorts: readonly Port[],
  groups: ReadonlyMap<string, SecurityGroup>,
): string[] {
  const own = ports.flatMap((port) => port.groups.flatMap((id) => groups.get(id)?.rules ?? []));
  const named = new Set(own.flatMap(({ remoteGroup }) => remoteGroup ?? []));
  return [...named].sort().flatMap((group) =>
    ([4, 6] as const).map((version) => {
      const members = allPorts
        .filter((port) => port.groups.includes(group))
        .flatMap((port) => sourcesOf(port, version));
      const elements = [...new Set(members)].sort().join(", ");
      const filled = elements && `elements = { ${elements} };`;
      const type = `type ipv${version}_addr; flags interval; auto-merge;`;
      return `set ${memberSet(group, version)} { ${type} ${filled} }`;
    }),
  );
}

/**
 * The table that stands between the ports of a segment and all else, and between any two of them.
 *
 * @param ports those that hang on this segment
 * @param allPorts of all projects: the members of groups
 */
export function securityTable(
  ports: readonly Port[],
  allPorts: readonly Port[],
  allGroups: readonly SecurityGroup[],
): string {
  const groups = new Map(allGroups.map((group) => [group.id, group]));
  const vmap = (chain: string) =>
    `{ ${ports.map((port) => `${linkOf(port)} : jump ${chain}_${linkOf(port)}`).join(", ")} }`;
  const some = (...lines: string[]) => (ports.length > 0 ? lines : []);
  return [
    "table inet security",
    "delete table inet security",
    "table inet security {",
    "counter spoofed { }",
    "counter refused { }",
    ...memberSets(ports, allPorts, groups),
    ...ports.flatMap((port) => [
      ...sourceChain(port),
      ...groupChain(port, "egress", groups),
      ...groupChain(port, "ingress", groups),
    ]),
    "chain prerouting {",
    "type filter hook prerouting priority raw; policy accept;",
    ...some(`iifname vmap ${vmap("source")}`),
    "}",
    "chain forward {",
    "type filter hook forward priority filter; policy drop;",
    "ct state invalid drop",
    ...some(
      `ct direction original iifname vmap ${vmap("egress")}`,
      `ct direction original oifname vmap ${vmap("ingress")}`,
      `ct direction reply oifname vmap ${vmap("egress")}`,
      `ct direction reply iifname vmap ${vmap("ingress")}`,
    ),
    "accept",
    "}",
    "chain input {",
    "type filter hook input priority filter; policy drop;",
    "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",
    ...some(`ct direction original iifname vmap ${vmap("egress")}`),
    // The gateway answers a ping of a guest that may send one, and nothing else.
    "icmp type echo-request accept",
    "icmpv6 type echo-request accept",
    "}",
    "}",
    "",
  ].join("\n");
}
