import { arrivalsOf, type Blueprint, unfinished } from "../../planning/blueprint/index.ts";
import { sizeOfRole } from "../../planning/sizing/index.ts";

/** First port that IANA leaves to everybody (RFC 6335, 6), where relays start. */
const FIRST_PORT = 49152;
const LAST_PORT = 65535;

/**
 * Allocations of one person: a browser asks over UDP and over TLS, from each of its addresses, and
 * keeps the old ones for a moment when it changes networks. Assumed: two ways, two addresses.
 */
const ALLOCATIONS_PER_PERSON = 4;

/**
 * A browser that is closed gives back none of what it has by UDP: coturn keeps it for 10 minutes. Who
 * reloads the page comes to the same place in their link. Assumed: once in that time.
 */
const COMINGS = 2;

/** Room above what the plan's own bit rates need, for bursts and retransmissions. Assumed. */
const RATE_MARGIN = 2;

/**
 * Within so many seconds from its first packet on a client has its relay, or is let go of: five round trips of a
 * second, and one packet lost. Assumed; coturn's own is 60.
 */
export const ALLOCATE_SECONDS = 6;
/** What a connection takes that came to nothing, or a relay: 1.7 GB for 20,000 (4.6.1, 2026-11-27). */
const KIB_PER_CONNECTION = 90;
const BASE_MIB = 128;
/** Beside the system, on a host that does nothing else, and beside all else that carries meetings. Assumed. */
const SHARE_OF_MEMORY = { alone: 0.75, beside: 0.125 };

export interface TurnLimits {
  readonly firstPort: number;
  readonly lastPort: number;
  /** Allocations at a time, all people together. */
  readonly totalQuota: number;
  /** Allocations at a time of one user name: a place in a link, of which the gate gives one to a session. */
  readonly userQuota: number;
  /** Bytes a second of one allocation, each way. */
  readonly bytesPerSecond: number;
  /** Memory that coturn may take, MiB. */
  readonly memoryMiB: number;
  /** Sockets and files. */
  readonly descriptors: number;
}

/**
 * How much one turn host gives away. Everybody who joins gets relay addresses, not only who needs
 * them, and while one host fails the others carry its people.
 */
export function turnLimits({ sizing }: Pick<Blueprint, "sizing">): TurnLimits {
  const { people } = sizing.total;
  const size = sizeOfRole(sizing, "turn");
  const { count = 1, reserve = 0, roles = [] } = size ?? {};
  const carrying = Math.max(1, count - reserve);
  const wanted = Math.max(64, Math.ceil((people * ALLOCATIONS_PER_PERSON) / carrying));
  // One port an allocation (RFC 8656), as many again for those that were just given back.
  const ports = Math.min(2 * wanted, LAST_PORT - FIRST_PORT + 1);
  const fastest = Math.max(
    ...sizing.loads.map((load) => Math.max(load.bitsDownPerPerson, load.bitsUpPerSender)),
  );
  const idle = unfinished(arrivalsOf({ sizing }, "turn"), ALLOCATE_SECONDS);
  const kib = (idle + ports / 2) * KIB_PER_CONNECTION;
  return {
    firstPort: FIRST_PORT,
    lastPort: FIRST_PORT + ports - 1,
    totalQuota: ports / 2,
    userQuota: ALLOCATIONS_PER_PERSON * COMINGS,
    bytesPerSecond: Math.ceil((fastest * RATE_MARGIN) / 8),
    memoryMiB: Math.min(
      BASE_MIB + Math.ceil(kib / 1024),
      Math.floor((size?.need.ramMiB ?? 0) * SHARE_OF_MEMORY[roles.length > 1 ? "beside" : "alone"]),
    ),
    // A relay has two: its client's, where that comes over TLS, and the one that the bridges see.
    descriptors: idle + ports + 1_024,
  };
}
