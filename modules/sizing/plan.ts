import type { Instance } from "../instance/index.ts";
import type { Flavour } from "../residency/index.ts";
import type { FigureName, Figures } from "./figures.ts";
import { figureOf, type Load, loadOf } from "./load.ts";

/** What a host does. */
export type Role = "control" | "bridge" | "turn" | "monitor" | "edge";

/** One reason for a number of hosts; the largest decides. */
export interface Constraint {
  readonly name: string;
  /** Hosts that this constraint asks for, before rounding up. */
  readonly needs: number;
  readonly reason: string;
  readonly source: string;
  readonly assumed: boolean;
}

/** How many hosts of one role, how large, and why. */
export interface RoleSize {
  readonly role: Role;
  readonly count: number;
  /** Hosts while a new version is rolled out. */
  readonly countDuringUpgrade: number;
  /** Hosts that may fail without anyone noticing; included in `count`. */
  readonly reserve: number;
  /** Name of the constraint that decided. */
  readonly deciding: string;
  readonly constraints: readonly Constraint[];
  readonly need: { readonly vcpus: number; readonly ramMiB: number; readonly diskGiB: number };
  readonly flavour: string;
  readonly flavourReason: string;
}

/** Demand turned into machines. */
export interface Sizing {
  /** `assumed` while any number that decided is nobody's published measurement. */
  readonly verdict: "derived" | "assumed";
  readonly reason: string;
  readonly figuresRead: string;
  readonly loads: readonly Load[];
  readonly total: {
    readonly people: number;
    readonly streams: number;
    readonly packetsPerSecond: number;
    readonly bitsInPerSecond: number;
    readonly bitsOutPerSecond: number;
    readonly joinsPerSecond: number;
    readonly cores: number;
    readonly memoryMiB: number;
    readonly turnAllocations: number;
    readonly turnBitsPerSecond: number;
  };
  readonly shards: number;
  readonly roles: readonly RoleSize[];
}

/** A demand that no plan meets. `path` is the field of the instance file that asks for too much. */
export class Unplannable extends Error {
  readonly path: readonly (string | number)[];

  constructor(path: readonly (string | number)[], message: string) {
    super(message);
    this.name = "Unplannable";
    this.path = path;
  }
}

/** Smallest flavour that meets a need: fewest vCPU, then least memory. */
function smallest(
  flavours: readonly Flavour[],
  role: Role,
  need: RoleSize["need"],
): { flavour: string; flavourReason: string } {
  const media = role === "bridge" || role === "turn";
  const fitting = flavours
    .filter((f) => f.vcpus >= need.vcpus && f.ramMiB >= need.ramMiB && f.diskGiB >= need.diskGiB)
    .filter((f) => !media || f.dedicated)
    .sort((a, b) => a.vcpus - b.vcpus || a.ramMiB - b.ramMiB || a.diskGiB - b.diskGiB);
  const best = fitting[0];
  const asked = `${need.vcpus} vCPU${media ? " (dedicated)" : ""}, ${need.ramMiB} MiB, ${need.diskGiB} GiB`;
  if (!best)
    throw new Unplannable(
      ["location"],
      `no flavour there has ${asked}, which a ${role} host needs`,
    );
  return { flavour: best.name, flavourReason: `smallest with at least ${asked}` };
}

/**
 * Plans the hosts for a demand.
 *
 * @throws Unplannable when a room exceeds what one shard is known to carry, or no flavour is enough.
 */
