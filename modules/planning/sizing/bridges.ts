import { type Asked, up } from "./asked.ts";
import { marginOf } from "./calibration.ts";
import { bridgesFor, type Capacity, capacitiesOf } from "./capacity.ts";
import type { Offer } from "./catalogue.ts";
import { type FigureName, figureOf } from "./figures.ts";
import { cheapestFleet } from "./fleet.ts";
import {
  constraintsOf,
  groupOf,
  largestOf,
  type Need,
  priceOf,
  type Suitable,
  type Words,
} from "./roles.ts";
import { shardedPlanner } from "./sharded.ts";
import { mainGroup, type PlanData, type RoleSize, type ShardSize } from "./sizing.ts";

/** Bridges by each constraint that grows with the demand. */
export function growingNeeds(asked: Asked, c: Capacity, data: PlanData): Need[] {
  const needs: Need[] = [
    {
      name: "network",
      needs: Math.max(asked.bitsOut / c.networkBits, asked.packets / c.networkPackets),
    },
    { name: "processor", needs: asked.weight / c.weight },
    { name: "memory", needs: asked.kilobytes / c.kilobytesByMemory },
  ];
  if (asked.shards > 1) {
    // Whichever way rooms fall, each shard rounds up by itself.
    const apart = asked.loads.reduce((sum, load) => sum + bridgesFor(load, c, asked, data), 0);
    needs.push({ name: "shards", needs: up(apart) + asked.shards - 1 });
  }
  return needs;
}

/** Why a constraint asks for as many bridges on an offer. */
export function wordsOf(
  { name }: Need,
  offer: Offer,
  c: Capacity,
  asked: Asked,
  { figures, cores }: PlanData,
): Words {
  const f = (figure: FigureName) => figureOf(figures, figure);
  const { bitsOut, kilobytes, videosOut, weight, shards } = asked;
  switch (name) {
    case "room":
      return {
        reason: `the largest room at ${f("bridgeRoomPeople")} people a bridge`,
        from: ["bridgeRoomPeople"],
      };
    case "network":
      return {
        reason: `${(bitsOut / 1e6).toFixed(0)} Mbit/s out at ${(offer.networkBits ?? f("networkBits")) / 1e6} Mbit/s${offer.networkPackets === undefined ? "" : ` and ${offer.networkPackets} packets/s`}, ${f("networkUse")} of it used`,
        from: offer.networkBits === undefined ? ["networkBits", "networkUse"] : ["networkUse"],
        source: offer.networkBits === undefined ? undefined : offer.source,
      };
    case "processor":
      return {
        reason: `${Math.round(kilobytes)} kB/s and ${Math.round(videosOut)} videos out count as ${Math.round(weight)} kB/s, at ${Math.round(c.weight)} on ${c.useful} vCPU of ${offer.name}, ${f("bridgeFull")} x ${f("bridgeUse")} of them used, each planned ${marginOf(cores, offer.name).toFixed(2)} times`,
        from: [
          cores.machines.has(offer.name) ? "marginMeasured" : "margin",
          "bridgeFull",
          "bridgeUse",
          ...(offer.vcpus > f("bridgeCoresUseful") ? (["bridgeCoresUseful"] as const) : []),
          ...(c.parts.processor ? [c.parts.processor] : []),
        ],
        source: cores.machines.get(offer.name)?.source ?? cores.source,
      };
    case "memory":
      return {
        reason: `${Math.round(kilobytes)} kB/s out at ${Math.round(c.kilobytesByMemory)} kB/s with ${f(c.parts.heap)} of ${offer.ramMiB} MiB as heap`,
        from: ["ramPerKilobyte", "ramIdle", c.parts.heap],
      };
    default: {
      const apart = asked.loads.reduce(
        (sum, load) => sum + bridgesFor(load, c, asked, { figures, cores }),
        0,
      );
      return {
        reason: `${apart.toFixed(1)} bridges, each kind of meeting by what it meets first, in ${shards} shards that share none`,
        from: ["controlPeople"],
      };
    }
  }
}

