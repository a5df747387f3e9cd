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

/** Both directions, and not the browser's own loopback. */
const CUT = `table inet cut {
  chain in { type filter hook input priority 0; policy drop; iifname "lo" accept; }
  chain out { type filter hook output priority 0; policy drop; oifname "lo" accept; }
}
`;

/**
 * A network of one person's own in the lab's internet, beside the one that the probes and all other browsers share. It
 * ends with the process that holds it, and its link and its addresses with it.
 */
export class OwnNetwork {
  static #made = 0;
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  /** @param families the only ones that this person has */
  static async make(
    lab: string,
    families: readonly Family[] = ["ipv4", "ipv6"],
  ): Promise<OwnNetwork> {
    const n = ++OwnNetwork.#made;
    const holder = spawn("unshare", ["--net", "cat"], { stdio: ["pipe", "ignore", "inherit"] });
    const network = new OwnNetwork(holder);
    const mine = readlinkSync("/proc/self/ns/net");
    while (readlinkSync(`/proc/${holder.pid}/ns/net`) === mine) await sleep(20);
    const link = `person${n}`;
    const batch = (namespace: string, lines: readonly string[]) =>
      execFileSync("nsenter", [`--net=${namespace}`, "ip", "-batch", "-"], {
        input: `${lines.join("\n")}\n`,
      });
    batch(internetNamespace(lab), [
      `link add link up name ${link} type macvlan mode bridge`,
      `link set dev ${link} netns ${holder.pid}`,
    ]);
    batch(network.namespace, [
      "link set dev lo up",
      `link set dev ${link} addrgenmode none`,
      `link set dev ${link} up`,
      ...families.flatMap((family) => [
        `address add ${WAY[family].own(n)} dev ${link}`,
        `route add default via ${WAY[family].edge}`,
      ]),
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

  close(): void {
    this.#holder.stdin?.end();
  }
}
