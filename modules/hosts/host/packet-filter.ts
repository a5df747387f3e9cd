import {
  type Arrivals,
  arrivalsOf,
  type Blueprint,
  carries,
  type Flow,
  type Host,
  instancePorts,
  isCounted,
  type Peer,
  PORTS,
  privateAddresses,
} from "../../planning/blueprint/index.ts";
import type { Role } from "../../planning/sizing/index.ts";
import type { Fragment } from "../configuration/index.ts";
import { textFile } from "./file.ts";

interface PeerSet {
  readonly name: string;
  readonly v4: readonly string[];
  readonly v6: readonly string[];
}

/** Addresses that a host has on its own links: a floating one is the cloud's, a direct one its own. */
function ownAddresses(blueprint: Blueprint, host: Host): string[] {
  const direct = blueprint.cloud.publicAddresses === "direct" ? host.publicAddress : undefined;
  return [...privateAddresses(host), direct?.ipv4, direct?.ipv6].filter((one) => one !== undefined);
}

/** Each host asks for the peers of its flows, each of which goes through all hosts: once a Blueprint is enough. */
const peerSets = new WeakMap<Blueprint, Map<Peer, PeerSet>>();

/** Everybody whom a peer means; undefined is the internet, which needs no list. */
function peerSet(blueprint: Blueprint, peer: Peer): PeerSet | undefined {
  if (peer.kind === "internet") return undefined;
  const sets = peerSets.get(blueprint) ?? new Map<Peer, PeerSet>();
  peerSets.set(blueprint, sets);
  const set = sets.get(peer) ?? expanded(blueprint, peer);
  sets.set(peer, set);
  return set;
}

function expanded(blueprint: Blueprint, peer: Exclude<Peer, { kind: "internet" }>): PeerSet {
  const all =
    peer.kind === "ranges"
      ? peer.ranges
      : blueprint.hosts
          .filter(({ role }) => role === peer.role)
          .flatMap((host) => ownAddresses(blueprint, host));
  const name = peer.kind === "ranges" ? peer.name : `${peer.role} hosts`;
  return {
    name: name.replaceAll(" ", "-"),
    v4: all.filter((range) => !range.includes(":")),
    v6: all.filter((range) => range.includes(":")),
  };
}

function setLines({ name, v4, v6 }: PeerSet): string[] {
  const set = (family: 4 | 6, ranges: readonly string[]) =>
    ranges.length === 0
      ? []
      : [
          `\tset ${name}-v${family} {`,
          `\t\ttype ipv${family}_addr`,
          "\t\tflags interval",
          "\t\tauto-merge",
          "\t\telements = {",
          ...ranges.map((range) => `\t\t\t${range},`),
          "\t\t}",
          "\t}",
        ];
  return [...set(4, v4), ...set(6, v6)];
}

/** One flow in one direction: at most one line a family. The comment is the flow's id. */
function ruleLines(blueprint: Blueprint, flow: Flow, direction: "input" | "output"): string[] {
  const peers = peerSet(blueprint, direction === "input" ? flow.from : flow.to);
  const [from, to] = flow.ports;
  const port = from === to ? `${from}` : `${from}-${to}`;
  const what = `${flow.protocol} dport ${port} counter accept comment "${flow.id}"`;
  if (!peers) return [`\t\t${what}`];
  const side = direction === "input" ? "saddr" : "daddr";
  return [
    ...(peers.v4.length > 0 ? [`\t\tip ${side} @${peers.name}-v4 ${what}`] : []),
    ...(peers.v6.length > 0 ? [`\t\tip6 ${side} @${peers.name}-v6 ${what}`] : []),
  ];
}

/**
 * Where the relay's one peer is the bridge of its own host, no cloud and no other host stands between the two: of what the
 * host sends to its own addresses by UDP only media arrives, and what belongs to it. The relay speaks no other protocol to
 * peers (turnserver.conf).
 */
function relayToItself(blueprint: Blueprint, host: Host): string[] {
  if (!carries(host, "turn") || !carries(host, "bridge")) return [];
  const own = ownAddresses(blueprint, host);
  const line = (family: "ip" | "ip6", addresses: readonly string[]) =>
    addresses.length === 0
      ? []
      : [
          `\t\tiif lo ${family} daddr { ${addresses.join(", ")} } udp dport != ${PORTS.media} ct state new counter drop comment "relay-to-itself"`,
        ];
  return [
    "\t\t# The relay reaches the media port of its own host, and nothing else of it.",
    ...line(
      "ip",
      own.filter((address) => !address.includes(":")),
    ),
    ...line(
      "ip6",
      own.filter((address) => address.includes(":")),
    ),
  ];
}

