import type { Role } from "../sizing/index.ts";
import type { Blueprint, Flow } from "./types.ts";

/** How fast connections from the internet may come to one host: new ones in a second, and as many at once. */
export interface Arrivals {
  /** Of one source: an IPv4 address, or a /64 of IPv6, which is one household's or one office's. */
  readonly perSecond: number;
  /** Of one /48 of IPv6, the most that one customer is commonly given (RFC 6177): 65,536 sources in one hand. */
  readonly ofSite: number;
  /** Of all sources of IPv4 together, and of all of IPv6: neither takes the other's. */
  readonly ofFamily: number;
}

/** One for the page, one for signalling, twice that while a browser changes networks. Assumed. */
const CONNECTIONS_PER_JOIN = 4;
/**
 * Beside the plan's own, so that a machine that opens connections and leaves its handshakes half doesn't take the
 * place of those who sit behind the same address: 16,384 at a time, each ended after ten seconds, are 1,600 a second
 * (seen 2026-11-27). The relay over TLS is the second way for those whom UDP serves, too, and its connections cost more.
 */
const TO_SPARE = { control: 1_500, turn: 400 } as const;
/** Of the rate of one source: a /48 leaves other networks a part of the family's, as one source leaves other sources. */
const OF_SITE = 1.25;
const OF_FAMILY = 1.5;

/**
 * Everybody whom the plan was made for may sit behind one public address, and all may join at its rate. It is a rate
 * and no number of open ones: what comes to nothing is ended soon by its service, so that both bound what stands, and
 * a rate costs the kernel the same for one as for thousands, where counting goes through the list of them.
 */
export function arrivalsOf({ sizing: { total } }: Pick<Blueprint, "sizing">, role: Role): Arrivals {
  const spare = role === "turn" ? TO_SPARE.turn : TO_SPARE.control;
  const perSecond = Math.ceil(total.joinsPerSecond) * CONNECTIONS_PER_JOIN + spare;
  return {
    perSecond,
    ofSite: Math.ceil(OF_SITE * perSecond),
    ofFamily: Math.ceil(OF_FAMILY * perSecond),
  };
}

/** How many stand at most that come to nothing, each for so many seconds. */
export const unfinished = ({ ofFamily }: Arrivals, seconds: number): number =>
  2 * ofFamily * (seconds + 1);

/** Flows whose new connections are held to that: TCP, open to everybody. */
export const isCounted = ({ protocol, from }: Flow): boolean =>
  protocol === "tcp" && from.kind === "internet";
