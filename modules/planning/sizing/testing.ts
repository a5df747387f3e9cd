import fc from "fast-check";
import type { Instance } from "../instance/index.ts";
import type { FigureName, Offer, PlanData, RoleSize, Sizing } from "./index.ts";

type Demand = Instance["demand"];

/** Any demand, up to several shards; each kind of meeting has a name of its own. */
export const anyDemand: fc.Arbitrary<Demand> = fc
  .record({
    meetings: fc.array(
      fc.record({
        participants: fc.oneof(fc.integer({ min: 2, max: 30 }), fc.integer({ min: 2, max: 500 })),
        simultaneous: fc.integer({ min: 1, max: 20 }),
        cameras: fc.oneof(
          fc.constant("all" as const),
          fc.constant("none" as const),
          fc.integer({ min: 0, max: 30 }),
        ),
        screenShare: fc.boolean(),
        layout: fc.constantFrom("stage" as const, "tile" as const),
        lastN: fc.integer({ min: 1, max: 25 }),
        microphones: fc.integer({ min: 1, max: 6 }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
    growth: fc.double({ min: 0, max: 2, noNaN: true }),
    behindFirewalls: fc.double({ min: 0, max: 1, noNaN: true }),
    codecs: fc.constantFrom({ VP8: 1 }, { AV1: 1 }, { VP9: 0.5, H264: 0.5 }),
  })
  .map(({ meetings, ...rest }) => ({
    ...rest,
    meetings: meetings.map((m, i) => ({
      kind: `soort ${i}`,
      ...m,
      cameras: typeof m.cameras === "number" ? Math.min(m.cameras, m.participants) : m.cameras,
    })),
  }));

/** One more than rounding can lose. */
const over = (got: number, most: number): boolean => got > most * (1 + 1e-9) + 1e-6;

interface RoomLoad {
  readonly people: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly bitsOut: number;
  readonly bridges: number;
  readonly relayedBits: number;
}

/** Rooms that were added up already: the same meeting of the same demand. */
const known = new WeakMap<Demand["meetings"][number], RoomLoad>();

function roomLoad(
  meeting: Demand["meetings"][number],
  codecs: Demand["codecs"],
  data: PlanData,
): RoomLoad {
  const load = known.get(meeting) ?? addUp(meeting, codecs, data);
  known.set(meeting, load);
  return load;
}

/** What one room does, person by person, stream by stream: slow, and by no line of the planner. */
function addUp(m: Demand["meetings"][number], codecs: Demand["codecs"], data: PlanData): RoomLoad {
  const f = (name: FigureName) => data.figures.figures[name].value;
  const bits = (height: string) =>
    (["AV1", "VP9", "VP8", "H264"] as const).reduce(
      (sum, codec) => sum + (codecs[codec] ?? 0) * f(`${height}${codec}` as FigureName),
      0,
    );
  const cameras = m.cameras === "all" ? m.participants : m.cameras === "none" ? 0 : m.cameras;
  const voices = Math.min(m.microphones, m.participants);
  let [packetsOut, bitsOut, up] = [0, 0, 0];
  for (let person = 0; person < m.participants; person++) {
    const others = cameras - (cameras === m.participants ? 1 : 0);
    const videos = Math.min(m.lastN, others);
    for (let video = 0; video < videos; video++) {
      const large = m.layout === "stage" && video === 0;
      packetsOut += large ? f("packetsHd") : f(m.layout === "stage" ? "packetsLd" : "packetsSd");
      bitsOut += large ? bits("high") : bits(m.layout === "stage" ? "low" : "standard");
    }
    for (let voice = 0; voice < voices; voice++) {
      packetsOut += f("packetsAudio");
      bitsOut += f("bitsAudio");
    }
    if (m.screenShare) {
      packetsOut += f("packetsHd");
      bitsOut += f("bitsScreen");
    }
    up += bits("low") + bits("standard") + bits("high") + f("bitsAudio");
  }
  const sources =
    cameras * f("packetsSimulcast") +
    voices * f("packetsAudio") +
    (m.screenShare ? f("packetsHd") : 0);
  const sourceBits =
    cameras * (bits("low") + bits("standard") + bits("high")) +
    (m.screenShare ? f("bitsScreen") : 0);
  let bridges = 1;
  while (bridges * f("bridgeRoomPeople") < m.participants) bridges++;
  return {
    people: m.participants,
    packetsIn: bridges * sources,
    packetsOut: packetsOut + (bridges - 1) * sources,
    bitsOut: bitsOut + (bridges - 1) * sourceBits,
    bridges,
    relayedBits: bitsOut + up,
  };
}

/** What is wrong with so many bridges on an offer, for these rooms. */
function bridgeFaults(
  rooms: readonly RoomLoad[],
  bridges: number,
  offer: Offer,
  growth: number,
  { figures, cores }: PlanData,
): string[] {
  const f = (name: FigureName) => figures.figures[name].value;
  const sum = (pick: (room: RoomLoad) => number) =>
    (rooms.reduce((total, room) => total + pick(room), 0) * (1 + growth)) / bridges;
  const large = offer.vcpus >= 8;
  const vcpus = Math.min(offer.vcpus, 8);
  const [packets, out] = [sum((r) => r.packetsIn + r.packetsOut), sum((r) => r.packetsOut)];
  const kilobytes = sum((r) => r.bitsOut) / 8000;
  const factor = cores.machines.get(offer.name)?.factor;
  const needed =
    (factor === undefined ? f("marginUnknown") : factor * f("marginMeasured")) *
    Math.max(
      cores.kilobytes.idle + cores.kilobytes.slope * kilobytes,
      cores.packets.idle + cores.packets.slope * out,
    );
  const ram = f("ramIdle") + f("ramPerKilobyte") * kilobytes;
  const faults: string[] = [];
  const hold = (what: string, got: number, most: number) => {
    if (over(got, most)) faults.push(`${what}: ${got} on a bridge, ${most} at most`);
  };
  hold("packets", packets, f(large ? "bridgePacketsLarge" : "bridgePackets") * f("bridgeUse"));
  hold(
    "people",
    sum((r) => r.people),
    f(large ? "bridgePeopleLarge" : "bridgePeople"),
  );
  hold(
    "network",
    sum((r) => r.bitsOut),
    (offer.networkBits ?? f("networkBits")) * f("networkUse"),
  );
  if (offer.networkPackets) hold("pps", packets, offer.networkPackets * f("networkUse"));
  hold("cores", needed, vcpus * f("bridgeUse"));
  hold("memory", ram, offer.ramMiB * 1.048576 * f("heapShare"));
  hold("bridges of a room", Math.max(...rooms.map((r) => r.bridges)), bridges);
  if (!offer.dedicated) faults.push(`${offer.name} is shared`);
  return faults;
}

/**
 * Holds a plan against the demand by brute force: every room is in exactly one shard, every shard
 * carries its people, and its bridges and the relays carry theirs when one of each has failed.
 */
export function faultsOf(
  demand: Demand,
  sizing: Sizing,
  offers: readonly Offer[],
  data: PlanData,
): string[] {
  const f = (name: FigureName) => data.figures.figures[name].value;
  const faults: string[] = [];
  const size = (role: string) => sizing.roles.find((r) => r.role === role) as RoleSize;
  const offerOf = (role: string) => offers.find((o) => o.name === size(role).flavour) as Offer;

  // Rooms of one name differ in nothing here: the callers name each kind differently.
  const loads = new Map(
    demand.meetings.map((m) => [m.kind, roomLoad(m, demand.codecs, data)] as const),
  );
  const left = new Map(demand.meetings.map((m) => [m.kind, m.simultaneous]));
  let bridges = 0;
  for (const shard of sizing.shardSizes) {
    const rooms = shard.rooms.flatMap(({ kind, rooms: count }) => {
      left.set(kind, (left.get(kind) ?? 0) - count);
      return Array.from({ length: count }, () => loads.get(kind) as RoomLoad);
    });
    const people = rooms.reduce((sum, room) => sum + room.people, 0);
    if (people > f("controlPeople")) faults.push(`shard ${shard.shard}: ${people} people`);
    if (people !== shard.people) faults.push(`shard ${shard.shard} says ${shard.people} people`);
    bridges += shard.bridges;
    if (rooms.length > 0)
      faults.push(
        ...bridgeFaults(rooms, shard.bridges - 1, offerOf("bridge"), demand.growth, data),
      );
    if (shard.bridges < 2) faults.push(`shard ${shard.shard} has no spare bridge`);
  }
  for (const [kind, count] of left) if (count !== 0) faults.push(`${count} rooms of ${kind} left`);
  if (bridges !== size("bridge").count) faults.push(`${bridges} bridges in the shards`);
  const everyone = demand.meetings.reduce((sum, m) => sum + m.simultaneous * m.participants, 0);
  if (over(everyone * (1 + demand.growth), sizing.shards * f("controlPeople")))
    faults.push(`${everyone} people and growth in ${sizing.shards} shards`);
  if (size("control").count !== sizing.shards) faults.push("not one control host a shard");

  const relays = size("turn").count - 1;
  const relayed =
    demand.meetings.reduce(
      (sum, m) => sum + m.simultaneous * (loads.get(m.kind)?.relayedBits ?? 0),
      0,
    ) *
    (1 + demand.growth) *
    demand.behindFirewalls;
  const network = (offerOf("turn").networkBits ?? f("networkBits")) * f("networkUse");
  if (relays < 1) faults.push("no spare relay");
  if (over((2 * relayed) / relays, network)) faults.push(`${relayed} bit/s on ${relays} relays`);
  if (over((everyone * (1 + demand.growth) * demand.behindFirewalls) / relays, f("turnPorts") + 1))
    faults.push("not enough relay ports");
  if (!offerOf("turn").dedicated) faults.push("a shared relay");

  for (const role of sizing.roles) {
    const offer = offerOf(role.role);
    const { vcpus, ramMiB, diskGiB } = role.need;
    if (offer.vcpus < vcpus || offer.ramMiB < ramMiB || offer.diskGiB < diskGiB)
      faults.push(`${offer.name} is too small for ${role.role}`);
  }
  return faults;
}
