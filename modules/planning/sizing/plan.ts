import type { Instance } from "../instance/index.ts";
import { type CoreModel, marginOf, mostWeight, plannedCores, weightOf } from "./calibration.ts";
import type { Offer } from "./catalogue.ts";
import { type FigureName, type Figures, figureOf } from "./figures.ts";
import { cheapestFleet } from "./fleet.ts";
import { type Load, loadOf } from "./load.ts";
import { assignRooms, type Rooms, type Shard, shardsFor } from "./shards.ts";

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

/** Hosts of one flavour. */
export interface FleetGroup {
  readonly flavour: string;
  readonly count: number;
  readonly vcpus: number;
  readonly ramMiB: number;
  /** The share of the whole demand that one of them carries. */
  readonly carries: number;
  /** Price of one a month, where the catalogue names one; without VAT. */
  readonly monthlyPrice?: number;
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
  /** The largest first; bridges of one shard may be of several flavours. */
  readonly fleet: readonly FleetGroup[];
  readonly flavourReason: string;
}

/** The flavour of each host of a role, in the hosts' order. */
export const flavoursOf = ({ fleet }: RoleSize): string[] =>
  fleet.flatMap(({ flavour, count }) => Array.from({ length: count }, () => flavour));

/** A fleet in words: `6 ccx43, 1 ccx23`. */
export const fleetText = ({ fleet }: RoleSize): string =>
  fleet.map(({ flavour, count }) => `${count} ${flavour}`).join(", ");

/** What all hosts of a role cost a month, without VAT; undefined where a price is unknown. */
export function monthlyOf({ fleet }: RoleSize): number | undefined {
  if (fleet.some(({ monthlyPrice }) => monthlyPrice === undefined)) return undefined;
  return fleet.reduce((sum, { count, monthlyPrice = 0 }) => sum + count * monthlyPrice, 0);
}

/** The part that carries most. */
export const mainGroup = ({ fleet }: Pick<RoleSize, "fleet">): FleetGroup =>
  fleet.reduce((a, b) => (b.count * b.carries > a.count * a.carries ? b : a));

/** One shard: a control host with its bridges, and the rooms that it carries. */
export interface ShardSize extends Omit<Shard, "needs"> {
  /** Bridges of this shard, the one in reserve included. */
  readonly bridges: number;
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
    /** Cores and heap that all bridges but the reserve need, with the model's margin. */
    readonly cores: number;
    readonly memoryMiB: number;
    readonly turnAllocations: number;
    readonly turnBitsPerSecond: number;
  };
  readonly shards: number;
  readonly shardSizes: readonly ShardSize[];
  readonly roles: readonly RoleSize[];
  /** What a person should know before they buy: the number, the limit, its source. */
  readonly warnings: readonly string[];
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

/** What the planner decides from, besides the demand. */
export interface PlanData {
  readonly figures: Figures;
  readonly cores: CoreModel;
}

export interface PlanOptions {
  /** Part of the demand that is there, 1 by default: for a quiet hour, or to see where limits lie. */
  readonly share?: number;
}

type Demand = Instance["demand"];
type Meeting = Demand["meetings"][number];
type Need = RoleSize["need"];

/** A hair less, so that 3.0000000000000004 hosts, the sum of many loads, are 3. */
const up = (needs: number): number => Math.max(0, Math.ceil(needs - 1e-9));

/** A constraint before its words are written: those of the plans that lose are never read. */
interface Draft {
  readonly name: string;
  readonly needs: number;
  readonly reason: () => string;
  readonly from: readonly FigureName[];
  /** A source besides the figures'. */
  readonly source?: string;
}

interface Candidate {
  readonly offer: Offer;
  readonly drafts: readonly Draft[];
}

const REQUIRED = [
  ["simultaneous", 1],
  ["participants", 2],
  ["lastN", 1],
  ["microphones", 1],
] as const;

