import {
  figureOf,
  fleetText,
  internetOf,
  type Role,
  type Sizing,
} from "../../planning/sizing/index.ts";
import { type OwnServers, ownServers } from "./own-servers.ts";
import { kWhAYear, powerOf, type SpecSheet } from "./spec-items.ts";
import { coresSold, hypervisorSheet, type SpecData, specSheets, TITLES } from "./spec-machines.ts";
import { managementPorts, networkSheets, ROUTERS, switchesFor } from "./spec-network.ts";
import { type InternetLine, internetLine, portSpeed, trafficOf } from "./spec-traffic.ts";

/** One way to have the cluster. */
export interface Alternative {
  readonly title: string;
  readonly order: readonly string[];
  readonly fits: string;
}

/** What one way with machines of one's own takes, added up. */
export interface Totals {
  /** Servers in the racks, and on the shelf beside those. */
  readonly machines: number;
  readonly spares: number;
  /** Switches and routers included, spares not. */
  readonly rackUnits: number;
  /** Servers at full load, each the highest published; switches and routers not included. */
  readonly watts: number;
  readonly kWhAYear: number;
  readonly networkPorts: number;
  readonly managementPorts: number;
}

/** What hosts of one size carry at the busiest hour. */
export interface HostTraffic {
  readonly title: string;
  readonly hosts: number;
  readonly inMbit: number;
  readonly outMbit: number;
}

/** What a procurement officer needs, whole. */
export interface Procurement {
  readonly instance: string;
  readonly organisation: string;
  readonly figuresRead: string;
  /** The demand that it answers, in words. */
  readonly demand: readonly string[];
  readonly traffic: readonly HostTraffic[];
  readonly internet: InternetLine & {
    readonly publicAddresses: number;
    readonly terabytesAMonth: number;
  };
  readonly alternatives: readonly Alternative[];
  /** By way: B and C. */
  readonly totals: { readonly hypervisor: Totals; readonly bareMetal: Totals };
  /** C: the machines of each role. */
  readonly sheets: readonly SpecSheet[];
  /** B: servers for virtual machines. */
  readonly server: SpecSheet;
  /** Switches, routers and lines, of B and of C. */
  readonly network: {
    readonly hypervisor: readonly SpecSheet[];
    readonly bareMetal: readonly SpecSheet[];
  };
  /** What fails, and what that costs. */
  readonly risks: readonly string[];
  readonly cost: string;
  /** What a tenderer answers, and by which law. */
  readonly answer: readonly string[];
  readonly glossary: readonly (readonly [term: string, meaning: string])[];
}

/** What else the document says. */
export interface ProcurementContext {
  readonly instance: string;
  readonly organisation: string;
  /** Whose flavours the plan has. */
  readonly plannedOn: string;
  readonly cost: string;
  readonly demand: readonly string[];
}

const ANSWER = [
  "A line marked required is a minimum requirement: an offer that doesn't meet it, itself or by an equivalent, is set aside. By offering, the tenderer declares to meet each required line but those for which a deviation is named, with its reason. A line marked vendor states is answered with a value, an option with a price; no option excludes an offer.",
  "Every number is a minimum, unless its line says at most, below or within.",
  "The lines of the specification ask for no make and no origin of hardware. Software that the hardware must work with is named because it is in use. Makes that stand in a source or in the cost of a cloud are where a figure was measured or a price was read: no requirement, and not for publication. Where a line names a standard, a benchmark, a mark or a kind of processor, an equivalent is accepted, also where the line doesn't repeat that. The tenderer shows by any suitable means, such as a measurement or a test report, that it is equivalent.",
  "Law: Directive 2014/24/EU, article 42(3)(b) and (4), as the Court of Justice read it in C-424/23 of 16 January 2025 (DYKA Plastics), https://eur-lex.europa.eu/eli/dir/2014/24/oj; in the Netherlands article 2.76 of the Aanbestedingswet 2012, https://wetten.overheid.nl/BWBR0032203/. A make may be named there only where the thing can't be described otherwise, and then with the words \"or equivalent\". polder gives no legal advice: the buyer's own lawyer decides.",
  "Each offer states the price of each unit and of each option, with and without VAT; the delivery time; the warranty; the watts; and the price of the energy of five years at a tariff that the buyer gives.",
];

