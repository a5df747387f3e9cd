import type { Inventory, Port, Subnet } from "./inventory.ts";
import { linkOf, securityTable, sourcesOf } from "./rules.ts";

// A routed fabric: no bridges. Each port is a route of its own in the namespace of its segment,
// which answers for all neighbours (proxy ARP and proxy NDP), so a guest keeps its /24 and /64 while
// every packet passes the segment's filter, also between two ports of one network.

/** Ports that hang together: those on a router's networks, or on one network without a router. */
export interface Segment {
  /** A namespace's name. */
  readonly name: string;
  readonly router: string | undefined;
  readonly networks: ReadonlySet<string>;
  readonly atEdge: boolean;
}

/** One thing that `ip` can make with `replace` and take away with `del`. */
export interface Fact {
  readonly kind: "address" | "route" | "neigh";
  readonly text: string;
}

/** All that a namespace shall hold. */
export interface Desired {
  readonly facts: readonly Fact[];
  readonly nft: string;
}

export interface Fabric {
  readonly segments: ReadonlyMap<string, Segment & Desired>;
  readonly edge: Desired;
  /** Public IPv4 addresses that lead to a host. */
  readonly public: readonly string[];
}

/** The edge's end of the link to a segment. */
export function edgeLinkOf(segment: string): string {
  return `s${segment.slice(2, 13)}`;
}

/** Next hops between a segment and the edge, the same on each such link: each link is its own. */
const hop = {
  edge4: "169.254.0.1",
  segment4: "169.254.0.2",
  edge6: "fe80::1",
  segment6: "fe80::2",
};

const address = (text: string): Fact => ({ kind: "address", text });
const route = (text: string): Fact => ({ kind: "route", text });
const neigh = (text: string): Fact => ({ kind: "neigh", text });
const isV6 = (text: string) => text.includes(":");
const single = (text: string) => `${text}/${isV6(text) ? 128 : 32}`;

/** Which segment each network belongs to. */
export function segmentsOf(inventory: Inventory): ReadonlyMap<string, Segment> {
  const byNetwork = new Map<string, string>();
  const routers = [...inventory.routers].sort((a, b) => (a.id < b.id ? -1 : 1));
  const attached = inventory.ports.filter(({ deviceOwner }) =>
    deviceOwner.startsWith("network:router_interface"),
  );
  for (const { id } of routers)
    for (const port of attached)
      if (port.device === id && !byNetwork.has(port.network)) byNetwork.set(port.network, id);
  const known = new Set(routers.map(({ id }) => id));
  return new Map(
    inventory.networks.map(({ id, atEdge }) => {
      const router = byNetwork.get(id);
      const networks = [...byNetwork].filter(([, owner]) => owner === router).map(([one]) => one);
      const segment = {
        name: `s-${router ?? id}`,
        router: router !== undefined && known.has(router) ? router : undefined,
        networks: new Set(router === undefined ? [id] : networks),
        atEdge,
      };
      return [id, segment];
    }),
  );
}

function gatewaysOf(subnets: readonly Subnet[], version: 4 | 6): string[] {
  return subnets
    .filter((subnet) => subnet.version === version)
    .flatMap(({ gateway }) => gateway ?? []);
}

/** Routes and neighbours that make a port reachable in its segment. */
function portFacts(port: Port, neighbours: readonly Port[], subnets: readonly Subnet[]): Fact[] {
  const link = linkOf(port);
  const own = port.addresses.map((one) => one.address);
  const reachable = [...sourcesOf(port, 4), ...sourcesOf(port, 6)];
  const others = neighbours.filter(({ id, network }) => id !== port.id && network === port.network);
  const gateways = gatewaysOf(
    subnets.filter(({ network }) => network === port.network),
    6,
  );
  return [
    ...gateways.map((gateway) => address(`${single(gateway)} dev ${link} nodad`)),
    ...own.map((one) => neigh(`${one} lladdr ${port.mac} dev ${link} nud permanent`)),
    ...reachable.map((one) => route(`${one.includes("/") ? one : single(one)} dev ${link}`)),
    ...others.flatMap((other) =>
      sourcesOf(other, 6)
        .filter((one) => !one.includes("/"))
        .map((one) => neigh(`proxy ${one} dev ${link}`)),
    ),
  ];
}

function natTable(external: string, snat: boolean, pairs: readonly (readonly [string, string])[]) {
  const map = (entries: readonly (readonly [string, string])[]) =>
    `{ ${entries.map(([from, to]) => `${from} : ${to}`).join(", ")} }`;
  const reversed = pairs.map(([floating, fixed]) => [fixed, floating] as const);
  return [
    "table ip nat",
    "delete table ip nat",
    "table ip nat {",
    "chain prerouting {",
    "type nat hook prerouting priority dstnat;",
    // Only from outside: a guest that calls its neighbour's public address goes round by the edge,
    // and arrives from its own public address, as on other clouds.
    ...(pairs.length > 0 ? [`iifname "up" dnat to ip daddr map ${map(pairs)}`] : []),
    "}",
    "chain postrouting {",
    "type nat hook postrouting priority srcnat;",
    ...(pairs.length > 0 ? [`oifname "up" snat to ip saddr map ${map(reversed)}`] : []),
    ...(snat ? [`oifname "up" snat to ${external}`] : []),
    "}",
    "}",
    "",
  ].join("\n");
}