/** Numbers that no file holds, but a caller might. */
function refuseNonsense(demand: Demand): void {
  if (demand.meetings.length === 0)
    throw new Unplannable(["demand", "meetings"], "got none, at least one is needed");
  const share = (value: number, key: "growth" | "behindFirewalls", most: number) => {
    if (!(value >= 0 && value <= most))
      throw new Unplannable(["demand", key], `got ${value}, 0 to ${most} is allowed`);
  };
  share(demand.growth, "growth", 10);
  share(demand.behindFirewalls, "behindFirewalls", 1);
  demand.meetings.forEach((meeting, i) => {
    for (const [key, least] of REQUIRED) {
      if (!Number.isInteger(meeting[key]) || meeting[key] < least)
        throw new Unplannable(
          ["demand", "meetings", i, key],
          `got ${meeting[key]}, a whole number from ${least} is allowed`,
        );
    }
    const { cameras, participants } = meeting;
    if (typeof cameras === "number" && !(cameras >= 0 && cameras <= participants))
      throw new Unplannable(
        ["demand", "meetings", i, "cameras"],
        `got ${cameras} cameras for ${participants} participants`,
      );
  });
}

/** Meetings in an order of their own, so that the order in the file never changes a plan. */
const inOrder = (meetings: readonly Meeting[]): Meeting[] => {
  const key = (m: Meeting) =>
    `${m.kind}\n${m.simultaneous},${m.cameras},${m.screenShare},${m.layout},${m.lastN},${m.microphones}`;
  return [...meetings].sort((a, b) => {
    if (a.participants !== b.participants) return b.participants - a.participants;
    const [x, y] = [key(a), key(b)];
    return x < y ? -1 : x > y ? 1 : 0;
  });
};

/** Capacity of one bridge on an offer, by each constraint, per second where it is a rate. */
function capacityOf(offer: Offer, { figures, cores }: PlanData) {
  const f = (name: FigureName) => figureOf(figures, name);
  const useful = Math.min(offer.vcpus, f("bridgeCoresUseful"));
  return {
    useful,
    weight: mostWeight(cores, useful * f("bridgeFull") * f("bridgeUse"), offer.name),
    networkBits: offer.networkBits ?? f("networkBits"),
    networkPackets: offer.networkPackets,
    kilobytesByMemory:
      (offer.ramMiB * 1.048576 * f("heapShare") - f("ramIdle")) / f("ramPerKilobyte"),
  };
}

/**
 * Plans the hosts for a demand: of each role the cheapest offer that meets its need, the smallest
 * where the catalogue has no prices, and as many as the largest constraint asks for.
 *
 * @throws Unplannable when a room exceeds what one shard is known to carry, when more shards would be
 * needed than there are addresses for, when no offer is enough, or when a number is none.
 */
