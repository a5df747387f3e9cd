import type { Blueprint } from "../blueprint/index.ts";

/** First port that IANA leaves to everybody (RFC 6335, 6), where relays start. */
const FIRST_PORT = 49152;
const LAST_PORT = 65535;

/**
 * Allocations of one person: a browser asks over UDP and over TLS, from each of its addresses, and
 * keeps the old ones for a moment when it changes networks. Assumed: two ways, two addresses.
 */
const ALLOCATIONS_PER_PERSON = 4;

/** Room above what the plan's own bit rates need, for bursts and retransmissions. Assumed. */
const RATE_MARGIN = 2;

export interface TurnLimits {
  readonly firstPort: number;
  readonly lastPort: number;
  /** Allocations at a time, all people together. */
  readonly totalQuota: number;
  /** Allocations at a time of one user name. */
  readonly userQuota: number;
  /** Bytes a second of one allocation, each way. */
  readonly bytesPerSecond: number;
}

/**
 * How much one turn host gives away. Everybody who joins gets relay addresses, not only who needs
 * them, and while one host fails the others carry its people.
 */
export function turnLimits({ sizing }: Pick<Blueprint, "sizing">): TurnLimits {
  const { people, joinsPerSecond } = sizing.total;
  const { count = 1, reserve = 0 } = sizing.roles.find(({ role }) => role === "turn") ?? {};
  const carrying = Math.max(1, count - reserve);
  const wanted = Math.max(64, Math.ceil((people * ALLOCATIONS_PER_PERSON) / carrying));
  // One port an allocation (RFC 8656), as many again for those that were just given back.
  const ports = Math.min(2 * wanted, LAST_PORT - FIRST_PORT + 1);
  const fastest = Math.max(
    ...sizing.loads.map((load) => Math.max(load.bitsDownPerPerson, load.bitsUpPerSender)),
  );
  return {
    firstPort: FIRST_PORT,
    lastPort: FIRST_PORT + ports - 1,
    totalQuota: ports / 2,
    // Prosody's user name is the second in which a login ends (mod_external_services, `ttl`), so who
    // joins in one second shares one quota, until the gate names each person.
    userQuota: ALLOCATIONS_PER_PERSON * Math.max(1, Math.ceil(joinsPerSecond)),
    bytesPerSecond: Math.ceil((fastest * RATE_MARGIN) / 8),
  };
}
