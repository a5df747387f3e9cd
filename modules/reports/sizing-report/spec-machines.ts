import {
  type FigureName,
  type Figures,
  type FleetGroup,
  figureOf,
  type Role,
  type RoleSize,
  type Servers,
  type Sizing,
} from "../../planning/sizing/index.ts";
import type { OwnServers } from "./own-servers.ts";
import {
  CORES,
  item,
  kWhAYear,
  MEMORY,
  mbit,
  next,
  OURS,
  portText,
  powerOf,
  type SpecItem,
  type SpecSheet,
} from "./spec-items.ts";
import { portSpeed, trafficOf } from "./spec-traffic.ts";

export const TITLES: Readonly<Record<Role, string>> = {
  control: "Control (Prosody, Jicofo, web)",
  bridge: "Media node (videobridge)",
  turn: "Relay (TURN)",
  monitor: "Monitor (logs and alarms)",
  edge: "Way in for management",
};

const JVB_KERNEL = "jitsi-videobridge, config/20-jvb-udp-buffers.conf";

/** What the lines of a sheet are made from, besides the plan. */
export interface SpecData {
  readonly figures: Figures;
  readonly servers: Servers;
  /** Of the busiest hour, what an average hour of a month carries. */
  readonly averageShare: number;
}

const isMedia = (role: Role): boolean => role === "bridge" || role === "turn";

/** Cores of the smallest server that is sold and is enough. */
export const coresSold = (vcpus: number): number => next(CORES, vcpus);

/** Lines that every server has, whatever it is for. */
function everyServer(
  cores: number,
  coresWhy: readonly [why: string, source: string],
  clock: number,
  { figures, servers, averageShare }: SpecData,
): { readonly processor: SpecItem[]; readonly rest: SpecItem[] } {
  const f = (name: FigureName) => figureOf(figures, name);
  const power = powerOf(cores, servers);
  return {
    processor: [
      item(
        "cores",
        `${cores} physical cores or more, 64-bit x86 with instructions for AES, or equivalent that runs Debian 13 for amd64 unchanged; one socket`,
        ...coresWhy,
      ),
      item(
        "processor's class",
        `Geekbench 6 or an equivalent benchmark: single-core score ${f("geekbenchSingle")} or more; multi-core score divided by the number of cores ${f("geekbenchCore")} or more`,
        "both scores are published for a machine on which a bridge was measured. The vendor states SPECrate 2017 Integer (base) as well",
        figures.figures.geekbenchSingle.source,
      ),
      item(
        "clock",
        `${clock.toFixed(1)} GHz base or more`,
        "one thread at a time handles what one person sends, and all of Prosody",
        `${OURS}; https://jitsi.org/jitsi-videobridge-performance-evaluation/`,
      ),
    ],
    rest: [
      item(
        "management port",
        "1 x 1 Gbit/s, RJ45, a management processor (Redfish or equivalent), on the management network alone",
        "whoever controls this port controls the machine, so nobody but administrators may reach it",
      ),
      item("height", "1 rack unit, rails included", "no card needs more"),
      item(
        "power supplies",
        "2, hot-plug, each enough alone, 80 PLUS Platinum or equivalent, on two feeds",
        "one feed may fail",
      ),
      item(
        "watts",
        `the vendor states watts idle and at full load of the server as offered, with the BIOS settings required here, by SPECpower_ssj2008 or equivalent. Planned with ${power.mostAtFullLoad} W at full load, the highest of ${power.results} published results of servers with ${power.cores} cores, and ${Math.round(kWhAYear(cores, averageShare, servers))} kWh a year, by their median (${power.medianIdle} W idle, ${power.medianAtFullLoad} W at full load) over the days of this instance`,
        "feeds and cooling are ordered for the highest; energy is part of the price over five years",
        servers.power.source,
        "state",
      ),
      item(
        "TPM",
        "TPM 2.0 (ISO/IEC 11889) or equivalent, Secure Boot on",
        "the disk's key is sealed to what was booted: a disk taken out opens nowhere else",
      ),
      item(
        "Debian",
        "Debian 13 boots and finds every part without programs of the vendor",
        "polder installs Debian 13",
      ),
    ],
  };
}

