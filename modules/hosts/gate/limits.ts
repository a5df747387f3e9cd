import type { Blueprint } from "../../planning/blueprint/index.ts";

/** How much of something one address, one link or one room may have. */
export interface Limits {
  /** The window of the rates below, in seconds. */
  readonly seconds: number;
  /** Handshakes by one link from one address in that window. */
  readonly handshakes: number;
  /** Tokens of one address in that window whose signature is looked at; a forged one costs 0.35 ms. */
  readonly signatures: number;
  /** Joins by one address in that window. */
  readonly joins: number;
  /** Conference requests by one address in that window. */
  readonly requests: number;
  /** Open sockets of one address. */
  readonly sockets: number;
  /** Sessions by one link, shared among the addresses that they come from, and its occupants in a room. */
  readonly link: number;
  /** Stanzas of one link from one address in that window that are refused; at the next its session ends, and for a window none comes. */
  readonly refused: number;
  /** People in a room. */
  readonly occupants: number;
  /** Bytes of one stanza of a guest or moderator. */
  readonly stanza: number;
  /** Tags of one stanza of a guest or moderator. */
  readonly tags: number;
  /** Bytes that wait for one session to read them. */
  readonly unread: number;
  /** How long a session that is silent has to answer, when somebody waits for its place, in seconds. */
  readonly answer: number;
  /** Refusals of one address in that window that are written down one by one. */
  readonly refusals: number;
  /** How long somebody waits in a lobby at most, in seconds. */
  readonly wait: number;
  /** For how long a relay login counts, in seconds; at half of it the next one comes. */
  readonly login: number;
}

const SECONDS = 10;
/** A browser that changes networks comes back while its old socket still stands. Assumed. */
const SOCKETS_PER_PERSON = 2;
/** Handshakes for one person who gets in: a first that fails, a second. Assumed. */
const TRIES_PER_JOIN = 2;
/**
 * Signatures a second beside the plan's own, so that an attacker with forged tokens doesn't use up the turns of people
 * behind the same address: 250 are 9 % of Prosody's core (docs/benchmarks.md).
 */
const SIGNATURES_TO_SPARE = 250;
/** Those who come beside whom the plan counts in one meeting. Assumed. */
const ROOM_TO_SPARE = 1.25;
/** 80 a second are some 5 % of a core (docs/benchmarks.md), and more than the 50 of `polder probe enumeration`. */
const REFUSED = 800;
/** Questions of a client that comes in, which nothing here answers. Assumed. */
const REFUSED_PER_JOIN = 10;
/** journald takes 10,000 lines in 30 s of one service: 16 addresses at once may fill that. Assumed. */
const REFUSALS_WRITTEN = 200;
/**
 * As long as coturn keeps a relay that nobody asks for again (RFC 8656, 3.2): who is put out can hold on to the one
 * that they have for that time at least, so that a shorter login would shut out nobody sooner. A client
 * that loses its network after that time makes a new connection, by its newest login.
 */
const LOGIN_SECONDS = 600;
/** A client's longest stanza accepts media: some 40 sources of 500 bytes each. Assumed. */
const STANZA_BYTES = 65_536;
/** Tags of that stanza: 36 bytes each in such a list of sources. Assumed. */
const BYTES_PER_TAG = 32;

/** What who joins hears of each who is there: clients' presences have some 2 kB. Assumed, as is the least. */
const UNREAD_PER_OCCUPANT = 4_096;
const UNREAD_AT_LEAST = 262_144;
/** As long as a client waits for an answer to its own question (lib-jitsi-meet, modules/xmpp/strophe.ping.ts). */
const ANSWER_SECONDS = 5;

/**
 * Limits that stop one machine, not one office: behind one public address may sit everybody whom the
 * plan was made for, and they may all join at its rate.
 */
export function limitsOf({ sizing: { total }, demand, meetings }: Blueprint): Limits {
  const joins = Math.max(20, Math.ceil(total.joinsPerSecond * SECONDS));
  const largest = Math.max(...demand.meetings.map(({ participants }) => participants));
  const occupants = Math.ceil(largest * ROOM_TO_SPARE);
  return {
    seconds: SECONDS,
    handshakes: joins * TRIES_PER_JOIN,
    signatures: joins * TRIES_PER_JOIN + SIGNATURES_TO_SPARE * SECONDS,
    joins,
    requests: joins,
    sockets: Math.max(32, Math.ceil(total.people) * SOCKETS_PER_PERSON),
    link: occupants,
    refused: Math.max(REFUSED, joins * REFUSED_PER_JOIN),
    occupants,
    stanza: STANZA_BYTES,
    tags: STANZA_BYTES / BYTES_PER_TAG,
    unread: Math.max(UNREAD_AT_LEAST, occupants * UNREAD_PER_OCCUPANT),
    answer: ANSWER_SECONDS,
    refusals: REFUSALS_WRITTEN,
    wait: meetings.guestWaitMinutes * 60,
    login: LOGIN_SECONDS,
  };
}
