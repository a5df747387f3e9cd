import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { internetNamespace } from "../hypervisor/index.ts";

export type Family = "ipv4" | "ipv6";

/** The edge, as the lab's internet knows it, and the network that all its clients are in. */
const WAY: Readonly<
  Record<Family, { readonly edge: string; readonly own: (n: number) => string }>
> = {
  ipv4: { edge: "192.0.2.1", own: (n) => `192.0.2.${100 + n}/24` },
  ipv6: { edge: "2001:db8:1::1", own: (n) => `2001:db8:1::${100 + n}/64 nodad` },
};

/** Lines for `ip -batch` that give a link an address of each kind, and the way out. */
const addressed = (link: string, families: readonly Family[], n: number): string[] =>
  families.flatMap((family) => [
    `address add ${WAY[family].own(n)} dev ${link}`,
    `route replace default via ${WAY[family].edge}`,
  ]);

/** Both directions, and not the browser's own loopback. */
const CUT = `table inet cut {
  chain in { type filter hook input priority 0; policy drop; iifname "lo" accept; }
  chain out { type filter hook output priority 0; policy drop; oifname "lo" accept; }
}
`;

/** Notes each address and port that anything is sent to, but for some and for what stays in the person's own network. */
const watched = (own: readonly string[]) => `table inet watched {
  set elsewhere { type ipv4_addr . inet_proto . inet_service; flags dynamic; }
  chain out {
    type filter hook output priority 0;
    oifname "lo" accept
    ip daddr { ${[...own, "224.0.0.0/4"].join(", ")} } accept
    meta l4proto { tcp, udp } add @elsewhere { ip daddr . meta l4proto . th dport }
  }
}
`;

/** Runs lines of `ip -batch` in a network namespace. */
const batch = (namespace: string, lines: readonly string[]): void => {
  const input = `${lines.join("\n")}\n`;
  execFileSync("nsenter", [`--net=${namespace}`, "ip", "-batch", "-"], { input });
};

/**
 * A network of one person's own in the lab's internet, beside the one that the probes and all other browsers share. It
 * ends with the process that holds it, and its link and its addresses with it.
 */
export class OwnNetwork {
  /** How many addresses of a kind are given away. */
  static #made = 0;
  readonly #holder: ChildProcess;
  readonly #families: readonly Family[];
  readonly #link: string;

  private constructor(holder: ChildProcess, families: readonly Family[], link: string) {
    this.#holder = holder;
    this.#families = families;
    this.#link = link;
  }

  /** @param families the only ones that this person has */
  static async make(
    lab: string,
    families: readonly Family[] = ["ipv4", "ipv6"],
  ): Promise<OwnNetwork> {
    const n = ++OwnNetwork.#made;
    const holder = spawn("unshare", ["--net", "cat"], { stdio: ["pipe", "ignore", "inherit"] });
    const link = `person${n}`;
    const network = new OwnNetwork(holder, families, link);
    const mine = readlinkSync("/proc/self/ns/net");
    while (readlinkSync(`/proc/${holder.pid}/ns/net`) === mine) await sleep(20);
    batch(internetNamespace(lab), [
      `link add link up name ${link} type macvlan mode bridge`,
      `link set dev ${link} netns ${holder.pid}`,
    ]);
    batch(network.namespace, [
      "link set dev lo up",
      `link set dev ${link} addrgenmode none`,
      `link set dev ${link} up`,
      ...addressed(link, families, n),
    ]);
    return network;
  }

  /** A file for `nsenter --net=`. */
  get namespace(): string {
    return `/proc/${this.#holder.pid}/ns/net`;
  }

  #nft(input: string): void {
    execFileSync("nsenter", [`--net=${this.namespace}`, "nft", "-f", "-"], { input });
  }

  /** Drops each packet for a time, and nobody hears of it: as in a tunnel. @param duration ms */
  async cut(duration: number): Promise<void> {
    this.#nft(CUT);
    try {
      await sleep(duration);
    } finally {
      this.#nft("delete table inet cut\n");
    }
  }

  /** Ends every connection to a web server with a reset that both ends get, as a firewall that restarts sends it. */
  reset(): void {
    const ends = [
      "ss",
      "--kill",
      "--tcp",
      "--no-header",
      "state",
      "established",
      "dport",
      "=",
      "443",
    ];
    execFileSync("nsenter", [`--net=${this.namespace}`, ...ends], { stdio: "ignore" });
  }

  /** Begins to note where this person's browser sends anything. @param own addresses that don't count */
  watch(own: readonly string[]): void {
    this.#nft(watched(own));
  }

  /** What was noted: `address protocol port`. */
  elsewhere(): string[] {
    const list = ["nft", "-j", "list", "set", "inet", "watched", "elsewhere"];
    const text = execFileSync("nsenter", [`--net=${this.namespace}`, ...list]).toString();
    const { nftables } = JSON.parse(text) as {
      nftables: readonly { set?: { elem?: readonly { concat: readonly unknown[] }[] } }[];
    };
    return nftables.flatMap(({ set }) => set?.elem ?? []).map(({ concat }) => concat.join(" "));
  }

  /** Other addresses, as when a phone goes from one network to another: the servers hear nothing of it. */
  renumber(): void {
    batch(this.namespace, [
      `address flush dev ${this.#link}`,
      ...addressed(this.#link, this.#families, ++OwnNetwork.#made),
    ]);
  }

  close(): void {
    this.#holder.stdin?.end();
  }
}
