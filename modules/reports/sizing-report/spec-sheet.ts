import { dump } from "js-yaml";
import {
  type FigureName,
  type Figures,
  type FleetGroup,
  figureOf,
  fleetText,
  type Role,
  type RoleSize,
  type Sizing,
} from "../../planning/sizing/index.ts";

/** One line of a specification. */
export interface SpecItem {
  readonly what: string;
  readonly value: string;
  /** `must`: an offer without it is none. `option`: priced apart. `state`: the vendor gives a value. */
  readonly kind: "must" | "option" | "state";
  readonly why: string;
  readonly source: string;
  /** Whether it is this project's choice, or rests on one. */
  readonly assumed: boolean;
}

/** What to order for one role in a data centre of one's own. */
export interface SpecSheet {
  readonly role: Role;
  readonly title: string;
  /** Machines to order, those in reserve included, the spare on the shelf not. */
  readonly machines: number;
  readonly items: readonly SpecItem[];
}

/** One way to have the cluster. */
export interface Alternative {
  readonly title: string;
  readonly order: readonly string[];
  readonly fits: string;
}

/** What a procurement officer needs, whole. */
export interface Procurement {
  readonly instance: string;
  readonly organisation: string;
  readonly figuresRead: string;
  /** The demand that it answers, in words. */
  readonly demand: readonly string[];
  readonly sheets: readonly SpecSheet[];
  readonly alternatives: readonly Alternative[];
  readonly totals: {
    readonly machines: number;
    readonly spares: number;
    readonly rackUnits: number;
    readonly watts: number;
    readonly kWhAYear: number;
    readonly networkPorts: number;
    readonly managementPorts: number;
    readonly publicAddresses: number;
    readonly internetMbit: number;
    readonly terabytesAMonth: number;
  };
  /** What fails, and what that costs. */
  readonly risks: readonly string[];
  readonly cost: string;
}

const OURS = "this project's choice";
const JVB_KERNEL = "jitsi-videobridge, config/20-jvb-udp-buffers.conf";

/** Speeds of ports that are sold, Gbit/s. */
const PORTS = [1, 10, 25, 40, 100];

/** Sizes of memory that are sold, GiB. */
const MEMORY = [16, 32, 64, 128, 256, 512];

const TITLES: Readonly<Record<Role, string>> = {
  control: "Control (Prosody, Jicofo, web)",
  bridge: "Media node (videobridge)",
  turn: "Relay (TURN)",
  monitor: "Monitor (logs and alarms)",
  edge: "Way in for management",
};

const next = (sizes: readonly number[], least: number): number =>
  sizes.find((size) => size >= least) ?? Math.ceil(least);

/** Servers with fewer cores aren't sold any more. */
const coresSold = (vcpus: number): number => Math.max(8, vcpus);

/** bit/s each way of one host at the busiest hour. */
function bitsOf(size: RoleSize, part: FleetGroup, { total }: Sizing): number {
  const carrying = Math.max(1, size.count - size.reserve);
  if (size.role === "bridge")
    return (
      Math.max(total.bitsOutPerSecond, total.bitsInPerSecond) *
      Math.min(1, Math.max(part.carries, 1 / carrying))
    );
  return size.role === "turn" ? total.turnBitsPerSecond / carrying : 0;
}