export function planSizing(
  demand: Demand,
  offers: readonly Offer[],
  data: PlanData,
  { share = 1 }: PlanOptions = {},
): Sizing {
  const { figures, cores } = data;
  const f = (name: FigureName) => figureOf(figures, name);
  refuseNonsense(demand);
  demand.meetings.forEach((meeting, i) => {
    if (meeting.participants > f("roomPeople")) {
      throw new Unplannable(
        ["demand", "meetings", i, "participants"],
        `got ${meeting.participants} in one room, at most ${f("roomPeople")} are planned: ${figures.figures.roomPeople.source}`,
      );
    }
  });

  const meetings = inOrder(demand.meetings);
  const loads = meetings.map((meeting) => loadOf(meeting, demand.codecs, figures));
  const scale = (1 + demand.growth) * share;
  const grown = (pick: (load: Load) => number) =>
    loads.reduce((sum, load) => sum + pick(load), 0) * scale;
  const people = up(grown((l) => l.people));
  const packets = grown((l) => l.packetsInPerSecond + l.packetsOutPerSecond);
  const videosOut = grown((l) => l.streams);
  const bitsOut = grown((l) => l.bitsOutPerSecond);
  const kilobytes = bitsOut / 8 / 1000;
  const weight = weightOf(cores, { kilobytes, videos: videosOut });
  const relayed = grown((l) => l.bitsWithPeople) * demand.behindFirewalls;
  const allocations = up(people * demand.behindFirewalls);

  // The rooms of today fit whole, and all people fit once the demand has grown.
  const roomSizes = (bridges: (load: Load) => number): Rooms[] =>
    loads.map((load) => ({
      kind: load.kind,
      rooms: load.rooms,
      people: load.people / load.rooms,
      bridges: bridges(load) / load.rooms,
    }));
  const whole = shardsFor(
    roomSizes(() => 0),
    f("controlPeople"),
  ).shards;
  const byPeople = grown((l) => l.people) / f("controlPeople");
  const shards = Math.max(1, whole, up(byPeople));
  if (shards > f("shardsMost")) {
    throw new Unplannable(
      ["demand", "meetings"],
      `${people} people ask for ${shards} shards of ${f("controlPeople")}, at most ${f("shardsMost")} are planned: ${figures.figures.shardsMost.source}. Split it over several instances`,
    );
  }

  /** What one kind of meeting asks of bridges on an offer, by the constraint that it meets first. */
  const bridgesOf = (load: Load, c: ReturnType<typeof capacityOf>): number => {
    const all = load.packetsOutPerSecond + load.packetsInPerSecond;
    const bytes = load.bitsOutPerSecond / 8000;
    const needs = Math.max(
      c.networkPackets === undefined ? 0 : all / (c.networkPackets * f("networkUse")),
      load.bitsOutPerSecond / (c.networkBits * f("networkUse")),
      weightOf(cores, { kilobytes: bytes, videos: load.streams }) / c.weight,
      bytes / c.kilobytesByMemory,
    );
    const apart = load.bridgesPerRoom > 1 ? load.rooms * load.bridgesPerRoom * share : 0;
    return Math.max(needs * scale, apart);
  };

  const room = Math.max(...loads.map((l) => l.bridgesPerRoom)) * Math.min(1, share);
  const bridgeDrafts = (offer: Offer): Draft[] => {
    const c = capacityOf(offer, data);
    const drafts: Draft[] = [
      {
        name: "room",
        // More of the same meetings make no room larger.
        needs: room,
        reason: () => `the largest room at ${f("bridgeRoomPeople")} people a bridge`,
        from: ["bridgeRoomPeople"],
      },
      {
        name: "network",
        needs: Math.max(
          bitsOut / (c.networkBits * f("networkUse")),
          c.networkPackets === undefined ? 0 : packets / (c.networkPackets * f("networkUse")),
        ),
        reason: () =>
          `${(bitsOut / 1e6).toFixed(0)} Mbit/s out at ${c.networkBits / 1e6} Mbit/s${c.networkPackets === undefined ? "" : ` and ${c.networkPackets} packets/s`}, ${f("networkUse")} of it used`,
        from: offer.networkBits === undefined ? ["networkBits", "networkUse"] : ["networkUse"],
        ...(offer.networkBits !== undefined && offer.source && { source: offer.source }),
      },
      {
        name: "processor",
        needs: weight / c.weight,
        reason: () =>
          `${Math.round(kilobytes)} kB/s and ${Math.round(videosOut)} videos out count as ${Math.round(weight)} kB/s, at ${Math.round(c.weight)} on ${c.useful} vCPU of ${offer.name}, ${f("bridgeFull")} x ${f("bridgeUse")} of them used, each planned ${marginOf(cores, offer.name).toFixed(2)} times`,
        from: [
          cores.machines.has(offer.name) ? "marginMeasured" : "margin",
          "bridgeFull",
          "bridgeUse",
          ...(offer.vcpus > c.useful ? (["bridgeCoresUseful"] as const) : []),
        ],
        source: cores.machines.get(offer.name)?.source ?? cores.source,
      },
      {
        name: "memory",
        needs: kilobytes / c.kilobytesByMemory,
        reason: () =>
          `${Math.round(kilobytes)} kB/s out at ${Math.round(c.kilobytesByMemory)} kB/s with ${f("heapShare")} of ${offer.ramMiB} MiB as heap`,
        from: ["ramPerKilobyte", "ramIdle", "heapShare"],
      },
    ];
    if (shards === 1) return drafts;
    // Whichever way rooms fall, each shard rounds up by itself.
    const apart = loads.reduce((sum, load) => sum + bridgesOf(load, c), 0);
    return [
      ...drafts,
      {
        name: "shards",
        needs: up(apart) + shards - 1,
        reason: () =>
          `${apart.toFixed(1)} bridges, each kind of meeting by what it meets first, in ${shards} shards that share none`,
        from: ["controlPeople"],
      },
    ];
  };
  const turnDrafts = (offer: Offer): Draft[] => [
    {
      name: "network",
      needs: (2 * relayed) / ((offer.networkBits ?? f("networkBits")) * f("networkUse")),
      reason: () => `${(relayed / 1e6).toFixed(0)} Mbit/s relayed, in and out`,
      from: offer.networkBits === undefined ? ["networkBits", "networkUse"] : ["networkUse"],
      ...(offer.networkBits !== undefined && offer.source && { source: offer.source }),
    },
    {
      name: "ports",
      needs: allocations / f("turnPorts"),
      reason: () => `${allocations} allocations, one port each`,
      from: ["turnPorts"],
    },
    {
      name: "existence",
      needs: 1,
      reason: () => "someone is always behind a firewall",
      from: ["turnPorts"],
    },
  ];

  /** Offers that meet what a role needs. @throws Unplannable when there is none. */
  const enoughFor = (role: Role) => {
    const need: Need = {
      vcpus: f(`${role}Vcpus`),
      ramMiB: f(`${role}Ram`),
      diskGiB: f("diskSystem"),
    };
    const media = role === "bridge" || role === "turn";
    const asked = `${need.vcpus} vCPU${media ? " (dedicated)" : ""}, ${need.ramMiB} MiB, ${need.diskGiB} GiB`;
    const large = offers.filter(
      (o) => o.vcpus >= need.vcpus && o.ramMiB >= need.ramMiB && o.diskGiB >= need.diskGiB,
    );
    const enough = large.filter((o) => !media || o.dedicated);
    if (enough.length === 0) {
      const why =
        large.length > 0
          ? `: ${large.map((o) => o.name).join(", ")} share their processor with strangers, and media on a shared one stutters`
          : "";
      throw new Unplannable(
        ["location"],
        `no flavour there has ${asked}, which a ${role} host needs${why}`,
      );
    }
    /** Cheaper ones that were passed by, in words. */
    const refused = (price: number | undefined): string => {
      const shared = media
        ? large
            .filter((o) => !o.dedicated && (o.monthly ?? Number.POSITIVE_INFINITY) < (price ?? 0))
            .map((o) => o.name)
        : [];
      return shared.length > 0
        ? `; ${shared.join(", ")} would be cheaper, but ${shared.length > 1 ? "share their processors" : "shares its processor"} with strangers, and media on a shared one stutters`
        : "";
    };
    return { need, asked, enough, refused, priced: enough.every((o) => o.monthly !== undefined) };
  };

  const constraintsOf = (drafts: readonly Draft[]): Constraint[] =>
    drafts.map((draft) => ({
      name: draft.name,
      needs: draft.needs,
      reason: draft.reason(),
      source: [
        ...new Set([
          ...(draft.source ? [draft.source] : []),
          ...draft.from.map((n) => figures.figures[n].source),
        ]),
      ].join("; "),
      assumed: draft.from.some((n) => figures.figures[n].assumed),
    }));

  const partOf = (offer: Offer, count: number, carries: number): FleetGroup => ({
    flavour: offer.name,
    count,
    vcpus: offer.vcpus,
    ramMiB: offer.ramMiB,
    carries,
    ...(offer.monthly !== undefined && { monthlyPrice: offer.monthly }),
  });

  /** Price of a host: by the catalogue, or, without one, by its vCPU and what each host costs anyway. */
  const priceOf = (offer: Offer, priced: boolean): number =>
    priced ? (offer.monthly ?? 0) : offer.vcpus + f("hostVcpus");

  /** One flavour for a role: the cheapest; for single hosts without prices, the smallest. */
  const size = (
    role: Role,
    draftsOf: (offer: Offer) => readonly Draft[],
    { reserve = 0, upgrade = 0 } = {},
  ): RoleSize => {
    const { need, asked, enough, refused, priced } = enoughFor(role);
    const candidates: readonly (Candidate & { readonly largest: Draft; readonly count: number })[] =
      enough.map((offer) => {
        const drafts = draftsOf(offer);
        const largest = drafts.reduce((a, b) => (b.needs > a.needs ? b : a));
        return { offer, drafts, largest, count: Math.max(1, up(largest.needs)) + reserve };
      });
    const cost = (c: (typeof candidates)[number]) => c.count * priceOf(c.offer, priced);
    const best = candidates.reduce((a, b) => {
      const order =
        cost(a) - cost(b) ||
        a.offer.vcpus - b.offer.vcpus ||
        a.offer.ramMiB - b.offer.ramMiB ||
        a.offer.diskGiB - b.offer.diskGiB ||
        (a.offer.name < b.offer.name ? -1 : 1);
      return order <= 0 ? a : b;
    });
    const { offer, count } = best;
    return {
      role,
      count,
      countDuringUpgrade: count + upgrade,
      reserve,
      deciding: best.largest.name,
      constraints: constraintsOf(best.drafts),
      need,
      fleet: [partOf(offer, count, 1 / Math.max(1e-9, best.largest.needs))],
      flavourReason: priced
        ? `cheapest with at least ${asked}: ${count} at ${(offer.monthly ?? 0).toFixed(2)} a month${refused(offer.monthly)}`
        : `smallest fleet with at least ${asked}, by vCPU and number of hosts`,
    };
  };

  /** Bridges of one shard: the cheapest mixture that carries the demand without its largest host. */
  const mixed = (): RoleSize => {
    const { need, asked, enough, refused, priced } = enoughFor("bridge");
    const candidates = enough.map((offer) => {
      const drafts = bridgeDrafts(offer);
      const growing = drafts.filter(({ name }) => name !== "room");
      const needs = Math.max(...growing.map((draft) => draft.needs));
      return { offer, drafts, carries: 1 / Math.max(1e-9, needs) };
    });
    const fleet = cheapestFleet(
      candidates.map(({ offer, carries }) => ({
        name: offer.name,
        carries,
        price: priceOf(offer, priced),
      })),
      up(room),
    );
    const parts = candidates
      .map(({ offer, carries }, i) => partOf(offer, fleet.counts[i] ?? 0, carries))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.carries - a.carries || (a.flavour < b.flavour ? -1 : 1));
    const count = parts.reduce((sum, part) => sum + part.count, 0);
    const together = parts.reduce((sum, part) => sum + part.count * part.carries, 0);
    const [largest, smallest] = [parts[0]?.carries ?? 0, parts.at(-1)?.carries ?? 0];
    const main = mainGroup({ fleet: parts });
    const drafts = candidates.find(({ offer }) => offer.name === main.flavour)?.drafts ?? [];
    // Where one host could go and the rest would still carry everything, the largest room keeps it.
    const byRoom = count - 1 <= up(room) && together - largest - smallest >= 1 - 1e-9;
    const most = drafts
      .filter(({ name }) => name !== "room")
      .reduce((a, b) => (b.needs > a.needs ? b : a));
    return {
      role: "bridge",
      count,
      countDuringUpgrade: count + 1,
      reserve: 1,
      deciding: byRoom && room > 1 ? "room" : most.name,
      constraints: constraintsOf(drafts),
      need,
      fleet: parts,
      flavourReason: priced
        ? `cheapest with at least ${asked}, the failure of the largest covered: ${fleet.price.toFixed(2)} a month${refused(Math.max(...parts.map(({ monthlyPrice = 0 }) => monthlyPrice)))}`
        : `smallest fleet with at least ${asked}, by vCPU and number of hosts, the failure of the largest covered`,
    };
  };

  const one = (reason: string, figure: FigureName) => (): Draft[] => [
    { name: "existence", needs: 1, reason: () => reason, from: [figure] },
  ];
  const bridge =
    shards === 1 ? mixed() : size("bridge", bridgeDrafts, { reserve: shards, upgrade: 1 });
  const rooms: Draft = {
    name: "rooms",
    needs: whole,
    reason: () => `no room in two shards of ${f("controlPeople")}`,
    from: ["controlPeople"],
  };
  const roles: RoleSize[] = [
    size("control", () => [
      {
        name: "people",
        needs: byPeople,
        reason: () => `${people} people at ${f("controlPeople")} a shard`,
        from: ["controlPeople"],
      },
      ...(whole > 1 ? [rooms] : []),
    ]),
    bridge,
    size("turn", turnDrafts, { reserve: 1 }),
    size("monitor", one("one host keeps the logs and raises the alarms", "monitorVcpus")),
    size("edge", one("one host is the way in for management", "edgeVcpus")),
  ];

  const main = mainGroup(bridge);
  const chosen = capacityOf(offers.find((o) => o.name === main.flavour) as Offer, data);
  // The bridges but those in reserve, each with its part of the load.
  const carrying = bridge.fleet.map((group, i) => ({
    ...group,
    count: group.count - (i === 0 ? bridge.reserve : 0),
  }));
  const together = carrying.reduce((sum, { count, carries }) => sum + count * carries, 0);
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
      streams: up(grown((l) => l.streams)),
      packetsPerSecond: up(packets),
      bitsInPerSecond: up(grown((l) => l.bitsInPerSecond)),
      bitsOutPerSecond: up(bitsOut),
      joinsPerSecond: up(grown((l) => l.joinsPerSecond)),
      cores: Number(
        carrying
          .reduce(
            (sum, { count, carries, flavour }) =>
              sum + count * plannedCores(cores, (weight * carries) / together, flavour),
            0,
          )
          .toFixed(1),
      ),
      memoryMiB: up(
        (f("ramPerKilobyte") * kilobytes + f("ramIdle") * (bridge.count - bridge.reserve)) /
          1.048576,
      ),
      turnAllocations: allocations,
      turnBitsPerSecond: up(relayed),
    },
    shards,
    shardSizes: shardSizes(
      shards === 1
        ? [
            {
              shard: 1,
              rooms: loads.map(({ kind, rooms }) => ({ kind, rooms })),
              people: loads.reduce((sum, load) => sum + load.people, 0),
              needs: 0,
            },
          ]
        : assignRooms(
            roomSizes((load) => bridgesOf(load, chosen)),
            shards,
            f("controlPeople"),
          ),
      bridge.count,
    ),
    roles,
    warnings: [
      ...warningsOf(meetings, loads, figures),
      ...(["bridge", "turn"] as const).flatMap((role) => {
        const most = role === "bridge" ? "bridgesMost" : "turnsMost";
        const count = roles.find((r) => r.role === role)?.count ?? 0;
        return count > f(most)
          ? [
              `${count} ${role} hosts, at most ${f(most)} can be built in one instance (${figures.figures[most].source}): split the demand over several`,
            ]
          : [];
      }),
    ],
  };
}