const GLOSSARY: readonly (readonly [string, string])[] = [
  ["shard", "a group of media nodes under one control host; most instances have one"],
  [
    "media node, bridge",
    "a host that passes on pictures and voices of a meeting (Jitsi's videobridge); a large meeting is spread over several",
  ],
  [
    "relay, TURN",
    "a host through which people reach the media nodes whose own network lets nothing else out",
  ],
  [
    "control",
    "the host that lets people in and brings them together (Prosody, Jicofo, web server)",
  ],
  ["way in for management", "the one host that administrators reach, and from there all others"],
  ["in reserve", "a host more than the meetings need: when one fails, the others carry everything"],
  ["spare", "a server on the shelf, without power, that takes the place of a broken one"],
  ["vCPU", "a virtual machine's processor; counted here as one physical core"],
  [
    "core, thread",
    "a core is a processor of its own; two threads share one core, and count as one here",
  ],
  ["anti-affinity", "a cloud's promise to put two hosts on different machines"],
  ["bonded, LACP, MLAG", "two ports as one connection, here to two switches: one may fail"],
  ["RSS, receive queues", "a port spreads what it receives over several cores"],
  [
    "SR-IOV",
    "a virtual machine uses a port directly, without the hypervisor's work for each packet",
  ],
  ["SRTP", "media, encrypted on its way"],
  ["SFP+, SFP28", "sockets of a network port for 10 and for 25 Gbit/s"],
  ["VLAN", "networks that share cables and don't reach each other"],
  ["IOMMU", "what keeps a virtual machine that uses a port directly out of others' memory"],
  ["ECC", "memory that finds and mends a bit that turned over"],
  ["TPM, Secure Boot", "a chip that keeps a key, and gives it only to what was booted unchanged"],
  ["Redfish", "a standard for the management processor of a server, by the DMTF"],
  [
    "drive write a day",
    "how often a disk may be written over completely, each day of its warranty",
  ],
  ["committed rate", "what a line carries at all times, not only when others are quiet"],
  ["BCP 38", "the rule that a network sends out only its own addresses"],
  ["SNMPv3", "a standard to read a device's counters, encrypted"],
  ["EEA", "the European Economic Area: the EU, Iceland, Liechtenstein and Norway"],
  ["BGP, VRRP", "how routers say which way an address is, and take each other's place"],
  ["assumed", "this project's choice: nobody published a measurement for it"],
];

const SHORT: Readonly<Record<Role, string>> = {
  control: "control",
  bridge: "media node",
  turn: "relay",
  monitor: "monitor",
  edge: "way in",
};

/** Ports for data that the servers of a rack have. */
const PORTS_OF_SERVER = 2;

function totalsOf(
  servers: readonly { readonly count: number; readonly cores: number }[],
  spares: number,
  data: SpecData,
): Totals {
  const sum = (pick: (one: (typeof servers)[number]) => number) =>
    servers.reduce((total, one) => total + one.count * pick(one), 0);
  const machines = sum(() => 1);
  const switches = switchesFor(machines);
  return {
    machines,
    spares,
    rackUnits: machines + switches.data + switches.management + ROUTERS,
    watts: sum(({ cores }) => powerOf(cores, data.servers).mostAtFullLoad),
    kWhAYear: Math.round(sum(({ cores }) => kWhAYear(cores, data.averageShare, data.servers))),
    networkPorts: PORTS_OF_SERVER * machines,
    managementPorts: managementPorts(machines),
  };
}

/** Whether a server may fail without anybody noticing, and what else may. */
function risksOf(sizing: Sizing, { figures }: SpecData): string[] {
  const control = sizing.roles.find(({ role }) => role === "control");
  return [
    `control: ${control?.count === 1 ? "one host, the single point of the cluster" : `${control?.count} hosts, each the single point of its shard`}. If it fails, its meetings end, and nobody can start one for about ${figureOf(figures, "controlLossMinutes")} minutes (${figures.figures.controlLossMinutes.source}). The spare of C, or a cloud with free capacity (A, B), keeps it at that; its warranty of 4 hours restores the spare`,
    "media nodes and relays: one media node of each shard, the largest, and one relay may fail: people in its meetings are moved within seconds, and the others carry everything",
    "a server of B: at most one media node of each shard and one relay are on it, which are those in reserve; control, monitor and way in start again on another one",
    "a switch, a router, a line, a feed: the second one carries everything",
    "during an upgrade one media node more is needed for hours: A rents it, C takes the spare into the rack. B has none free: it upgrades outside the busiest hours, with one media node fewer and none in reserve meanwhile, or orders one server more",
    "monitor, way in, and the switch for management: meetings go on without them; alarms and changes wait",
  ];
}

/** `4 with media node, relay; 1 with media node, control`: servers that carry the same, together. */
function placementText({ placement }: OwnServers): string {
  const alike = new Map<string, number>();
  for (const on of placement) {
    const roles = new Map<Role, number>();
    for (const { role } of on) roles.set(role, (roles.get(role) ?? 0) + 1);
    // Only media nodes stand more than once on one server, each of another shard.
    const text = [...roles]
      .map(([role, count]) => (count > 1 ? `${count} media nodes of as many shards` : SHORT[role]))
      .join(", ");
    alike.set(text, (alike.get(text) ?? 0) + 1);
  }
  return [...alike]
    .map(([text, count]) => `${count} with ${text || "none, free for the one that fails"}`)
    .join("; ");
}

