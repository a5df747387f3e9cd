import type { Asked } from "./asked.ts";
import { mostWeight, weightOf } from "./calibration.ts";
import type { Offer } from "./catalogue.ts";
import { type FigureName, figureOf } from "./figures.ts";
import type { Load } from "./load.ts";
import type { PlanData } from "./sizing.ts";

/** What one bridge on an offer carries, by each constraint: a second, and as much as is used of it. */
export interface Capacity {
  /** vCPU that count. */
  readonly useful: number;
  /** kB/s, videos counted as kB/s, too. */
  readonly weight: number;
  readonly networkBits: number;
  readonly networkPackets: number;
  readonly kilobytesByMemory: number;
  /** What of memory is the bridge's heap, and of the processor the bridge's beside others: by which figures. */
  readonly parts: { readonly heap: FigureName; readonly processor?: FigureName };
}

/**
 * How much each of some offers carries.
 *
 * @param use whether a bridge has its machine for itself, or shares it with all that carries meetings
 */
export function capacitiesOf(
  offers: readonly Offer[],
  { figures, cores }: PlanData,
  use: "own" | "shared" = "own",
): ReadonlyMap<Offer, Capacity> {
  const parts: Capacity["parts"] =
    use === "own" ? { heap: "heapShare" } : { heap: "singleHeap", processor: "singleProcessor" };
  const f = (name: FigureName) => figureOf(figures, name);
  const [most, full, filled] = [f("bridgeCoresUseful"), f("bridgeFull"), f("bridgeUse")];
  const processor = parts.processor === undefined ? 1 : f(parts.processor);
  const [heap, idle, perKilobyte] = [f(parts.heap), f("ramIdle"), f("ramPerKilobyte")];
  const [ofNetwork, bits] = [f("networkUse"), f("networkBits")];
  return new Map(
    offers.map((offer) => {
      const useful = Math.min(offer.vcpus * processor, most);
      return [
        offer,
        {
          useful,
          weight: mostWeight(cores, useful * full * filled, offer.name),
          networkBits: (offer.networkBits ?? bits) * ofNetwork,
          networkPackets: (offer.networkPackets ?? Number.POSITIVE_INFINITY) * ofNetwork,
          kilobytesByMemory: (offer.ramMiB * 1.048576 * heap - idle) / perKilobyte,
          parts,
        },
      ];
    }),
  );
}

/** What one kind of meeting asks of bridges, by the constraint that it meets first. */
export function bridgesFor(load: Load, c: Capacity, asked: Asked, { cores }: PlanData): number {
  const bytes = load.bitsOutPerSecond / 8000;
  const needs = Math.max(
    (load.packetsOutPerSecond + load.packetsInPerSecond) / c.networkPackets,
    load.bitsOutPerSecond / c.networkBits,
    weightOf(cores, { kilobytes: bytes, videos: load.streams }) / c.weight,
    bytes / c.kilobytesByMemory,
  );
  const apart = load.bridgesPerRoom > 1 ? load.rooms * load.bridgesPerRoom * asked.share : 0;
  return Math.max(needs * asked.scale, apart);
}

/**
 * How many hosts of one capacity another one is worth at least, whatever the load: by the constraint in
 * which it is the smallest. What a processor can't fill is no constraint: a load's bytes are never more
 * than its weight.
 */
export function unitsOf(of: Capacity, unit: Capacity): number {
  const bytes = (c: Capacity) => Math.min(c.weight, c.networkBits / 8000, c.kilobytesByMemory);
  const packets =
    of.networkPackets === Number.POSITIVE_INFINITY
      ? of.networkPackets
      : of.networkPackets / unit.networkPackets;
  return Math.min(of.weight / unit.weight, bytes(of) / bytes(unit), packets);
}
