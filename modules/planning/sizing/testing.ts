import fc from "fast-check";
import type { Instance } from "../instance/index.ts";
import type { FigureName, Offer, PlanData, RoleSize, Sizing } from "./index.ts";

type Demand = Instance["demand"];

/** Any demand, up to several shards; each kind of meeting has a name of its own. */
export const anyDemand: fc.Arbitrary<Demand> = fc
  .record({
    meetings: fc.array(
      fc.record({
        participants: fc.oneof(fc.integer({ min: 2, max: 30 }), fc.integer({ min: 2, max: 700 })),
        simultaneous: fc.integer({ min: 1, max: 20 }),
        cameras: fc.oneof(
          fc.constant("all" as const),
          fc.constant("none" as const),
          fc.integer({ min: 0, max: 30 }),
        ),
        screenShare: fc.boolean(),
        resolution: fc.constantFrom(180 as const, 360 as const, 720 as const, 1080 as const),
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
  readonly packets: number;
  readonly bitsOut: number;
  readonly videos: number;
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
  const rates = new Map(
    ["low", "standard", "high", "fullHd"].map((height) => [
      height,
      (["AV1", "VP9", "VP8", "H264"] as const).reduce(
        (sum, codec) => sum + (codecs[codec] ?? 0) * f(`${height}${codec}` as FigureName),
        0,
      ),
    ]),
  );
  const bits = (height: string) => (rates.get(height) ?? 0) * f("pictureHeaders");
  const cameras = m.cameras === "all" ? m.participants : m.cameras === "none" ? 0 : m.cameras;
  const voices = Math.min(m.microphones, m.participants);
  const top = { 180: "low", 360: "standard", 720: "high", 1080: "fullHd" }[m.resolution];
  const packetsOf = {
    low: "packetsLd",
    standard: "packetsSd",
    high: "packetsHd",
    fullHd: "packetsHd",
  };
  const rate = (height: string) => f(packetsOf[height as "low"] as FigureName);
  const tile = top === "low" ? "low" : "standard";
  const [lowBits, tileBits, topBits] = [bits("low"), bits(tile), bits(top)];
  const [lowPackets, tilePackets, topPackets] = [rate("low"), rate(tile), rate(top)];
  const [voiceBits, voicePackets] = [f("bitsAudio"), f("packetsAudio")];
  const [screenBits, screenPackets] = m.screenShare
    ? [f("bitsScreen") * f("pictureHeaders"), f("packetsHd")]
    : [0, 0];
  let [packetsOut, bitsOut, videosOut] = [0, 0, 0];
  for (let person = 0; person < m.participants; person++) {
    const videos = Math.min(m.lastN, person < cameras ? cameras - 1 : cameras);
    let [seen, heard] = [0, 0];
    if (m.layout === "tile") {
      let [large, small, largePackets, smallPackets] = [0, 0, 0, 0];
      for (let video = 0; video < videos; video++) {
        small += lowBits;
        smallPackets += lowPackets;
        if (video < 4) {
          large += tileBits;
          largePackets += tilePackets;
        }
      }
      seen = Math.max(large, small) + screenBits;
      heard = Math.max(largePackets, smallPackets) + screenPackets;
    } else {
      let [stage, stagePackets] = [screenBits, screenPackets];
      for (let video = 0; video < videos; video++) {
        if (video === 0) {
          stage = Math.max(stage, topBits);
          stagePackets = Math.max(stagePackets, topPackets);
        }
        if (video > 0 || m.screenShare) {
          seen += lowBits;
          heard += lowPackets;
        }
      }
      seen += stage;
      heard += stagePackets;
    }
    for (let voice = 0; voice < voices; voice++) {
      heard += voicePackets;
      seen += voiceBits;
    }
    bitsOut += seen;
    packetsOut += heard;
    videosOut += videos + (m.screenShare ? 1 : 0);
  }
  const sent = {
    180: ["low"],
    360: ["low", "standard"],
    720: ["low", "standard", "high"],
    1080: ["low", "standard", "fullHd"],
  }[m.resolution];
  const sources =
    cameras * f("packetsSimulcast") +
    voices * f("packetsAudio") +
    (m.screenShare ? f("packetsHd") : 0);
  const sourceBits =
    cameras * sent.reduce((sum, height) => sum + bits(height), 0) +
    voices * f("bitsAudio") +
    screenBits;
  let bridges = 1;
  while (bridges * f("bridgeRoomPeople") < m.participants) bridges++;
  const links = bridges - 1;
  return {
    people: m.participants,
    packets: packetsOut + links * sources + bridges * sources,
    bitsOut: bitsOut + links * sourceBits,
    videos: videosOut + links * (cameras + (m.screenShare ? 1 : 0)),
    bridges,
    relayedBits: bitsOut + sourceBits,
  };
}

/** Cores that one bridge needs, from the curve's own numbers. */
function coresNeeded(
  kilobytes: number,
  videos: number,
  offer: Offer,
  { figures, cores }: PlanData,
) {
  const f = (name: FigureName) => figures.figures[name].value;
  const measured = cores.machines.get(offer.name)?.factor;
  const weight = (kilobytes + cores.videoKilobytes * videos) / 1000;
  const curve = cores.scale * weight ** cores.exponent;
  const edge = (f("coresMeasured") / cores.scale) ** (1 / cores.exponent);
  const raw = weight > edge ? (weight / edge) * f("coresMeasured") : curve;
  return raw * (measured === undefined ? f("margin") : measured * f("marginMeasured"));
}

/** All rooms together, growth included. */
interface Totals {
  readonly packets: number;
  readonly bitsOut: number;
  readonly videos: number;
}

function totalsOf(rooms: readonly RoomLoad[], growth: number): Totals {
  let [packets, bitsOut, videos] = [0, 0, 0];
  for (const room of rooms) {
    packets += room.packets * (1 + growth);
    bitsOut += room.bitsOut * (1 + growth);
    videos += room.videos * (1 + growth);
  }
  return { packets, bitsOut, videos };
}

/** Whether one bridge on an offer carries this part of all rooms. */
function fits(totals: Totals, part: number, offer: Offer, data: PlanData): boolean {
  const f = (name: FigureName) => data.figures.figures[name].value;
  const kilobytes = (totals.bitsOut * part) / 8000;
  const network = (offer.networkBits ?? f("networkBits")) * f("networkUse");
  const ram = f("ramIdle") + f("ramPerKilobyte") * kilobytes;
  return !(
    over(totals.bitsOut * part, network) ||
    (offer.networkPackets !== undefined &&
      over(totals.packets * part, offer.networkPackets * f("networkUse"))) ||
    over(
      coresNeeded(kilobytes, totals.videos * part, offer, data),
      Math.min(offer.vcpus, 16) * 0.9 * 0.8,
    ) ||
    over(ram, offer.ramMiB * 1.048576 * f("heapShare"))
  );
}

/** The largest part of all rooms that one bridge carries, found by trying. */
function partOn(totals: Totals, offer: Offer, data: PlanData): number {
  let [low, high] = [0, 1];
  if (fits(totals, high, offer, data)) return high;
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (fits(totals, middle, offer, data)) low = middle;
    else high = middle;
  }
  return low;
}

/** What is wrong with these bridges for these rooms, with the largest of them down. */
export function fleetFaults(
  rooms: readonly RoomLoad[],
  bridges: readonly Offer[],
  growth: number,
  data: PlanData,
): string[] {
  if (bridges.length < 2) return ["no spare bridge"];
  const totals = totalsOf(rooms, growth);
  const parts = new Map<string, number>();
  for (const offer of bridges)
    if (!parts.has(offer.name)) parts.set(offer.name, partOn(totals, offer, data));
  const all = bridges.map((offer) => parts.get(offer.name) ?? 0);
  const together = all.reduce((sum, part) => sum + part, 0) - Math.max(...all);
  const faults = bridges
    .filter(({ dedicated }) => !dedicated)
    .map(({ name }) => `${name} is shared`);
  if (together < 1 - 1e-6) faults.push(`${bridges.length} bridges carry ${together}`);
  if (bridges.length - 1 < rooms.reduce((most, room) => Math.max(most, room.bridges), 0))
    faults.push("too few bridges for the largest room");
  return faults;
}

/** What is wrong with so many relays of one offer, with one of them down. */
export function relayFaults(demand: Demand, count: number, offer: Offer, data: PlanData): string[] {
  const f = (name: FigureName) => data.figures.figures[name].value;
  const faults: string[] = [];
  const relays = count - 1;
  const part = (1 + demand.growth) * demand.behindFirewalls;
  const relayed =
    demand.meetings.reduce(
      (sum, m) => sum + m.simultaneous * roomLoad(m, demand.codecs, data).relayedBits,
      0,
    ) * part;
  const everyone = demand.meetings.reduce((sum, m) => sum + m.simultaneous * m.participants, 0);
  const network = (offer.networkBits ?? f("networkBits")) * f("networkUse");
  if (relays < 1) faults.push("no spare relay");
  if (over((2 * relayed) / relays, network)) faults.push(`${relayed} bit/s on ${relays} relays`);
  if (over((everyone * part) / relays, f("turnPorts") + 1)) faults.push("not enough relay ports");
  if (!offer.dedicated) faults.push("a shared relay");
  if (offer.vcpus < f("turnVcpus") || offer.ramMiB < f("turnRam"))
    faults.push(`${offer.name} is too small for a relay`);
  return faults;
}

/** The rooms of a demand, one by one. */
export const roomsOf = (demand: Demand, data: PlanData): RoomLoad[] =>
  demand.meetings.flatMap((m) =>
    Array.from({ length: m.simultaneous }, () => roomLoad(m, demand.codecs, data)),
  );

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
  const offersByRole = new Map(
    sizing.roles.map(({ role, fleet }) => [
      role as string,
      fleet.flatMap(({ flavour, count }) => {
        const offer = offers.find((o) => o.name === flavour) as Offer;
        return Array.from({ length: count }, () => offer);
      }),
    ]),
  );
  const offersOf = (role: string): Offer[] => offersByRole.get(role) ?? [];
  const offerOf = (role: string) => offersOf(role)[0] as Offer;

  // Rooms of one name differ in nothing here: the callers name each kind differently.
  const loads = new Map(
    demand.meetings.map((m) => [m.kind, roomLoad(m, demand.codecs, data)] as const),
  );
  const left = new Map(demand.meetings.map((m) => [m.kind, m.simultaneous]));
  let bridges = 0;
  const inShards = new Map<string, number>();
  for (const shard of sizing.shardSizes) {
    const rooms = shard.rooms.flatMap(({ kind, rooms: count }) => {
      left.set(kind, (left.get(kind) ?? 0) - count);
      return Array.from({ length: count }, () => loads.get(kind) as RoomLoad);
    });
    const people = rooms.reduce((sum, room) => sum + room.people, 0);
    if (people > f("controlPeople")) faults.push(`shard ${shard.shard}: ${people} people`);
    if (people !== shard.people) faults.push(`shard ${shard.shard} says ${shard.people} people`);
    bridges += shard.bridges;
    const fleet = shard.fleet.flatMap(({ flavour, count }) => {
      inShards.set(flavour, (inShards.get(flavour) ?? 0) + count);
      return new Array<Offer>(count).fill(offers.find((o) => o.name === flavour) as Offer);
    });
    if (fleet.length !== shard.bridges) faults.push(`shard ${shard.shard}: fleet and count differ`);
    if (rooms.length > 0) faults.push(...fleetFaults(rooms, fleet, demand.growth, data));
    if (shard.bridges < 2) faults.push(`shard ${shard.shard} has no spare bridge`);
  }
  for (const [kind, count] of left) if (count !== 0) faults.push(`${count} rooms of ${kind} left`);
  for (const { flavour, count } of size("bridge").fleet)
    if (inShards.get(flavour) !== count)
      faults.push(`${inShards.get(flavour)} ${flavour} in the shards, ${count} planned`);
  if (bridges !== size("bridge").count) faults.push(`${bridges} bridges in the shards`);
  const everyone = demand.meetings.reduce((sum, m) => sum + m.simultaneous * m.participants, 0);
  if (over(everyone * (1 + demand.growth), sizing.shards * f("controlPeople")))
    faults.push(`${everyone} people and growth in ${sizing.shards} shards`);
  if (size("control").count !== sizing.shards) faults.push("not one control host a shard");

  faults.push(...relayFaults(demand, size("turn").count, offerOf("turn"), data));

  for (const role of sizing.roles) {
    if (offersOf(role.role).length !== role.count)
      faults.push(`${role.role}: fleet and count differ`);
    const offer = offersOf(role.role).reduce((a, b) => (b.vcpus < a.vcpus ? b : a));
    const { vcpus, ramMiB, diskGiB } = role.need;
    if (offer.vcpus < vcpus || offer.ramMiB < ramMiB || offer.diskGiB < diskGiB)
      faults.push(`${offer.name} is too small for ${role.role}`);
  }
  return faults;
}