/** The specification of the machines of one flavour of a role, from the plan's own numbers. */
function sheet(size: RoleSize, part: FleetGroup, sizing: Sizing, figures: Figures): SpecSheet {
  const f = (name: FigureName) => figureOf(figures, name);
  const source = (name: FigureName) => figures.figures[name].source;
  const { role } = size;
  const media = role === "bridge" || role === "turn";
  const bits = bitsOf(size, part, sizing);
  const port = next(media ? PORTS : PORTS.slice(1, 2), bits / 1e9 / f("networkUse"));
  const memory = next(MEMORY, part.ramMiB / 1024);
  const cores = coresSold(part.vcpus);
  const watts = f("wattsServer") + cores * f("wattsCore");
  const item = (
    what: string,
    value: string,
    why: string,
    from: string,
    kind: SpecItem["kind"] = "must",
  ): SpecItem => ({ what, value, kind, why, source: from, assumed: from.includes("this project") });
  const base: SpecItem[] = [
    item(
      "cores",
      `${cores} physical cores or more, x86-64 with AES instructions, one socket`,
      `the plan needs ${part.vcpus} physical cores, one for each vCPU; two threads of one core count as one core. One socket: no packet crosses to another one's memory${media ? ". Every packet is encrypted (SRTP)" : ""}. Servers with fewer than 8 cores are hardly sold`,
      `${source(role === "bridge" ? "bridgeVcpus" : `${role}Vcpus`)}; ${OURS}`,
    ),
    item(
      "processor's class",
      `Geekbench 6 or equivalent: single-core score ${f("geekbenchSingle")} or more; multi-core score divided by the number of cores ${f("geekbenchCore")} or more`,
      "a score that is published for the machines that were measured; any newer processor of servers reaches it. The vendor states SPECrate 2017 Integer (base) as well",
      source("geekbenchSingle"),
    ),
    item(
      "clock",
      media ? "3.0 GHz base or more" : "2.4 GHz base or more",
      "a person's media, and all of Prosody, are handled by one thread at a time",
      `${OURS}; https://jitsi.org/jitsi-videobridge-performance-evaluation/`,
    ),
    item(
      "memory",
      `${memory} GiB, ECC, every channel filled`,
      `${size.need.ramMiB} MiB are needed at least, ${part.ramMiB} were planned; a bit that turns over unseen breaks a call or a key`,
      `${source(role === "bridge" ? "bridgeRam" : `${role}Ram`)}; ${OURS}`,
    ),
    item(
      "network ports",
      `2 x ${port} Gbit/s (${port >= 10 ? "SFP28 or SFP+, optics or cables included" : "RJ45"}), bonded over two switches (LACP), IPv4 and IPv6`,
      media
        ? `${(bits / 1e6).toFixed(0)} Mbit/s each way at the busiest hour, at most ${f("networkUse")} of one port, so that one may fail`
        : "little traffic: the second port is there so that one may fail",
      source("networkUse"),
    ),
    ...(media
      ? [
          item(
            "features of a port",
            `${cores} receive queues or more, spread by address and UDP port (RSS over UDP, IPv4 and IPv6), checksum offload, SR-IOV where machines are virtual`,
            "all packets of a bridge come to one UDP port: one queue is one core's work, people's addresses differ, so they spread",
            OURS,
          ),
        ]
      : []),
    item(
      "management port",
      "1 x 1 Gbit/s, RJ45, a management processor (Redfish), on the management network alone",
      "whoever controls this port controls the machine, so nobody but administrators may reach it",
      OURS,
    ),
    item(
      "disks",
      role === "monitor"
        ? "2 x 960 GB SSD (1 drive write a day), mirrored, power-loss protection"
        : "2 x 480 GB SSD (1 drive write a day), mirrored, power-loss protection",
      `${f("diskSystem")} GiB are used${role === "monitor" ? ", and the logs" : ""}; the smallest that is sold. Media is never stored`,
      source("diskSystem"),
    ),
    item("height", "1 rack unit, rails included", "no card needs more", OURS),
    item(
      "power supplies",
      "2, hot-plug, each enough alone, 80 PLUS Titanium or Platinum, on two feeds",
      "one feed may fail",
      OURS,
    ),
    item(
      "watts",
      `the vendor states watts idle and at full load by SPECpower or its own tool; planned with ${watts} W at full load, ${Math.round(watts * 8.76)} kWh a year`,
      "energy is part of the price over five years",
      `${source("wattsServer")}; ${source("wattsCore")}`,
      "state",
    ),
    item(
      "TPM",
      "TPM 2.0, Secure Boot on",
      "the disk's key is sealed to what was booted: a disk taken out opens nowhere else",
      OURS,
    ),
    item(
      "Debian",
      "Debian 13 boots and finds every part without programs of the vendor",
      "polder installs Debian 13",
      OURS,
    ),
    item(
      "warranty",
      "5 years, parts on site the next working day, failed disks stay with the customer",
      role === "bridge" || role === "turn"
        ? "the others carry everything meanwhile; disks held keys"
        : "the spare takes its place meanwhile; disks held keys",
      OURS,
    ),
    item(
      "warranty, faster",
      "the same within 4 hours, day and night",
      "priced apart",
      OURS,
      "option",
    ),
  ];
  const tuning: SpecItem[] = media
    ? [
        item(
          "BIOS",
          "profile for performance; C-states below C1 off; turbo on; threads on; virtualisation off where nothing uses it",
          "a core that sleeps deeply wakes too late for a packet that comes every 20 ms for each voice",
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
      ]
    : [];
  return {
    role,
    title: `${TITLES[role]}, ${part.vcpus} vCPU`,
    machines: part.count,
    items: [...base, ...tuning],
  };
}

/** The specifications of all roles for machines of one's own, one for each size of a role. */
export const specSheets = (sizing: Sizing, figures: Figures): SpecSheet[] =>
  sizing.roles.flatMap((size) => size.fleet.map((part) => sheet(size, part, sizing, figures)));

/** What else the document says. */
export interface ProcurementContext {
  readonly instance: string;
  readonly organisation: string;
  /** Whose flavours the plan has. */
  readonly plannedOn: string;
  readonly cost: string;
  readonly demand: readonly string[];
  /** Of the busiest hour, what an average hour of a month carries. */
  readonly averageShare: number;
}

/** The whole document, from the plan's own numbers. */
export function procurementOf(
  sizing: Sizing,
  figures: Figures,
  context: ProcurementContext,
): Procurement {
  const f = (name: FigureName) => figureOf(figures, name);
  const sheets = specSheets(sizing, figures);
  const machines = sheets.reduce((sum, one) => sum + one.machines, 0);
  const spares = sheets.filter(({ role }) => role === "bridge" || role === "control").length;
  const parts = sizing.roles.flatMap((size) => size.fleet.map((part) => ({ size, part })));
  const watts = parts.reduce(
    (sum, { part }) =>
      sum + part.count * (f("wattsServer") + coresSold(part.vcpus) * f("wattsCore")),
    0,
  );
  const vcpus = parts.reduce((sum, { part }) => sum + part.count * part.vcpus, 0);
  const memory = parts.reduce((sum, { part }) => sum + part.count * part.ramMiB, 0) / 1024;
  // Two cores of each stay with the hypervisor; one server more, as one may fail.
  const largest = Math.max(...sizing.roles.map(({ count }) => Math.min(count, 3)));
  const servers = Math.max(largest, Math.ceil(vcpus / (f("serverCores") - 2))) + 1;
  const control = sizing.roles.find(({ role }) => role === "control");
  const addressed = sizing.roles
    .filter(({ role }) => role !== "monitor")
    .reduce((sum, { count }) => sum + count, 0);
  const internet = sizing.total.bitsOutPerSecond + sizing.total.turnBitsPerSecond;
  return {
    instance: context.instance,
    organisation: context.organisation,
    figuresRead: sizing.figuresRead,
    demand: context.demand,
    sheets,
    alternatives: [
      {
        title: "A. Rented cloud",
        order: [
          `${context.plannedOn}:`,
          ...sizing.roles.map((size) => `${TITLES[size.role]}: ${fleetText(size)}`),
          "bridges and relays on dedicated processors; servers of one role on different machines (anti-affinity); public IPv4 and IPv6 on each host but the monitor",
        ],
        fits: "no hardware, ready in minutes, paid by the month; the provider's location must pass the residency rules (polder residency)",
      },
      {
        title: "B. Own servers with a hypervisor",
        order: [
          `${servers} servers of ${f("serverCores")} physical cores, ${next(MEMORY, (memory / Math.max(1, servers - 1)) * 1.2)} GiB ECC, 2 x 25 Gbit/s, 1 rack unit; one of them may fail`,
          `they carry ${vcpus} vCPU (a core each, none promised twice for media) and ${Math.ceil(memory)} GiB in ${machines} virtual machines`,
          "OpenStack or another cloud that polder can build on, with anti-affinity; every line of the media nodes' specification below holds for these servers",
        ],
        fits: "where a government cloud such as ODC-Noord runs the machines, and for small and medium instances: fewest rack units",
      },
      {
        title: "C. Bare metal",
        order: [
          ...sheets.map((one) => `${one.machines} x ${one.title}`),
          `${spares} spares on the shelf: one of each size of media and control nodes`,
        ],
        fits: "highest and steadiest packet rates; most rack units and energy. polder doesn't install bare metal itself: the machines must be offered through a cloud's API",
      },
    ],
    totals: {
      machines,
      spares,
      rackUnits: machines + 2,
      watts,
      kWhAYear: Math.round(watts * 8.76),
      networkPorts: 2 * machines,
      managementPorts: machines,
      publicAddresses: addressed,
      internetMbit: Math.ceil(internet / 1e6),
      terabytesAMonth: Math.ceil((internet / 8 / 1e12) * 3600 * 730 * context.averageShare),
    },
    risks: [
      `control: ${control?.count === 1 ? "one host, the single point of the cluster" : `${control?.count} hosts, each the single point of its shard`}. If it fails, its meetings end, and nobody can start one for about ${f("controlLossMinutes")} minutes (${figures.figures.controlLossMinutes.source}). A spare on the shelf, or a cloud with free capacity, keeps it at that`,
      "bridges and relays: one of each shard, the largest, may fail: people in its meetings are moved within seconds, and the others carry everything",
      "during an upgrade one bridge more is needed for hours: rent it, or use the spare",
      "monitor and management: meetings go on without them; alarms and changes wait",
    ],
    cost: context.cost,
  };
}

/** The document as YAML, for a tender's own tools. */
export const specYaml = (document: Procurement): string =>
  dump(JSON.parse(JSON.stringify(document)), { lineWidth: 110 });

const cell = (words: string): string => words.replaceAll("|", "\\|").replaceAll("\n", " ");
const KINDS: Readonly<Record<SpecItem["kind"], string>> = {
  must: "required",
  option: "**option**",
  state: "vendor states",
};

/** The document as Markdown. */
export function specMarkdown(document: Procurement): string {
  const { totals: t } = document;
  const list = (words: readonly string[]) => words.map((one) => `- ${one}`);
  return [
    `# Hardware of ${document.instance}`,
    "",
    `${document.organisation}. Figures read ${document.figuresRead}. polder plans, it doesn't buy: "assumed" marks what this project chose and nobody published.`,
    "",
    "## What it carries",
    "",
    ...list(document.demand),
    "",
    "## Three ways to have it",
    "",
    "One of the three is enough.",
    "",
    ...document.alternatives.flatMap((one) => [
      `### ${one.title}`,
      "",
      ...list(one.order),
      "",
      `Suits: ${one.fits}.`,
      "",
    ]),
    "## In all, for C (bare metal)",
    "",
    "| What | How much | Remark |",
    "| --- | --- | --- |",
    `| Servers in the racks | ${t.machines} | the media node and the relay that may fail are among them |`,
    `| Spare servers on the shelf | ${t.spares} | beside those: one of each size of media and control nodes; ${t.machines + t.spares} servers to order in all |`,
    `| Rack units | ${t.rackUnits} | two switches included, spares not |`,
    `| Power at full load | ${t.watts} W | assumed until the vendor states watts; cooling not included |`,
    `| Energy | ${t.kWhAYear} kWh a year | at full load all day: an upper bound |`,
    `| Switch ports, data | ${t.networkPorts} | half on each of two switches, LACP across both (MLAG) |`,
    `| Switch ports, management | ${t.managementPorts} | 1 Gbit/s, a network of their own |`,
    `| Public addresses | ${t.publicAddresses} IPv4, as many IPv6 | no NAT in front of media |`,
    `| Internet connection | ${t.internetMbit} Mbit/s out | two lines, each enough alone |`,
    `| Traffic | about ${t.terabytesAMonth} TB a month out | by the day's profile of the instance |`,
    "",
    "## What may fail",
    "",
    ...list(document.risks),
    "",
    "## Cost of A",
    "",
    document.cost,
    "",
    "Each offer for B or C states: the price of each server and of each option, the warranty, the watts, the delivery time, and the price of the energy of five years at a tariff that the buyer gives.",
    "",
    ...document.sheets.flatMap((one) => [
      `## ${one.title}: ${one.machines} ${one.machines === 1 ? "machine" : "machines"}`,
      "",
      "| What | Value | Kind | Why | Source |",
      "| --- | --- | --- | --- | --- |",
      ...one.items.map(
        (item) =>
          `| ${cell(item.what)} | ${cell(item.value)} | ${KINDS[item.kind]} | ${cell(item.why)} | ${cell(item.source)}${item.assumed ? " (assumed)" : ""} |`,
      ),
      "",
    ]),
  ].join("\n");
}
