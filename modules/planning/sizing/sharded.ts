import { type Asked, roomSizes, up } from "./asked.ts";
import { bridgesFor, type Capacity, unitsOf } from "./capacity.ts";
import type { Offer } from "./catalogue.ts";
import { figureOf } from "./figures.ts";
import { type Choice, cheapestSharded, type ShardedFleet, together } from "./fleet.ts";
import {
  cheapestOf,
  constraintsOf,
  groupOf,
  largestOf,
  type Need,
  priceOf,
  type Suitable,
  sizeOf,
  type WordsOf,
} from "./roles.ts";
import { assignRooms, type Shard } from "./shards.ts";
import { mainGroup, type PlanData, type RoleSize, type ShardSize } from "./sizing.ts";

/** What the bridges of several shards are planned from, besides the offers. */
interface Sharded {
  readonly needsOf: (offer: Offer) => readonly Need[];
  readonly words: (offer: Offer) => WordsOf;
  readonly asked: Asked;
}

/** A hair less, so that the sum of many loads that is a whole number counts as one. */
const HAIR = 1e-9;

/** Rooms by shard, with the bridges of this capacity that they ask for. */
const shardsOn = (capacity: Capacity, asked: Asked, data: PlanData): Shard[] =>
  assignRooms(
    roomSizes(asked.loads, (load) => bridgesFor(load, capacity, asked, data)),
    asked.shards,
    figureOf(data.figures, "controlPeople"),
  );

const withFleet = (
  { shard, rooms, people }: Shard,
  fleet: readonly { readonly flavour: string; readonly count: number }[],
): ShardSize => ({
  shard,
  rooms,
  people,
  bridges: fleet.reduce((sum, { count }) => sum + count, 0),
  fleet: fleet.filter(({ count }) => count > 0),
});

/** Bridges of one flavour: what each shard's rooms ask for and one in reserve; what is over, to the fullest. */
function alike(shards: readonly Shard[], flavour: string, bridges: number): ShardSize[] {
  const counts = shards.map(({ needs }) => Math.max(1, up(needs)) + 1);
  let over = bridges - counts.reduce((sum, n) => sum + n, 0);
  const fullest = shards
    .map((_, i) => i)
    .sort((a, b) => (shards[b]?.needs ?? 0) - (shards[a]?.needs ?? 0));
  for (let i = 0; over > 0; i++, over--) {
    const at = fullest[i % fullest.length] ?? 0;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return shards.map((shard, i) => withFleet(shard, [{ flavour, count: counts[i] ?? 0 }]));
}

/** A flavour of a mixture, what one is worth, and how many there are. */
interface Stock {
  readonly flavour: string;
  readonly units: number;
  left: number;
}

/**
 * Fills the shards from a mixture, the lightest first, each with the largest hosts first; what is over
 * goes to the last, the heaviest. `cheapestSharded` says why that is always enough.
 *
 * @param stock the largest first.
 */
function filledFrom(
  shards: readonly Shard[],
  stock: readonly Stock[],
  spare: Stock,
  apart: Stock,
): ShardSize[] {
  const taken = shards.map(() => new Map<Stock, number>());
  const take = (at: number, from: Stock, count: number) => {
    const given = Math.min(count, from.left);
    from.left -= given;
    taken[at]?.set(from, (taken[at]?.get(from) ?? 0) + given);
  };
  shards.forEach((_, at) => {
    take(at, spare, 1);
  });
  shards.forEach((shard, at) => {
    take(at, apart, up(shard.apart));
  });
  const rest = ({ needs, apart: own }: Shard) => needs - own;
  const order = shards
    .map((shard, at) => ({ shard, at }))
    .sort((a, b) => rest(a.shard) - rest(b.shard) || a.at - b.at);
  const last = order.pop();
  for (const { shard, at } of order) {
    // One that carries, even where a shard has no rooms yet.
    let carries = up(shard.apart) > 0 ? 1 : 0;
    let missing = rest(shard);
    while (missing > HAIR || carries === 0) {
      const from = stock.find(({ left }) => left > 0);
      if (!from) break;
      take(at, from, 1);
      missing -= from.units;
      carries++;
    }
  }
  if (last) for (const from of stock) take(last.at, from, from.left);
  return shards.map((shard, at) =>
    withFleet(
      shard,
      stock.map((from) => ({ flavour: from.flavour, count: taken[at]?.get(from) ?? 0 })),
    ),
  );
}

/** An offer as a part of a mixture, in units of the smallest one. */
interface Part extends Choice {
  readonly offer: Offer;
}

/** What a mixture asks for, in units of a capacity. */
function unitsAsked(unit: Capacity, asked: Asked, data: PlanData) {
  let [needs, apart] = [0, 0];
  for (const load of asked.loads) {
    needs += bridgesFor(load, unit, asked, data);
    apart += load.bridgesPerRoom > 1 ? load.rooms * load.bridgesPerRoom * asked.share : 0;
  }
  return { needs, apart: up(apart), rest: needs - apart };
}

/** A mixture as the plan shows it. */
function mixedSize(
  suitable: Suitable,
  parts: readonly Part[],
  { counts, price }: ShardedFleet,
  needs: number,
  { needsOf, words, asked }: Sharded,
  { figures }: PlanData,
): RoleSize {
  const { need, asked: least, refused, priced } = suitable;
  const fleet = parts
    .map(({ offer, carries }, i) =>
      groupOf(offer, counts.get(i) ?? 0, carries / Math.max(HAIR, needs)),
    )
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.carries - a.carries);
  const main = mainGroup({ fleet });
  const chosen = parts.find(({ name }) => name === main.flavour)?.offer as Offer;
  const constraints = needsOf(chosen);
  const count = fleet.reduce((sum, group) => sum + group.count, 0);
  return {
    role: "bridge",
    roles: ["bridge"],
    count,
    countDuringUpgrade: count + 1,
    reserve: asked.shards,
    deciding: largestOf(constraints).name,
    constraints: constraintsOf(constraints, words(chosen), figures),
    need,
    fleet,
    flavourReason: priced
      ? `cheapest with at least ${least}, the failure of the largest of each shard covered: ${price.toFixed(2)} a month${refused(Math.max(...fleet.map(({ monthlyPrice = 0 }) => monthlyPrice)))}`
      : `smallest fleet with at least ${least}, by vCPU and number of hosts, the failure of the largest of each shard covered`,
  };
}