function alternativesOf(
  sizing: Sizing,
  sheets: readonly SpecSheet[],
  spares: number,
  own: OwnServers,
  plannedOn: string,
): Alternative[] {
  const parts = sizing.roles.flatMap((size) => size.fleet);
  const vcpus = parts.reduce((sum, part) => sum + part.count * part.vcpus, 0);
  const memory = parts.reduce((sum, part) => sum + part.count * part.ramMiB, 0) / 1024;
  const machines = parts.reduce((sum, { count }) => sum + count, 0);
  return [
    {
      title: "A. Rented cloud",
      order: [
        `sizes of ${plannedOn}`,
        ...sizing.roles.map(
          (size) =>
            `${TITLES[size.role]}: ${fleetText(size)} (${size.fleet.map((part) => `${part.vcpus} vCPU, ${part.ramMiB / 1024} GiB`).join("; ")} each)`,
        ),
        "media nodes and relays on dedicated processors; hosts of one role on different machines (anti-affinity); public IPv4 and IPv6 on each host but the monitor",
      ],
      fits: "no hardware, ready in minutes, paid by the month; the provider's location must pass the residency rules (polder residency)",
    },
    {
      title: "B. Own servers with a hypervisor",
      order: [
        `${own.servers} servers of ${own.cores} physical cores and ${own.memoryGiB} GiB, one of which may fail: as many as there are media nodes of one shard, or relays, if those are more, because no two of them share a server`,
        `one way to place them: ${placementText(own)}`,
        `they carry ${machines} virtual machines with ${vcpus} vCPU and ${Math.ceil(memory)} GiB, a physical core for each vCPU`,
        "switches, routers and lines as specified below. The specification of C doesn't apply",
      ],
      fits: "where a government cloud such as ODC-Noord runs the machines: its operator's own servers, switches and lines may do, if they meet these lines",
    },
    {
      title: "C. Bare metal",
      order: [
        ...sheets.map((one) => `${one.units} x ${one.title}`),
        `${spares} spares on the shelf: one of each size of media and control nodes`,
        "switches, routers and lines as specified below. The specification of B doesn't apply",
      ],
      fits: "highest and steadiest packet rates; most rack units and energy. polder doesn't install bare metal itself: the machines must be offered through a cloud's API",
    },
  ];
}

/** The whole document, from the plan's own numbers. */
export function procurementOf(
  sizing: Sizing,
  data: SpecData,
  context: ProcurementContext,
): Procurement {
  const { figures } = data;
  const sheets = specSheets(sizing, data);
  const spares = sheets.filter(({ role }) => role === "bridge" || role === "control").length;
  const own = ownServers(sizing, figures);
  const line = internetLine(sizing, figures);
  const parts = sizing.roles.flatMap((size) => size.fleet.map((part) => ({ size, part })));
  const machines = parts.reduce((sum, { part }) => sum + part.count, 0);
  const { toPeople } = internetOf(sizing);
  return {
    instance: context.instance,
    organisation: context.organisation,
    figuresRead: sizing.figuresRead,
    demand: context.demand,
    traffic: parts
      .filter(({ size }) => size.role === "bridge" || size.role === "turn")
      .map(({ size, part }) => {
        const { in: into, out } = trafficOf(size, part, sizing);
        return {
          title: `${TITLES[size.role]}, ${part.vcpus} vCPU`,
          hosts: part.count,
          inMbit: Math.round(into / 1e6),
          outMbit: Math.round(out / 1e6),
        };
      }),
    internet: {
      ...line,
      publicAddresses: sizing.roles
        .filter(({ role }) => role !== "monitor")
        .reduce((sum, { count }) => sum + count, 0),
      terabytesAMonth: Math.ceil((toPeople / 8 / 1e12) * 3600 * 730 * data.averageShare),
    },
    alternatives: alternativesOf(sizing, sheets, spares, own, context.plannedOn),
    totals: {
      hypervisor: totalsOf([{ count: own.servers, cores: own.cores }], 0, data),
      bareMetal: totalsOf(
        parts.map(({ part }) => ({ count: part.count, cores: coresSold(part.vcpus) })),
        spares,
        data,
      ),
    },
    sheets,
    server: hypervisorSheet(own, data),
    network: {
      hypervisor: networkSheets(
        { servers: own.servers, portGigabits: own.portGigabits, line },
        sizing,
        figures,
      ),
      bareMetal: networkSheets(
        { servers: machines, portGigabits: portSpeed(sizing, figures), line },
        sizing,
        figures,
      ),
    },
    risks: risksOf(sizing, data),
    cost: context.cost,
    answer: ANSWER,
    glossary: GLOSSARY,
  };
}
