import type { Instance } from "../instance/index.ts";
import { weightOf } from "./calibration.ts";
import { type FigureName, figureOf } from "./figures.ts";
import { type Load, loadsOf } from "./load.ts";
import { type Rooms, shardsFor } from "./shards.ts";
import { type PlanData, Unplannable } from "./sizing.ts";

export type Demand = Instance["demand"];
export type Meeting = Demand["meetings"][number];

/** A hair less, so that 3.0000000000000004 hosts, the sum of many loads, are 3. */
export const up = (needs: number): number => Math.max(0, Math.ceil(needs - 1e-9));

/** What a demand asks for, of all its meetings together: a second, growth included. */
export interface Asked {
  /** In an order of their own. */
  readonly meetings: readonly Meeting[];
  /** One a kind of meeting, growth not included. */
  readonly loads: readonly Load[];
  /** Part of the demand that is there: 1, but for a quiet hour. */
  readonly share: number;
  /** How many times today's meetings: with growth, at that hour. */
  readonly scale: number;
  readonly people: number;
  readonly packets: number;
  readonly videosOut: number;
  readonly bitsOut: number;
  readonly kilobytes: number;
  /** What a bridge's processor counts: kilobytes, and videos as kilobytes. */
  readonly weight: number;
  readonly relayedBits: number;
  readonly allocations: number;
  /** Bridges that the largest room needs by its people. More of the same meetings make no room larger. */
  readonly room: number;
  /** Shards by people, before rounding up, and by rooms, none of which is in two. */
  readonly shardsByPeople: number;
  readonly shardsByRooms: number;
  readonly shards: number;
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

/** The rooms of each kind, with what each room asks of bridges. */
export const roomSizes = (loads: readonly Load[], bridges: (load: Load) => number): Rooms[] =>
  loads.map((load) => ({
    kind: load.kind,
    rooms: load.rooms,
    people: load.people / load.rooms,
    bridges: bridges(load) / load.rooms,
    apart: load.bridgesPerRoom > 1 ? load.bridgesPerRoom : 0,
  }));

/** A sum over all meetings, with growth. */
export const grown = (
  { loads, scale }: Pick<Asked, "loads" | "scale">,
  pick: (load: Load) => number,
) => loads.reduce((sum, load) => sum + pick(load), 0) * scale;

/**
 * Adds up a demand.
 *
 * @throws Unplannable when a number is none, a room exceeds what one shard is known to carry, or more
 * shards would be needed than there are addresses for.
 */
export function askedOf(demand: Demand, { figures, cores }: PlanData, share: number): Asked {
  const f = (name: FigureName) => figureOf(figures, name);
  refuseNonsense(demand);
  const roomPeople = f("roomPeople");
  demand.meetings.forEach(({ participants }, i) => {
    if (participants > roomPeople)
      throw new Unplannable(
        ["demand", "meetings", i, "participants"],
        `got ${participants} in one room, at most ${roomPeople} are planned: ${figures.figures.roomPeople.source}`,
      );
  });

  const meetings = inOrder(demand.meetings);
  const loads = loadsOf(meetings, demand.codecs, figures);
  const scale = (1 + demand.growth) * share;
  const sum = (pick: (load: Load) => number) => grown({ loads, scale }, pick);
  const everyone = sum((load) => load.people);
  const people = up(everyone);
  const videosOut = sum((load) => load.streams);
  const bitsOut = sum((load) => load.bitsOutPerSecond);
  const kilobytes = bitsOut / 8 / 1000;

  // The rooms of today fit whole, and all people fit once the demand has grown.
  const controlPeople = f("controlPeople");
  const shardsByRooms = shardsFor(
    roomSizes(loads, () => 0),
    controlPeople,
  ).shards;
  const shardsByPeople = everyone / controlPeople;
  const shards = Math.max(1, shardsByRooms, up(shardsByPeople));
  if (shards > f("shardsMost"))
    throw new Unplannable(
      ["demand", "meetings"],
      `${people} people ask for ${shards} shards of ${controlPeople}, at most ${f("shardsMost")} are planned: ${figures.figures.shardsMost.source}. Split it over several instances`,
    );
  return {
    meetings,
    loads,
    share,
    scale,
    people,
    packets: sum((load) => load.packetsInPerSecond + load.packetsOutPerSecond),
    videosOut,
    bitsOut,
    kilobytes,
    weight: weightOf(cores, { kilobytes, videos: videosOut }),
    relayedBits: sum((load) => load.bitsWithPeople) * demand.behindFirewalls,
    allocations: up(people * demand.behindFirewalls),
    room: Math.max(...loads.map((load) => load.bridgesPerRoom)) * Math.min(1, share),
    shardsByPeople,
    shardsByRooms,
    shards,
  };
}
