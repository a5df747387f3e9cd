import {
  type Figures,
  type FleetGroup,
  figureOf,
  internetOf,
  type RoleSize,
  type Sizing,
} from "../../planning/sizing/index.ts";
import { next, PORTS } from "./spec-items.ts";

/** bit/s into and out of one host at the busiest hour, with the reserve of its role down. */
export function trafficOf(
  size: RoleSize,
  part: FleetGroup,
  { total }: Sizing,
): { readonly in: number; readonly out: number } {
  const carrying = Math.max(1, size.count - size.reserve);
  if (size.role === "bridge") {
    const share = Math.min(1, Math.max(part.carries, 1 / carrying));
    return { in: total.bitsInPerSecond * share, out: total.bitsOutPerSecond * share };
  }
  // A relay takes each packet in and sends it on.
  const relayed = size.role === "turn" ? total.turnBitsPerSecond / carrying : 0;
  return { in: relayed, out: relayed };
}

/** Gbit/s of the ports of all servers: one speed, so that one kind of switch and of spare is enough. */
export function portSpeed(sizing: Sizing, figures: Figures): number {
  const most = Math.max(
    ...sizing.roles.flatMap((size) =>
      size.fleet.flatMap((part) => Object.values(trafficOf(size, part, sizing))),
    ),
  );
  return next(PORTS, most / 1e9 / figureOf(figures, "networkUse"));
}

/** The lines to the internet, and how their rate follows from the meetings. */
export interface InternetLine {
  /** Mbit/s each way that one line alone carries at all times. */
  readonly committedMbit: number;
  readonly portGigabits: number;
  /** Each step of the derivation, in words. */
  readonly steps: readonly string[];
}

const whole = (bits: number): string => `${Math.round(bits / 1e6)} Mbit/s`;

export function internetLine(sizing: Sizing, figures: Figures): InternetLine {
  const use = figureOf(figures, "networkUse");
  const { toPeople, fromPeople, betweenBridges } = internetOf(sizing);
  const { bitsOutPerSecond, turnBitsPerSecond } = sizing.total;
  const needed = Math.max(toPeople, fromPeople) / use / 1e6;
  // Rates are sold in steps: of 10 Mbit/s, and of 100 above a Gbit/s.
  const step = needed > 1000 ? 100 : 10;
  const committedMbit = Math.ceil(needed / step) * step;
  return {
    committedMbit,
    portGigabits: next(PORTS, committedMbit / 1000),
    steps: [
      `media nodes send ${whole(bitsOutPerSecond)}; of that ${whole(betweenBridges)} go from one media node to another of the same room, and stay inside`,
      `to people: ${whole(toPeople)} at the busiest hour; from people: ${whole(fromPeople)}`,
      `through relays go ${whole(turnBitsPerSecond)} of both together: between relay and media node inside, and the same once over the internet, which is counted already`,
      `the larger way, at most ${use} of a line used: ${committedMbit} Mbit/s each way, on each of two lines, as each is enough alone`,
    ],
  };
}
