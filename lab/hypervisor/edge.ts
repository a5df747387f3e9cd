// The provider's edge: what stands between segments, the internet and the machine.

/** Ports at the machine's end for tests that need somebody to listen there. */
export const testPorts = "18000-18099";

/** The provider's public ranges: floating and direct addresses. */
export const ranges = {
  public4: ["203.0.113.0/24", "198.51.100.0/24"],
  public6: ["2001:db8:d1::/64", "2001:db8:f::/48"],
} as const;

const digits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/** Where probes and clients stand: ten addresses of each family; the first is what they use. */
export const internetAddresses = {
  internet4: digits.map((digit) => `192.0.2.1${digit}`),
  internet6: digits.map((digit) => `2001:db8:1::1${digit}`),
};

/**
 * Who may pass the edge. It trusts no segment to filter: whatever leaves a host, here only the
 * public ranges, the internet of the lab and three services of the machine lie beyond; all else is
 * dropped and counted, by who asked for what. Never made anew, so that the counters go on.
 *
 * @param machine the machine's address on the lab's link
 */
export function edgeTable(machine: string): string {
  const dynamic = (name: string, version: 4 | 6) => {
    const address = `ipv${version}_addr`;
    return `set ${name}${version} { type ${address} . ${address}; flags dynamic; size 65535; }`;
  };
  const count = (name: string) => [
    `meta nfproto ipv4 update @${name}4 { ip saddr . ip daddr counter }`,
    `meta nfproto ipv6 update @${name}6 { ip6 saddr . ip6 daddr counter }`,
  ];
  return [
    "table inet edge {",
    dynamic("refused", 4),
    dynamic("refused", 6),
    dynamic("internet", 4),
    dynamic("internet", 6),
    "chain refuse {",
    ...count("refused"),
    "drop",
    "}",
    "chain forward {",
    "type filter hook forward priority filter; policy drop;",
    "ct state established,related accept",
    "ct state invalid drop",
    `oifname "machine" ip daddr ${machine} iifname "internet" meta l4proto { tcp, udp } th dport 53 accept`,
    `oifname "machine" ip daddr ${machine} iifname "s*" tcp dport { 53, 3142, ${testPorts} } accept`,
    `oifname "machine" ip daddr ${machine} iifname "s*" udp dport { 53, 123, ${testPorts} } accept`,
    'oifname "machine" goto refuse',
    'oifname "nowhere" goto refuse',
    'iifname "s*" oifname "internet" jump met',
    'oifname { "internet" } accept',
    'oifname "s*" accept',
    "goto refuse",
    "}",
    "chain met {",
    ...count("internet"),
    "}",
    "chain input {",
    "type filter hook input priority filter; policy drop;",
    "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",
    "icmp type echo-request accept",
    "icmpv6 type echo-request accept",
    "}",
    "}",
    "",
  ].join("\n");
}

/** Packets that one address sent to another over the edge, or tried to. */
export interface Counted {
  readonly from: string;
  readonly to: string;
  readonly packets: number;
}

/** Reads a dynamic set as `nft -json list set` prints it. */
export function parseCounted(json: string): Counted[] {
  interface Element {
    readonly elem: {
      readonly val: { readonly concat: readonly [string, string] };
      readonly counter?: { readonly packets: number };
    };
  }
  interface Listing {
    readonly nftables: readonly { readonly set?: { readonly elem?: readonly Element[] } }[];
  }
  const { nftables } = JSON.parse(json) as Listing;
  return nftables.flatMap(({ set }) =>
    (set?.elem ?? []).map(({ elem }) => ({
      from: elem.val.concat[0],
      to: elem.val.concat[1],
      packets: elem.counter?.packets ?? 0,
    })),
  );
}