/**
 * Milliseconds for which a bridge hears nothing of a new relayed way. ice4j waits as long for a direct way before it takes
 * one that it knows to be relayed (DefaultNominator, WAIT_TIME, 3.2-15-g6da2b08). Jitsi's client names its candidates to no
 * bridge, so ice4j knows of none, and takes the way that answers first.
 */
const RELAYED_WAITS = 800;
/** Relayed ways that are remembered at a time: all ports of four relays. Beyond them a new one doesn't wait. */
const RELAYED_WAYS = 65_536;

/** Relays reach bridges by IPv4 alone (turnserver.conf), the bridge of their own host by loopback. */
function relayedWays(blueprint: Blueprint, host: Host): { chain: string[]; jump: string[] } {
  const relays = blueprint.hosts
    .filter((one) => carries(one, "turn"))
    .flatMap((one) => ownAddresses(blueprint, one))
    .filter((address) => !address.includes(":"));
  if (!carries(host, "bridge") || relays.length === 0) return { chain: [], jump: [] };
  const way = "ip saddr . udp sport";
  const set = (name: string, timeout: string) => [
    `\tset ${name} {`,
    `\t\ttypeof ${way}`,
    `\t\tsize ${RELAYED_WAYS}`,
    "\t\tflags dynamic,timeout",
    `\t\ttimeout ${timeout}`,
    "\t}",
  ];
  return {
    chain: [
      "\t# A new way by a relay waits, so that a direct one is found first: the bridge takes the first that works, and",
      "\t# can't see which of them is relayed. Who has no direct way begins that much later.",
      ...set("relayed-known", "1m"),
      ...set("relayed-waiting", `${RELAYED_WAITS}ms`),
      "\tchain relayed {",
      `\t\t${way} @relayed-waiting counter drop comment "relayed-waits"`,
      `\t\t${way} != @relayed-known add @relayed-known { ${way} } add @relayed-waiting { ${way} } counter drop comment "relayed-waits"`,
      "\t}",
      "",
    ],
    jump: [
      `\t\tip saddr { ${relays.join(", ")} } udp dport ${PORTS.media} ct state new jump relayed`,
    ],
  };
}

/** Sources that are counted at a time, each for a few seconds; beyond them the limit in all counts alone. */
const SOURCES = 65_536;

/** Who counts as one, each with a set of its own: by which rate of the plan, and as what in the log. */
const COUNTED: readonly {
  readonly set: string;
  readonly family: 4 | 6;
  readonly key: string;
  readonly rate: keyof Arrivals;
  readonly of: string;
}[] = [
  { set: "arrivals-v4", family: 4, key: "ip saddr", rate: "perSecond", of: "one" },
  {
    set: "arrivals-v6",
    family: 6,
    key: "ip6 saddr & ffff:ffff:ffff:ffff::",
    rate: "perSecond",
    of: "one",
  },
  { set: "sites-v6", family: 6, key: "ip6 saddr & ffff:ffff:ffff::", rate: "ofSite", of: "site" },
];

/** A connection has this mark once it was let in. */
const LET_IN = 1;
/**
 * Entries of connections that end or have ended expire within so many seconds, those that go on in 300 or more
 * (nf_conntrack-sysctl: tcp_timeout_time_wait, the longest, and tcp_timeout_unacknowledged).
 */
const CLOSING = 120;

const portsOf = (flows: readonly Flow[]): string =>
  `{ ${flows.map((flow) => flow.ports[0]).join(", ")} }`;

/** Flows that are held to the rates of one role, with what the names of their chain and sets begin with. */
interface Counted {
  readonly role: Role;
  readonly prefix: "" | "relay-";
  readonly flows: readonly Flow[];
}

/** A relay beside other services keeps the rates that its memory is bounded by. */
function countedOf(blueprint: Blueprint, host: Host, incoming: readonly Flow[]): Counted[] {
  const counted = incoming.filter(isCounted);
  const { turnTls } = instancePorts(blueprint);
  const isRelays = ({ ports: [port] }: Flow) =>
    host.role !== "turn" && carries(host, "turn") && port === turnTls;
  const all: Counted[] = [
    { role: host.role, prefix: "", flows: counted.filter((flow) => !isRelays(flow)) },
    { role: "turn", prefix: "relay-", flows: counted.filter(isRelays) },
  ];
  return all.filter(({ flows }) => flows.length > 0);
}

