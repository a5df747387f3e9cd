import { arrivalsOf, type Blueprint, unfinished } from "../../planning/blueprint/index.ts";
import { sizeOfRole } from "../../planning/sizing/index.ts";
import { limitsOf as gateLimits } from "../gate/index.ts";

/** What one address may have; of IPv6, one /64. */
export interface Limits {
  /** Requests for what the page is made of. */
  readonly requestsPerSecond: number;
  readonly burst: number;
  /** Requests for signalling, which cost Prosody time. */
  readonly handshakesPerSecond: number;
  /** Requests that are open, signalling for the most part. */
  readonly connections: number;
  /** Connections that one worker may have open: those of addresses, and its own to Prosody. */
  readonly ofWorker: number;
  /** Memory that all of nginx may take, MiB. */
  readonly memoryMiB: number;
  /** Lines of the access log in half a minute that journald takes. */
  readonly linesInHalfAMinute: number;
}

/** What a worker of a small plan may have open. Assumed. */
export const CONNECTIONS = 8_192;

/**
 * Within so many seconds TLS must be agreed, and as many later a request's header be there: four round trips of a
 * second. Assumed.
 */
export const HANDSHAKE_SECONDS = 5;
/** What a half handshake takes: 873 MiB for 15,383 of them (nginx 1.26.3, OpenSSL 3.5; 2026-11-27), and an eighth. */
const KIB_PER_CONNECTION = 64;
/** Workers, their libraries and zones. Assumed. */
const BASE_MIB = 128;
/** Beside Prosody, Jicofo and the system. Assumed. */
const SHARE_OF_MEMORY = 0.5;

/** Requests for one page with what belongs to it. Assumed: browsers with Jitsi's client joined, and nobody counted. */
const REQUESTS_PER_JOIN = 30;
/** Requests beside those, so that who asks at random leaves the page to who sits behind the same address. Assumed. */
const REQUESTS_TO_SPARE = 200;
/** journald's own limit of a unit (modules/hosts/host/journal.ts), for all other sources. */
const LINES_OF_OTHERS = 10_000;
/** One for the page, one for signalling, twice that while a browser changes networks. Assumed. */
const CONNECTIONS_PER_PERSON = 4;

/**
 * Limits that stop one machine, not one office: behind one public address may sit everybody whom the
 * plan was made for, and they may all join at its rate.
 */
export function limitsOf(blueprint: Blueprint): Limits {
  const { total, roles } = blueprint.sizing;
  const connections = Math.max(32, Math.ceil(total.people) * CONNECTIONS_PER_PERSON);
  const requestsPerSecond = Math.ceil(total.joinsPerSecond) * REQUESTS_PER_JOIN + REQUESTS_TO_SPARE;
  const { signatures, seconds } = gateLimits(blueprint);
  const handshakesPerSecond = signatures / seconds;
  // What comes to nothing, all in one worker; and one address at its limit, each with Prosody's end, leaves as much to others.
  const ofWorker =
    unfinished(arrivalsOf(blueprint, "control"), HANDSHAKE_SECONDS) + 4 * connections;
  const ram = sizeOfRole({ roles }, "control")?.need.ramMiB ?? 0;
  return {
    requestsPerSecond,
    burst: 2 * requestsPerSecond,
    handshakesPerSecond,
    connections,
    ofWorker,
    memoryMiB: Math.min(
      BASE_MIB + Math.ceil((ofWorker * KIB_PER_CONNECTION) / 1024),
      Math.floor(ram * SHARE_OF_MEMORY),
    ),
    linesInHalfAMinute: 30 * (requestsPerSecond + handshakesPerSecond) + LINES_OF_OTHERS,
  };
}