const WARRANTY =
  "5 years, repair at the buyer's location with parts and labour, failed disks stay with the buyer";

/** A control host's repair is the one that meetings wait for. */
function warrantyOf(role: Role): SpecItem[] {
  if (role === "control")
    return [
      item(
        "warranty",
        `${WARRANTY}: repaired within 4 hours of the call, day and night`,
        "its failure ends meetings. The spare on the shelf takes its place; until the repair there is no second spare",
      ),
    ];
  return [
    item(
      "warranty",
      `${WARRANTY}: repaired by the end of the next working day`,
      isMedia(role)
        ? "the others carry everything meanwhile; disks held keys"
        : "meetings go on without it, and the spare takes its place; disks held keys",
    ),
    item(
      "warranty, faster",
      "the same, repaired within 4 hours of the call, day and night",
      "priced apart",
      OURS,
      "option",
    ),
  ];
}

const bios = (virtual: boolean): SpecItem =>
  item(
    "BIOS",
    `profile for performance; C-states below C1 off; turbo on; threads on; virtualisation ${virtual ? "on, with IOMMU" : "off"}`,
    "a core that sleeps deeply wakes too late for a packet that comes every 20 ms for each voice",
  );

const onTheServer = [
  item(
    "kernel: governor",
    "performance, on every core",
    "the clock must not climb only after the burst. Set by whoever installs the server: a virtual machine has no say",
  ),
  item(
    "kernel: interrupts",
    "each queue's interrupt on a core of its own, irqbalance off",
    "else two queues land on one core while others idle. Set by whoever installs the server",
  ),
];

const setByPolder = [
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
    "kernel: open files",
    "65000 for each service",
    "a person takes several; for more than 100 people Jitsi's handbook raises the limit. Set by polder",
    "Jitsi handbook, quickstart.md; jitsi-videobridge, debian/jitsi-videobridge2.service",
  ),
];

const portFeatures = (cores: number, virtual: boolean): SpecItem =>
  item(
    "features of a port",
    `${cores} receive queues or more, spread by address and UDP port (RSS over UDP, IPv4 and IPv6), checksum offload${virtual ? ", SR-IOV by which a virtual machine keeps its traffic when one port or switch fails, or equivalent" : ""}`,
    "all packets of a bridge come to one UDP port: one queue is one core's work, people's addresses differ, so they spread",
  );

/** The specification of the machines of one flavour of a role, from the plan's own numbers. */
function machine(size: RoleSize, part: FleetGroup, sizing: Sizing, data: SpecData): SpecSheet {
  const { figures } = data;
  const { role } = size;
  const source = (name: FigureName) => figures.figures[name].source;
  const cores = coresSold(part.vcpus);
  const traffic = trafficOf(size, part, sizing);
  const { processor, rest } = everyServer(
    cores,
    [
      `the plan needs ${part.vcpus} physical ${part.vcpus === 1 ? "core" : "cores"}, one for each vCPU; two threads of one core count as one core. ${cores > part.vcpus ? "Servers with fewer cores are hardly sold. " : ""}One socket: no packet crosses to another one's memory${isMedia(role) ? ". Every packet is encrypted (SRTP)" : ""}`,
      `${source(role === "bridge" ? "bridgeVcpus" : `${role}Vcpus`)}; ${OURS}`,
    ],
    isMedia(role) ? 3 : 2.4,
    data,
  );
  return {
    role,
    title: `${TITLES[role]}, ${part.vcpus} vCPU`,
    units: part.count,
    unit: "machine",
    items: [
      ...processor,
      item(
        "memory",
        `${next(MEMORY, part.ramMiB / 1024)} GiB or more, ECC, the same module in every channel that is used`,
        `${size.need.ramMiB} MiB are needed at least, ${part.ramMiB} were planned; a bit that turns over unseen breaks a call or a key`,
        `${source(role === "bridge" ? "bridgeRam" : `${role}Ram`)}; ${OURS}`,
      ),
      item(
        "network ports",
        `2 x ${portText(portSpeed(sizing, figures))}, bonded over two switches (LACP), IPv4 and IPv6`,
        `${isMedia(role) ? `${mbit(traffic.in)} in and ${mbit(traffic.out)} out at the busiest hour, at most ${figureOf(figures, "networkUse")} of one port, so that one may fail` : "little traffic: the second port is there so that one may fail"}. All servers have ports of one speed, so that one kind of switch and of spare is enough`,
        source("networkUse"),
      ),
      ...(isMedia(role) ? [portFeatures(cores, false)] : []),
      item(
        "disks",
        `2 x ${role === "monitor" ? 960 : 480} GB SSD (1 drive write a day), mirrored, power-loss protection`,
        `${figureOf(figures, "diskSystem")} GiB are used${role === "monitor" ? ", and the logs" : ""}; the smallest that is sold. Media is never stored`,
        source("diskSystem"),
      ),
      ...rest,
      ...warrantyOf(role),
      item(
        "cloud",
        "managed by a cloud's API: OpenStack Ironic over Redfish, or equivalent. The buyer says whether it has one; its own servers aren't counted here",
        "polder orders machines by an API and installs no bare metal itself",
      ),
      ...(isMedia(role) ? [bios(false), ...setByPolder, ...onTheServer] : []),
    ],
  };
}