interface Part extends Desired {
  /** What the edge must know to reach it. */
  readonly edgeFacts: readonly Fact[];
  /** Addresses from which it may send over the edge. */
  readonly sources: readonly string[];
}

function segmentPart(segment: Segment, ports: readonly Port[], inventory: Inventory): Part {
  const subnets = inventory.subnets.filter(({ network }) => segment.networks.has(network));
  const router = inventory.routers.find(({ id }) => id === segment.router);
  const pairs = inventory.floating
    .filter((one) => one.router === segment.router)
    .map((one) => [one.address, one.fixed] as const);
  const nat = router?.external !== undefined;
  const sources = segment.atEdge
    ? ports.flatMap((port) => port.addresses.map((one) => one.address))
    : router?.external !== undefined
      ? [router.external, ...pairs.map(([floating]) => floating)]
      : [];
  const uplink = nat || segment.atEdge;
  const back = (one: string) =>
    isV6(one)
      ? `via ${hop.segment6} dev ${edgeLinkOf(segment.name)}`
      : `via ${hop.segment4} dev ${edgeLinkOf(segment.name)} onlink`;
  const filter = securityTable(ports, inventory.ports, inventory.groups);
  return {
    facts: [
      address(`${hop.segment4}/32 dev up`),
      address(`${hop.segment6}/64 dev up nodad`),
      ...gatewaysOf(subnets, 4).map((gateway) => address(`${single(gateway)} dev lo`)),
      // An address that nobody has is not answered for.
      ...subnets.map(({ cidr }) => route(`unreachable ${cidr} metric 4096`)),
      ...(uplink ? [route(`default via ${hop.edge4} dev up onlink`)] : []),
      ...(segment.atEdge ? [route(`::/0 via ${hop.edge6} dev up`)] : []),
      ...ports.flatMap((port) => portFacts(port, ports, subnets)),
    ],
    nft: router?.external ? `${filter}${natTable(router.external, router.snat, pairs)}` : filter,
    edgeFacts: [
      address(`${hop.edge4}/32 dev ${edgeLinkOf(segment.name)}`),
      address(`${hop.edge6}/64 dev ${edgeLinkOf(segment.name)} nodad`),
      ...sources.map((one) => route(`${single(one)} ${back(one)}`)),
    ],
    sources,
  };
}

/** Nobody sends over the edge from an address that isn't theirs. */
function sourceTable(parts: ReadonlyMap<string, Part>): string {
  const pairs = [...parts].flatMap(([name, { sources }]) =>
    sources.map((one) => [edgeLinkOf(name), one] as const),
  );
  const links = [...parts.keys()].map(edgeLinkOf);
  const set = (name: string, version: 4 | 6) => {
    const own = pairs.filter(([, one]) => isV6(one) === (version === 6));
    const elements = own.map(([link, one]) => `"${link}" . ${one}`).join(", ");
    const filled = elements && `elements = { ${elements} };`;
    return `set ${name} { typeof iifname . ip${version === 6 ? "6" : ""} saddr; ${filled} }`;
  };
  return [
    "table inet sources",
    "delete table inet sources",
    "table inet sources {",
    set("own4", 4),
    set("own6", 6),
    "chain prerouting {",
    "type filter hook prerouting priority raw; policy accept;",
    ...(links.length > 0
      ? [
          `iifname != { ${links.map((link) => `"${link}"`).join(", ")} } accept`,
          "iifname . ip saddr @own4 accept",
          "iifname . ip6 saddr @own6 accept",
          "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",
          "counter drop",
        ]
      : []),
    "}",
    "}",
    "",
  ].join("\n");
}

/** The whole fabric for the ports that are plugged in. */
export function fabricOf(inventory: Inventory, plugged: ReadonlySet<string>): Fabric {
  const segments = segmentsOf(inventory);
  const ports = new Map<Segment["name"], Port[]>();
  const byName = new Map<string, Segment>();
  for (const port of inventory.ports) {
    const segment = segments.get(port.network);
    if (!segment || !plugged.has(port.id)) continue;
    byName.set(segment.name, segment);
    ports.set(segment.name, [...(ports.get(segment.name) ?? []), port]);
  }
  const parts = new Map(
    [...byName].map(([name, segment]) => [
      name,
      segmentPart(segment, ports.get(name) ?? [], inventory),
    ]),
  );
  return {
    segments: new Map(
      [...byName].map(([name, segment]) => {
        const { facts = [], nft = "" } = parts.get(name) ?? {};
        return [name, { ...segment, facts, nft }];
      }),
    ),
    edge: {
      facts: [...parts.values()].flatMap(({ edgeFacts }) => edgeFacts),
      nft: sourceTable(parts),
    },
    public: [...parts.values()].flatMap(({ sources }) => sources.filter((one) => !isV6(one))),
  };
}
