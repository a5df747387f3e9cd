import type { Blueprint } from "../blueprint/index.ts";

/** Requests and connections that one address may have open; of IPv6, one /64. */
export interface Limits {
  readonly requestsPerSecond: number;
  readonly burst: number;
  readonly connections: number;
  /** Connections that one worker may have open: those of addresses, and its own to Prosody. */
  readonly ofWorker: number;
}

/** What a worker of a small plan may have open. Assumed. */
export const CONNECTIONS = 8_192;

/** Requests for one page with what belongs to it. Assumed: Jitsi's client isn't measured yet. */
const REQUESTS_PER_JOIN = 30;
/** One for the page, one for signalling, twice that while a browser changes networks. Assumed. */
const CONNECTIONS_PER_PERSON = 4;

/**
 * Limits that stop one machine, not one office: behind one public address may sit everybody whom the
 * plan was made for, and they may all join at its rate.
 */
export function limitsOf({ sizing: { total } }: Blueprint): Limits {
  const connections = Math.max(32, Math.ceil(total.people) * CONNECTIONS_PER_PERSON);
  const requestsPerSecond = Math.max(20, Math.ceil(total.joinsPerSecond) * REQUESTS_PER_JOIN);
  return {
    requestsPerSecond,
    burst: 2 * requestsPerSecond,
    connections,
    // One address at its limit in one worker, each with Prosody's end, leaves as much to others.
    ofWorker: Math.max(CONNECTIONS, 4 * connections),
  };
}