/** The specifications of all roles for machines of one's own, one for each size of a role. */
export const specSheets = (sizing: Sizing, data: SpecData): SpecSheet[] =>
  sizing.roles.flatMap((size) => size.fleet.map((part) => machine(size, part, sizing, data)));

/** The specification of servers for virtual machines, which carry all roles together. */
export function hypervisorSheet(own: OwnServers, data: SpecData): SpecSheet {
  const { figures } = data;
  const { processor, rest } = everyServer(
    own.cores,
    [
      `at most ${own.vcpusOfOne} vCPU run on one of them, also when one has failed: a physical core for each vCPU, 2 for the hypervisor. Two threads of one core count as one core; vCPU of media nodes and relays are pinned to their core (dedicated)`,
      OURS,
    ],
    3,
    data,
  );
  return {
    title: `Server for virtual machines, ${own.cores} cores`,
    units: own.servers,
    unit: "machine",
    items: [
      ...processor,
      item(
        "memory",
        `${own.memoryGiB} GiB or more, ECC, the same module in every channel that is used`,
        `at most ${Math.ceil(own.memoryOfOneGiB)} GiB of virtual machines on one, and 8 GiB for the hypervisor`,
      ),
      item(
        "network ports",
        `2 x ${portText(own.portGigabits)}, bonded over two switches (LACP), IPv4 and IPv6`,
        `${mbit(own.bitsOfOne)} each way at the busiest hour on the fullest, at most ${figureOf(figures, "networkUse")} of one port, so that one may fail; copies of volumes go over the same ports`,
        figures.figures.networkUse.source,
      ),
      portFeatures(own.cores, true),
      item(
        "disks",
        "2 x 480 GB SSD for the system, mirrored, and 2 x 1.92 TB SSD for volumes (1 drive write a day), power-loss protection; the cloud keeps each volume on two servers",
        "control and monitor start on another server with their volumes when theirs has failed. Media is never stored",
      ),
      ...rest,
      item(
        "warranty",
        `${WARRANTY}: repaired by the end of the next working day`,
        "one server may fail: its media node and relay are those in reserve, and the cloud starts its other machines elsewhere",
      ),
      item(
        "warranty, faster",
        "the same, repaired within 4 hours of the call, day and night",
        "priced apart",
        OURS,
        "option",
      ),
      bios(true),
      ...onTheServer,
      item(
        "cloud",
        "OpenStack, or another cloud that polder can build on, with servers of one role on different machines (anti-affinity) and pinned vCPU",
        "polder orders virtual machines by the cloud's API. The buyer says which cloud it has; its own control plane isn't counted anywhere here: whoever has none yet orders three servers of this specification more for it",
      ),
    ],
  };
}