export function planSizing(
  demand: Instance["demand"],
  flavours: readonly Flavour[],
  figures: Figures,
): Sizing {
  const f = (name: FigureName) => figureOf(figures, name);
  const constraint = (
    name: string,
    needs: number,
    reason: string,
    ...from: FigureName[]
  ): Constraint => ({
    name,
    needs,
    reason,
    source: [...new Set(from.map((n) => figures.figures[n].source))].join("; "),
    assumed: from.some((n) => figures.figures[n].assumed),
  });
  demand.meetings.forEach((meeting, i) => {
    if (meeting.participants > f("controlPeople")) {
      throw new Unplannable(
        ["demand", "meetings", i, "participants"],
        `got ${meeting.participants} in one room, at most ${f("controlPeople")} are planned: ${figures.figures.controlPeople.source}`,
      );
    }
  });

  const loads = demand.meetings.map((meeting) => loadOf(meeting, demand.codecs, figures));
  const grown = (pick: (load: Load) => number) =>
    loads.reduce((sum, load) => sum + pick(load), 0) * (1 + demand.growth);
  const people = Math.ceil(grown((l) => l.people));
  const packets = grown((l) => l.packetsInPerSecond + l.packetsOutPerSecond);
  const bitsOut = grown((l) => l.bitsOutPerSecond);
  const kilobytes = bitsOut / 8 / 1000;
  const relayed =
    grown((l) => l.people * (l.bitsDownPerPerson + l.bitsUpPerSender)) * demand.behindFirewalls;
  const allocations = Math.ceil(people * demand.behindFirewalls);
  const shards = Math.ceil(people / f("controlPeople"));

  // The published line gives milli-cores for a bridge that sends so many kB/s; solved for kB/s.
  const kilobytesPerBridge =
    ((f("bridgeVcpus") * 1000 * f("bridgeUse")) / f("cpuSafety") - f("cpuIdle")) /
    f("cpuPerKilobyte");
  const bridges = [
    constraint(
      "packets",
      packets / (f("bridgePackets") * f("bridgeUse")),
      `${Math.round(packets)} packets/s at ${f("bridgePackets")} a bridge, ${f("bridgeUse")} of it used`,
      "bridgePackets",
      "bridgeUse",
    ),
    constraint(
      "people",
      people / f("bridgePeople"),
      `${people} people at ${f("bridgePeople")} a bridge`,
      "bridgePeople",
    ),
    constraint(
      "room",
      Math.max(...loads.map((l) => l.bridgesPerRoom)),
      `the largest room at ${f("bridgeRoomPeople")} people a bridge`,
      "bridgeRoomPeople",
    ),
    constraint(
      "network",
      bitsOut / (f("networkBits") * f("networkUse")),
      `${(bitsOut / 1e6).toFixed(0)} Mbit/s out at ${f("networkBits") / 1e6} Mbit/s, ${f("networkUse")} of it used`,
      "networkBits",
      "networkUse",
    ),
    constraint(
      "processor",
      kilobytes / kilobytesPerBridge,
      `${Math.round(kilobytes)} kB/s out at ${Math.round(kilobytesPerBridge)} kB/s on ${f("bridgeVcpus")} vCPU`,
      "cpuPerKilobyte",
      "cpuIdle",
      "cpuSafety",
      "bridgeVcpus",
    ),
    constraint("shard", shards, "at least one bridge a shard", "controlPeople"),
  ];
  const turns = [
    constraint(
      "network",
      (2 * relayed) / (f("networkBits") * f("networkUse")),
      `${(relayed / 1e6).toFixed(0)} Mbit/s relayed, in and out`,
      "networkBits",
      "networkUse",
    ),
    constraint(
      "ports",
      allocations / f("turnPorts"),
      `${allocations} allocations, one port each`,
      "turnPorts",
    ),
    constraint("existence", 1, "someone is always behind a firewall", "turnPorts"),
  ];

  const size = (
    role: Role,
    constraints: readonly Constraint[],
    extra: { readonly reserve: number; readonly upgrade: number },
    need: RoleSize["need"],
  ): RoleSize => {
    const deciding = constraints.reduce((a, b) => (b.needs > a.needs ? b : a));
    const count = Math.max(1, Math.ceil(deciding.needs)) + extra.reserve;
    return {
      role,
      count,
      countDuringUpgrade: count + extra.upgrade,
      reserve: extra.reserve,
      deciding: deciding.name,
      constraints,
      need,
      ...smallest(flavours, role, need),
    };
  };
  const disk = f("diskSystem");
  const one = (reason: string, figure: FigureName) => [constraint("existence", 1, reason, figure)];
  const roles: RoleSize[] = [
    size(
      "control",
      [
        constraint(
          "people",
          people / f("controlPeople"),
          `${people} people at ${f("controlPeople")} a shard`,
          "controlPeople",
        ),
      ],
      { reserve: 0, upgrade: 0 },
      { vcpus: f("controlVcpus"), ramMiB: f("controlRam"), diskGiB: disk },
    ),
    size(
      "bridge",
      bridges,
      { reserve: 1, upgrade: 1 },
      { vcpus: f("bridgeVcpus"), ramMiB: f("bridgeRam"), diskGiB: disk },
    ),
    size(
      "turn",
      turns,
      { reserve: 1, upgrade: 0 },
      { vcpus: f("turnVcpus"), ramMiB: f("turnRam"), diskGiB: disk },
    ),
    size(
      "monitor",
      one("one host keeps the logs and raises the alarms", "monitorVcpus"),
      { reserve: 0, upgrade: 0 },
      { vcpus: f("monitorVcpus"), ramMiB: f("monitorRam"), diskGiB: disk },
    ),
    size(
      "edge",
      one("one host is the way in for management", "edgeVcpus"),
      { reserve: 0, upgrade: 0 },
      { vcpus: f("edgeVcpus"), ramMiB: f("edgeRam"), diskGiB: disk },
    ),
  ];
  const assumed = roles.filter((r) =>
    r.constraints.some((c) => c.name === r.deciding && c.assumed),
  );
  return {
    verdict: assumed.length > 0 ? "assumed" : "derived",
    reason:
      assumed.length > 0
        ? `rests on figures that nobody has published: ${assumed.map((r) => `${r.role} by ${r.deciding}`).join(", ")}`
        : "every deciding figure is published",
    figuresRead: figures.read,
    loads,
    total: {
      people,
      streams: Math.ceil(grown((l) => l.streams)),
      packetsPerSecond: Math.ceil(packets),
      bitsInPerSecond: Math.ceil(grown((l) => l.bitsInPerSecond)),
      bitsOutPerSecond: Math.ceil(bitsOut),
      joinsPerSecond: Math.ceil(grown((l) => l.joinsPerSecond)),
      cores: Number(
        ((f("cpuSafety") * (f("cpuPerKilobyte") * kilobytes + f("cpuIdle"))) / 1000).toFixed(1),
      ),
      memoryMiB: Math.ceil(f("ramPerKilobyte") * kilobytes),
      turnAllocations: allocations,
      turnBitsPerSecond: Math.ceil(relayed),
    },
    shards,
    roles,
  };
}
