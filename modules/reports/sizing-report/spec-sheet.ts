import { dump } from "js-yaml";
import {
  type FigureName,
  type Figures,
  figureOf,
  type Sizing,
} from "../../planning/sizing/index.ts";

/** One line of a specification. */
export interface SpecItem {
  readonly what: string;
  readonly value: string;
  readonly why: string;
  readonly source: string;
  /** Whether it is this project's choice, or rests on one. */
  readonly assumed: boolean;
}

/** What to order for one role in a data centre of one's own. */
export interface SpecSheet {
  readonly role: "bridge" | "turn";
  readonly title: string;
  /** Machines to order. */
  readonly machines: number;
  readonly items: readonly SpecItem[];
}

const OURS = "this project's choice";
const JVB_KERNEL = "jitsi-videobridge, config/20-jvb-udp-buffers.conf";

/** Speeds of ports that are sold, Gbit/s. */
const PORTS = [1, 10, 25, 40, 100];

/** Sizes of memory that are sold, GiB. */
const MEMORY = [16, 32, 64, 128, 256, 512];

const next = (sizes: readonly number[], least: number): number =>
  sizes.find((size) => size >= least) ?? Math.ceil(least);

/** The specification of a media node, from the plan's own numbers. */
function sheet(
  role: SpecSheet["role"],
  sizing: Sizing,
  figures: Figures,
  vcpus: number,
): SpecSheet {
  const f = (name: FigureName) => figureOf(figures, name);
  const source = (name: FigureName) => figures.figures[name].source;
  const size = sizing.roles.find((one) => one.role === role);
  if (!size) throw new RangeError(`a plan without ${role}`);
  const carrying = size.count - size.reserve;
  const { total } = sizing;
  const bits =
    role === "bridge"
      ? Math.max(total.bitsOutPerSecond, total.bitsInPerSecond) / carrying
      : total.turnBitsPerSecond / carrying;
  const port = next(PORTS, bits / 1e9 / f("networkUse"));
  const packets =
    role === "bridge"
      ? Math.max(
          total.packetsPerSecond / carrying,
          f(vcpus >= f("bridgeLargeVcpus") ? "bridgePacketsLarge" : "bridgePackets"),
        )
      : f("bridgePackets");
  const memory = next(MEMORY, size.need.ramMiB / 1024);
  const item = (
    what: string,
    value: string,
    why: string,
    from: string,
    assumed = from.includes(OURS),
  ): SpecItem => ({ what, value, why, source: from, assumed });
  const [cores, ram] =
    role === "bridge"
      ? (["bridgeVcpus", "bridgeRam"] as const)
      : (["turnVcpus", "turnRam"] as const);
  return {
    role,
    title: role === "bridge" ? "Media node (videobridge)" : "Relay (TURN)",
    machines: size.count,
    items: [
      item(
        "cores",
        `${vcpus} physical cores, x86-64 with AES instructions, one socket`,
        "the plan counts a core a vCPU; two threads of one core share it, so threads aren't counted. One socket: no packet crosses to the other one's memory. Every packet is encrypted (SRTP)",
        `${source(cores)}; ${OURS}`,
      ),
      item(
        "clock",
        "3.0 GHz base or more",
        "a person's media is handled by one thread at a time; of the published measurements one alone names its clock, 3.7 GHz",
        `${OURS}; https://jitsi.org/jitsi-videobridge-performance-evaluation/`,
      ),
      item(
        "memory",
        `${memory} GiB, ECC, every channel filled`,
        `${size.need.ramMiB} MiB are needed, and this is the next size that is sold. A bit that turns over unseen breaks a call or a key, so ECC; latency counts, so every channel`,
        `${source(ram)}; ${OURS}`,
      ),
      item(
        "network ports",
        `2 x ${port} Gbit/s, bonded over two switches, IPv4 and IPv6`,
        `${(bits / 1e6).toFixed(0)} Mbit/s each way at the busiest hour, at most ${f("networkUse")} of one port, so that one may fail`,
        source("networkUse"),
      ),
      item(
        "queues of a port",
        `${vcpus} receive queues or more, spread by address and UDP port (RSS)`,
        "one queue a core: all packets of a bridge come to one UDP port, and one queue is one core's work. Addresses of people differ, so they spread",
        OURS,
      ),
      item(
        "packets",
        `${Math.ceil(packets / 1000) * 1000} packets/s of about 200 to 1200 bytes, in and out together, without loss`,
        role === "bridge"
          ? "the plan's own packets a bridge, and at least the load at which a bridge calls itself full"
          : "nobody has published the packets that a relay carries: taken as a bridge's",
        role === "bridge" ? source("bridgePackets") : `${OURS}; ${source("bridgePackets")}`,
      ),
      item(
        "disk",
        `2 SSD mirrored, the smallest sold (${f("diskSystem")} GiB are used), with power-loss protection`,
        "system and logs alone: media is never stored on these machines",
        source("diskSystem"),
      ),
      item(
        "power",
        "2 supplies, each enough alone; the vendor states watts at full load",
        "one feed may fail. Watts depend on the machine offered and stand in no published measurement: ask",
        OURS,
      ),
      item(
        "TPM",
        "TPM 2.0, Secure Boot on",
        "the disk's key is sealed to what was booted, so a disk taken out opens nowhere else",
        OURS,
      ),
      item(
        "management",
        "a management processor on the management network alone, no shared port",
        "it may do more than root, and people on the internet reach the media ports",
        OURS,
      ),
      item(
        "BIOS",
        "profile for performance; C-states below C1 off; turbo on; threads on; virtualisation off where nothing uses it",
        "a core that sleeps deeply wakes too late for a packet that comes every 20 ms for each voice; threads help but aren't counted",
        OURS,
      ),
      item(
        "kernel: UDP buffers",
        "net.core.rmem_max = 10485760",
        "media comes in bursts, and what the buffer can't hold is lost. Set by polder (docs/hosts.md)",
        JVB_KERNEL,
      ),
      item(
        "kernel: backlog",
        "net.core.netdev_max_backlog = 100000",
        "packets that wait between the network port and the program. Set by polder",
        JVB_KERNEL,
      ),
      item(
        "kernel: governor",
        "performance, on every core",
        "the clock must not climb only after the burst. Set on the machine itself: a virtual one has no say",
        OURS,
      ),
      item(
        "kernel: interrupts",
        "each queue's interrupt on a core of its own, irqbalance off",
        "else two queues land on one core while others idle. Set on the machine itself",
        OURS,
      ),
      item(
        "kernel: open files",
        "65000 for each service",
        "a person takes several; for more than 100 people Jitsi's handbook raises the limit",
        "Jitsi handbook, quickstart.md; jitsi-videobridge, debian/jitsi-videobridge2.service",
      ),
    ],
  };
}

