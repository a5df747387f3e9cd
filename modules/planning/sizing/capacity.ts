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
}

/** How much each of some offers carries. */
export function capacitiesOf(
  offers: readonly Offer[],
  { figures, cores }: PlanData,
): ReadonlyMap<Offer, Capacity> {
  const f = (name: FigureName) => figureOf(figures, name);
  const [most, full, filled] = [f("bridgeCoresUseful"), f("bridgeFull"), f("bridgeUse")];
  const [heap, idle, perKilobyte] = [f("heapShare"), f("ramIdle"), f("ramPerKilobyte")];
  const [use, bits] = [f("networkUse"), f("networkBits")];
  return new Map(
    offers.map((offer) => {
      const useful = Math.min(offer.vcpus, most);
      return [
        offer,
        {
          useful,
          weight: mostWeight(cores, useful * full * filled, offer.name),
          networkBits: (offer.networkBits ?? bits) * use,
          networkPackets: (offer.networkPackets ?? Number.POSITIVE_INFINITY) * use,
          kilobytesByMemory: (offer.ramMiB * 1.048576 * heap - idle) / perKilobyte,
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