/**
 * The rate of new connections from the internet. One is looked at when TCP's handshake is done: then its sender is
 * who it says, and nobody uses up another's rate by forged addresses. The kernel rejects one too many with a reset, which
 * ends its entry in the table of connections: a dropped one would stay there for days. The reset itself stays on the
 * host. So the client's TCP sends its first words again, and a person comes in a moment later, while a flood that waits
 * for answers waits.
 */
function arrivals(blueprint: Blueprint, groups: readonly Counted[]): readonly string[] {
  const over = (rate: number) => `limit rate over ${rate}/second burst ${rate} packets`;
  return [
    ...groups.flatMap(({ prefix }) =>
      COUNTED.flatMap(({ set, family }) => [
        `\tset ${prefix}${set} {`,
        `\t\ttype ipv${family}_addr`,
        `\t\tsize ${SOURCES}`,
        "\t\tflags dynamic,timeout",
        "\t\ttimeout 10s",
        "\t}",
      ]),
    ),
    "",
    "\t# New connections of one source (of IPv6: a /64), of a /48, and of each family: the plan's rates.",
    ...(["one", "site", "all"] as const).flatMap((of) => [
      `\tchain too-many-of-${of} {`,
      `\t\tlimit rate 10/minute burst 10 packets log prefix "polder-many ${of} " level info`,
      `\t\tcounter reject with tcp reset comment "too-many-of-${of}"`,
      "\t}",
    ]),
    ...groups.flatMap(({ role, prefix }) => {
      const rates = arrivalsOf(blueprint, role);
      return [
        `\tchain ${prefix}arrivals {`,
        "\t\ttcp flags rst return",
        ...COUNTED.map(
          ({ set, key, rate, of }) =>
            `\t\tupdate @${prefix}${set} { ${key} ${over(rates[rate])} } goto too-many-of-${of}`,
        ),
        ...[4, 6].map(
          (family) => `\t\tmeta nfproto ipv${family} ${over(rates.ofFamily)} goto too-many-of-all`,
        ),
        `\t\tct mark set ${LET_IN}`,
        "\t}",
      ];
    }),
    "",
  ];
}

const LINK_IN = [
  "\t# What makes addresses work: neighbours, routers and the cloud's DHCP, on the own link only.",
  "\tchain link-in {",
  "\t\tip6 hoplimit 255 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept",
  "\t\tip6 saddr fe80::/10 icmpv6 type mld-listener-query accept",
  "\t\tudp sport 67 udp dport 68 accept",
  "\t\tip6 saddr fe80::/10 udp sport 547 udp dport 546 accept",
  "\t\t# Ping, so that a fault can be found; not fast enough to be of use for a flood.",
  "\t\ticmp type echo-request limit rate 10/second burst 20 packets counter accept",
  "\t\ticmpv6 type echo-request limit rate 10/second burst 20 packets counter accept",
  "\t}",
];

const LINK_OUT = [
  "\tchain link-out {",
  "\t\tip6 hoplimit 255 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } accept",
  "\t\tip6 hoplimit 1 icmpv6 type { mld-listener-report, mld2-listener-report } accept",
  "\t\tudp sport 68 udp dport 67 accept",
  "\t\tip6 daddr { fe80::/10, ff02::1:2 } udp sport 546 udp dport 547 accept",
  "\t}",
];

/** Where Jitsi's programs take orders on loopback from whoever asks: who moves people, or is added to a meeting. */
const ROOTS: Readonly<Partial<Record<Host["role"], number>>> = {
  bridge: PORTS.bridgeRest,
  control: PORTS.focusRest,
};

/** Only root asks there; an attacker who is a service of this host is no root. */
const rootsAlone = (host: Host): string[] =>
  host.roles.flatMap((role) => {
    const port = ROOTS[role];
    if (port === undefined) return [];
    const what = `tcp dport ${port} meta skuid != 0`;
    return [`\t\toif lo ${what} counter reject with tcp reset comment "root-alone-asks"`];
  });

