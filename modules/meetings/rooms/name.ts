import { createHmac } from "node:crypto";
import { ALPHABET, bitsAsText, checkOf, randomText, textOf } from "./alphabet.ts";

/** How many characters of five bits each part has, in order; the check character comes last. */
export const RANDOM = 26;
const DAY = 3;
const KEY = 1;
export const MAC = 16;
export const LENGTH = RANDOM + DAY + KEY + MAC + 1;

/** Characters that the MAC covers: all before it. */
const COVERED = RANDOM + DAY + KEY;

/** The first day that a name can hold, in seconds since 1970: 2024-01-01, UTC. */
const EPOCH = Date.UTC(2024, 0, 1) / 1000;
const SECONDS = 86_400;

/** Names that a key can be called by: 0 to 31, one character. */
export const KEY_INDEXES = 32;

/** A key of rooms' names. */
export interface RoomKey {
  /** 0 to 31. It stands in each name, so that two keys can count during a rotation. */
  readonly index: number;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/** What a name says of itself, once its MAC is seen to be right. */
export interface RoomName {
  readonly name: string;
  /** The moment from which on it doesn't count, in seconds since 1970. */
  readonly until: number;
  readonly key: number;
}

/**
 * The first 80 bits: the least that RFC 2104, 5, allows. It advises half of the hash, 128 here, against
 * birthday attacks; nobody but the issuer gets anything signed here, so there is none. Each try costs a
 * question to the server.
 */
function macOf(domain: string, covered: string, { key }: RoomKey): string {
  const text = `polder room 1\0${domain}\0${covered}`;
  return bitsAsText(createHmac("sha256", key).update(text).digest(), MAC);
}

/**
 * A name that nobody can guess: 130 random bits, the day after which it doesn't count, a MAC over
 * both, a check character.
 *
 * @param until seconds since 1970: the name counts to the end of that moment's day, UTC
 * @param random the system's source of chance
 */
export function makeRoom(
  domain: string,
  until: number,
  key: RoomKey,
  random: (bytes: number) => Uint8Array,
): RoomName {
  const day = Math.floor((until - EPOCH) / SECONDS);
  if (day < 0 || day >= 32 ** DAY) throw new Error(`no name holds the day of ${until}`);
  const days = [day >> 10, (day >> 5) & 31, day & 31];
  const covered = randomText(random, RANDOM) + textOf([...days, key.index]);
  const text = covered + macOf(domain, covered, key);
  return {
    name: text + checkOf(text),
    until: EPOCH + (day + 1) * SECONDS,
    key: key.index,
  };
}

/** What a person typed or read aloud, as it was meant: case, blanks, hyphens, o for 0, i and l for 1. */
export const normalise = (typed: string): string =>
  typed.toLowerCase().replace(/[\s-]/g, "").replaceAll("o", "0").replace(/[il]/g, "1");

/** A name in groups of four, to read aloud. */
export const display = (name: string): string => name.replace(/.{4}(?!$)/g, "$& ");

/** Why a text is no name. Only a page or a command may tell: a server answers all alike. */
export type NotRead =
  /** Too short, too long, a character of no name, or the check character says that one is wrong. */
  | "mistyped"
  /** By a key that isn't here, or by nobody's. */
  | "unknown"
  | "ended";

/**
 * Reads what somebody typed.
 *
 * @param now seconds since 1970
 */
export function readRoom(
  typed: string,
  domain: string,
  keys: readonly RoomKey[],
  now: number,
): RoomName | NotRead {
  const name = normalise(typed);
  const text = name.slice(0, -1);
  if (name.length !== LENGTH || ![...name].every((one) => ALPHABET.includes(one)))
    return "mistyped";
  if (checkOf(text) !== name.at(-1)) return "mistyped";
  const covered = text.slice(0, COVERED);
  const key = keys.find(({ index }) => ALPHABET[index] === covered.at(-1));
  if (key === undefined || macOf(domain, covered, key) !== text.slice(COVERED)) return "unknown";
  const day = Array.from(covered.slice(RANDOM, RANDOM + DAY)).reduce(
    (sum, character) => sum * 32 + ALPHABET.indexOf(character),
    0,
  );
  const until = EPOCH + (day + 1) * SECONDS;
  return now < until ? { name, until, key: key.index } : "ended";
}