/** The flavours of a mixture as stock, the largest first, and the two that have a task of their own. */
function stockOf(
  parts: readonly Part[],
  { counts, spare, apart }: ShardedFleet,
): [Stock[], Stock, Stock] {
  const all = parts.map(
    ({ name, carries }, i): Stock => ({ flavour: name, units: carries, left: counts.get(i) ?? 0 }),
  );
  const used = all.filter(({ left }) => left > 0).sort((a, b) => b.units - a.units);
  return [used, all[spare] as Stock, all[apart] as Stock];
}

/**
 * A planner of bridges of several shards, which share none: all of one flavour, or a mixture where that
 * is cheaper. Both are enough whichever way rooms fall, so that more demand never costs less.
 */
export function shardedPlanner(
  suitable: Suitable,
  capacityOf: (offer: Offer) => Capacity,
  data: PlanData,
): (from: Sharded) => { size: RoleSize; shardSizes: ShardSize[] } {
  const { offers, priced } = suitable;
  const { figures } = data;
  const unit = capacityOf(
    offers.reduce((a, b) => (capacityOf(b).weight < capacityOf(a).weight ? b : a)),
  );
  const parts = offers.map(
    (offer): Part => ({
      offer,
      name: offer.name,
      carries: unitsOf(capacityOf(offer), unit),
      price: priceOf(offer, priced, figures),
    }),
  );
  const mixable = together(parts);
  return (from) => {
    const { asked, needsOf, words } = from;
    const one = cheapestOf(suitable, figures, needsOf, asked.shards);
    const units = unitsAsked(unit, asked, data);
    const mixture = cheapestSharded(mixable, { shards: asked.shards, ...units }, one.cost);
    if (mixture)
      return {
        size: mixedSize(suitable, parts, mixture, units.needs, from, data),
        shardSizes: filledFrom(shardsOn(unit, asked, data), ...stockOf(parts, mixture)),
      };
    const extra = { reserve: asked.shards, upgrade: 1 };
    return {
      size: sizeOf(suitable, figures, one, words(one.offer), extra),
      shardSizes: alike(shardsOn(capacityOf(one.offer), asked, data), one.offer.name, one.count),
    };
  };
}