/** Bridges of each shard: what its rooms ask for and one in reserve; what is over, to the fullest. */
function shardSizes(shards: readonly Shard[], bridges: number): ShardSize[] {
  if (shards.length === 1) return shards.map(({ needs: _, ...shard }) => ({ ...shard, bridges }));
  const counts = shards.map(({ needs }) => Math.max(1, up(needs)) + 1);
  let over = bridges - counts.reduce((sum, n) => sum + n, 0);
  const fullest = shards
    .map((_, i) => i)
    .sort((a, b) => (shards[b]?.needs ?? 0) - (shards[a]?.needs ?? 0));
  for (let i = 0; over > 0; i++, over--) {
    const at = fullest[i % fullest.length] ?? 0;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return shards.map(({ needs: _, ...shard }, i) => ({ ...shard, bridges: counts[i] ?? 0 }));
}

/** A join takes its turn: longer than this and people think that it hangs. Seconds. */
const LONG_JOIN = 60;

function warningsOf(
  meetings: readonly Meeting[],
  loads: readonly Load[],
  figures: Figures,
): string[] {
  const f = (name: FigureName) => figureOf(figures, name);
  const source = (name: FigureName) => figures.figures[name].source;
  return meetings.flatMap((meeting, i) => {
    const [n, bridges] = [meeting.participants, loads[i]?.bridgesPerRoom ?? 1];
    const seconds = n / f("joinsPerRoom");
    return [
      ...(bridges > 1
        ? [
            `${meeting.kind}: ${n} people in one room, at most ${f("bridgeRoomPeople")} on one bridge (${source("bridgeRoomPeople")}): each such room is spread over ${bridges} bridges, which relay to each other`,
          ]
        : []),
      ...(seconds > LONG_JOIN
        ? [
            `${meeting.kind}: ${n} people enter at ${f("joinsPerRoom")} joins/s (${source("joinsPerRoom")}), so the last one waits ${Math.round(seconds)} s: open the room early`,
          ]
        : []),
      ...(meeting.lastN > f("lastNClient")
        ? [
            `${meeting.kind}: last-N ${meeting.lastN} is planned, clients ask for ${f("lastNClient")} at most unless told otherwise (${source("lastNClient")})`,
          ]
        : []),
    ];
  });
}
