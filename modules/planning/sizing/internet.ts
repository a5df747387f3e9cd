import type { Sizing } from "./sizing.ts";

/** bit/s at the busiest hour, growth included, by where they go. */
export interface InternetTraffic {
  readonly toPeople: number;
  readonly fromPeople: number;
  /** Copies that bridges of one room send each other: they stay inside. */
  readonly betweenBridges: number;
}

/**
 * What crosses the internet. Media of people behind firewalls crosses it once, too: between a relay and
 * the bridges it goes by the private network.
 */
export function internetOf({ loads, total }: Sizing): InternetTraffic {
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  const out = sum(loads.map((load) => load.bitsOutPerSecond));
  const growth = out === 0 ? 0 : total.bitsOutPerSecond / out;
  // Each bridge of a room takes every source in: people send it once.
  const from = sum(loads.map((load) => load.bitsInPerSecond / load.bridgesPerRoom));
  const toPeople = sum(loads.map((load) => load.bitsWithPeople)) - from;
  return {
    toPeople: toPeople * growth,
    fromPeople: from * growth,
    betweenBridges: (out - toPeople) * growth,
  };
}