/**
 * Specifications of the media nodes for iron of one's own.
 *
 * @param vcpus cores of the flavour that each role was planned on.
 */
export function specSheets(
  sizing: Sizing,
  figures: Figures,
  vcpus: (flavour: string) => number,
): SpecSheet[] {
  return (["bridge", "turn"] as const).map((role) => {
    const flavour = sizing.roles.find((size) => size.role === role)?.flavour ?? "";
    return sheet(role, sizing, figures, vcpus(flavour));
  });
}

/** The sheets as YAML, for a tender's own tools. */
export const specYaml = (instance: string, read: string, sheets: readonly SpecSheet[]): string =>
  dump(
    {
      instance,
      figuresRead: read,
      sheets: sheets.map((one) => ({
        role: one.role,
        title: one.title,
        machines: one.machines,
        items: one.items.map((item) => ({ ...item })),
      })),
    },
    { lineWidth: 110 },
  );

const cell = (words: string): string => words.replaceAll("|", "\\|").replaceAll("\n", " ");

/** The sheets as Markdown. */
export function specMarkdown(instance: string, read: string, sheets: readonly SpecSheet[]): string {
  const lines = [`# Hardware of ${instance}`, "", `Figures read ${read}.`, ""];
  for (const one of sheets) {
    lines.push(
      `## ${one.title}: ${one.machines} machines`,
      "",
      "| What | Value | Why | Source |",
      "| --- | --- | --- | --- |",
      ...one.items.map(
        (item) =>
          `| ${cell(item.what)} | ${cell(item.value)} | ${cell(item.why)} | ${cell(item.source)}${item.assumed ? " (assumed)" : ""} |`,
      ),
      "",
    );
  }
  return lines.join("\n");
}