/** Bridges of one shard: the cheapest mixture that carries the demand without its largest host. */
function mixed(
  suitable: Suitable,
  room: Need,
  needsOf: (offer: Offer) => readonly Need[],
  words: (offer: Offer) => (need: Need) => Words,
  { figures }: PlanData,
): RoleSize {
  const { need, asked, offers, refused, priced } = suitable;
  const choices = offers.map((offer) => {
    const needs = needsOf(offer);
    return {
      offer,
      name: offer.name,
      needs,
      carries: 1 / Math.max(1e-9, largestOf(needs).needs),
      price: priceOf(offer, priced, figures),
    };
  });
  const least = up(room.needs);
  const cheapest = cheapestFleet(choices, least);
  const fleet = choices
    .map(({ offer, carries }, i) => groupOf(offer, cheapest.counts[i] ?? 0, carries))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.carries - a.carries || (a.flavour < b.flavour ? -1 : 1));
  const count = fleet.reduce((sum, group) => sum + group.count, 0);
  const together = fleet.reduce((sum, group) => sum + group.count * group.carries, 0);
  const [largest, smallest] = [fleet[0]?.carries ?? 0, fleet.at(-1)?.carries ?? 0];
  const main = mainGroup({ fleet });
  const chosen = choices.find(({ name }) => name === main.flavour);
  if (!chosen) throw new RangeError(`no offer ${main.flavour}`);
  // Where one host could go and the rest would still carry everything, the largest room keeps it.
  const byRoom = room.needs > 1 && count - 1 <= least && together - largest - smallest >= 1 - 1e-9;
  return {
    role: "bridge",
    roles: ["bridge"],
    count,
    countDuringUpgrade: count + 1,
    reserve: 1,
    deciding: byRoom ? room.name : largestOf(chosen.needs).name,
    constraints: constraintsOf([room, ...chosen.needs], words(chosen.offer), figures),
    need,
    fleet,
    flavourReason: priced
      ? `cheapest with at least ${asked}, the failure of the largest covered: ${cheapest.price.toFixed(2)} a month${refused(Math.max(...fleet.map(({ monthlyPrice = 0 }) => monthlyPrice)))}`
      : `smallest fleet with at least ${asked}, by vCPU and number of hosts, the failure of the largest covered`,
  };
}

/** The one shard of an instance whose bridges these hosts are. */
export const shardOf = (asked: Asked, { count, fleet }: RoleSize): ShardSize[] => [
  {
    shard: 1,
    rooms: asked.loads.map(({ kind, rooms }) => ({ kind, rooms })),
    people: asked.loads.reduce((sum, load) => sum + load.people, 0),
    bridges: count,
    fleet: fleet.map((group) => ({ flavour: group.flavour, count: group.count })),
  },
];

/** The bridges of all shards, and which shard has which. */
export interface BridgePlan {
  readonly size: RoleSize;
  readonly shardSizes: readonly ShardSize[];
}

/**
 * A planner of bridges on the same offers: of one shard the cheapest mixture, of several as
 * `shardedPlanner` has them.
 */
export function bridgePlanner(suitable: Suitable, data: PlanData): (asked: Asked) => BridgePlan {
  const capacities = capacitiesOf(suitable.offers, data);
  const capacityOf = (offer: Offer) => capacities.get(offer) as Capacity;
  const sharded = shardedPlanner(suitable, capacityOf, data);
  return (asked) => {
    const room: Need = { name: "room", needs: asked.room };
    const growing = (offer: Offer) => growingNeeds(asked, capacityOf(offer), data);
    const words = (offer: Offer) => (need: Need) =>
      wordsOf(need, offer, capacityOf(offer), asked, data);
    if (asked.shards > 1)
      return sharded({ needsOf: (offer) => [room, ...growing(offer)], words, asked });
    const size = mixed(suitable, room, growing, words, data);
    return { size, shardSizes: shardOf(asked, size) };
  };
}
