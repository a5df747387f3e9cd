import type { Role } from "../sizing/index.ts";
import type { Blueprint, Flow } from "./types.ts";

/** How fast connections from the internet may come to one host. */
export interface Arrivals {
  /** New ones of one source in a second, and as many at once: of an IPv4 address, or of a /64 of IPv6. */
  readonly perSecond: number;
  /** New ones of all sources together in a second, and as many at once. */
  readonly inAll: number;
}

/** One for the page, one for signalling, twice that while a browser changes networks. Assumed. */
const CONNECTIONS_PER_JOIN = 4;
/**
 * Beside the plan's own, so that a machine that opens connections and leaves its handshakes half doesn't take the
 * place of those who sit behind the same address: 16,384 at a time, each ended after ten seconds, are 1,600 a second
 * (seen 2026-11-27). The relay over TLS is the second way for those whom UDP serves, too, and its connections cost more.
 */
const TO_SPARE = { control: 1_500, turn: 400 } as const;
/** Who comes from elsewhere has as much again, however many come from one address. */
const SOURCES = 2;

/**
 * Everybody whom the plan was made for may sit behind one public address, and all may join at its rate. It is a rate
 * and no number of open ones: what comes to nothing is ended soon by its service, so that both bound what stands, and
 * a rate costs the kernel the same for one as for thousands, where counting goes through the list of them.
 */
export function arrivalsOf({ sizing: { total } }: Pick<Blueprint, "sizing">, role: Role): Arrivals {
  const spare = role === "turn" ? TO_SPARE.turn : TO_SPARE.control;
  const perSecond = Math.ceil(total.joinsPerSecond) * CONNECTIONS_PER_JOIN + spare;
  return { perSecond, inAll: SOURCES * perSecond };
}

/** How many stand at most that come to nothing, each for so many seconds. */
export const unfinished = ({ inAll }: Arrivals, seconds: number): number => inAll * (seconds + 1);

/** Flows whose new connections are held to that: TCP, open to everybody. */
export const isCounted = ({ protocol, from }: Flow): boolean =>
  protocol === "tcp" && from.kind === "internet";