function chain(
  direction: "input" | "output",
  rules: readonly string[],
  first: readonly string[] = [],
  beforeLoopback: readonly string[] = [],
): string[] {
  const way = direction === "input" ? "in" : "out";
  return [
    `\tchain ${direction} {`,
    `\t\ttype filter hook ${direction} priority filter; policy drop;`,
    ...beforeLoopback,
    `\t\t${way === "in" ? "iif" : "oif"} lo accept`,
    ...first,
    "\t\tct state established accept",
    "\t\tct state related meta l4proto { icmp, ipv6-icmp } accept",
    `\t\tct state invalid counter drop comment "invalid-${way}"`,
    `\t\tjump link-${way}`,
    ...rules,
    ...(way === "in"
      ? ['\t\tmeta pkttype != unicast counter drop comment "said to everybody: not logged"']
      : []),
    `\t\tlimit rate 30/minute burst 30 packets log prefix "polder-drop ${way} " level info`,
    `\t\tcounter comment "dropped-${way}"`,
    "\t}",
  ];
}

/** The host's own packet filter: the flows of what it carries, in both directions, and nothing else. */
export function packetFilter(blueprint: Blueprint, host: Host): Fragment {
  const is = (peer: Peer) => peer.kind === "role" && peer.role === host.role;
  const incoming = blueprint.flows.filter((flow) => is(flow.to));
  const outgoing = blueprint.flows.filter((flow) => is(flow.from));
  const counted = countedOf(blueprint, host, incoming);
  const all = counted.flatMap(({ flows }) => flows);
  const peers = [...incoming.map(({ from }) => from), ...outgoing.map(({ to }) => to)].flatMap(
    (peer) => peerSet(blueprint, peer) ?? [],
  );
  const sets = [...new Map(peers.map((set) => [set.name, set])).values()].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  const relayed = relayedWays(blueprint, host);
  const lines = [
    `# Packet filter of ${host.id}: flows of ${host.roles.length > 1 ? `the roles ${host.roles.join(", ")}` : `the role ${host.role}`}. What isn't listed is dropped, in`,
    "# and out. Comments are the flows' ids: `polder show` says why each one is there. Answers belong to",
    "# their connection. Before it stands the cloud's own filter, from the same table: for all traffic, or",
    "# where the cloud looks into no private network, for public traffic alone (docs/clouds.md).",
    "",
    "# All rules change at once, and none that was made by hand stays.",
    "flush ruleset",
    "",
    "table inet polder {",
    ...sets.flatMap(setLines),
    "",
    ...(counted.length === 0 ? [] : arrivals(blueprint, counted)),
    ...relayed.chain,
    ...LINK_IN,
    "",
    ...LINK_OUT,
    "",
    ...chain(
      "input",
      incoming.flatMap((flow) => ruleLines(blueprint, flow, "input")),
      counted.length === 0
        ? []
        : [
            // The kernel goes on with the entry of a connection that its server reset, mark and all, if a new one has
            // the same ports. What lives has an entry that expires later: nobody clears another's mark by a forged SYN.
            `\t\ttcp dport ${portsOf(all)} tcp flags & (fin | syn | rst | ack) == syn ct expiration <= ${CLOSING}s ct mark set 0`,
            ...counted.map(
              ({ prefix, flows }) =>
                `\t\ttcp dport ${portsOf(flows)} ct state established ct mark != ${LET_IN} jump ${prefix}arrivals`,
            ),
          ],
      [...relayToItself(blueprint, host), ...relayed.jump],
    ),
    "",
    ...chain(
      "output",
      outgoing.flatMap((flow) => ruleLines(blueprint, flow, "output")),
      // To the kernel a reset belongs to the connection that it rejects and isn't part of it.
      counted.length === 0
        ? []
        : ['\t\tct state related tcp flags rst counter drop comment "resets stay here"'],
      rootsAlone(host),
    ),
    "",
    "\t# No host passes on what isn't for it.",
    "\tchain forward {",
    "\t\ttype filter hook forward priority filter; policy drop;",
    '\t\tcounter comment "dropped-forward"',
    "\t}",
    "}",
  ];
  return {
    packages: { install: ["nftables"], absent: ["iptables", "ufw", "firewalld"] },
    files: [textFile("/etc/nftables.conf", lines, { mode: "0640" })],
    units: [
      {
        name: "nftables.service",
        reload: ["/etc/nftables.conf"],
        restart: [],
        carriesCalls: false,
      },
    ],
    checks: [{ id: "nftables", command: ["/usr/sbin/nft", "-c", "-f", "/etc/nftables.conf"] }],
  };
}
