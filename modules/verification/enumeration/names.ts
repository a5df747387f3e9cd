import { ALPHABET, LENGTH, MAC, RANDOM, shardOf } from "../../meetings/rooms/index.ts";
import { drawn, oneOf, type Random } from "./random.ts";

/** What somebody must guess who wants to find a room, bits: a character is one of 32. */
export const BITS_OF_A_NAME = 5 * RANDOM;
/** What somebody must guess who wants to make a room of their own, bits. */
export const BITS_OF_A_PROOF = 5 * MAC;

/** What Jicofo calls the rooms that it makes to see whether all is well: Jitsi's modules wave them through. */
export const HEALTH_CHECK_PREFIX = "__jicofo-health-check-";

/** A name that looks issued and never was: it would have to have guessed the MAC. */
export const neverIssued = (random: Random): string =>
  Array.from({ length: LENGTH }, () => oneOf([...ALPHABET], random)).join("");

/** The same in the shard of another: a name of another shard takes a longer way, whether it was issued or not. */
export function neverIssuedBeside(other: string, shards: number, random: Random): string {
  for (;;) {
    const name = neverIssued(random);
    if (shardOf(shards, name) === shardOf(shards, other)) return name;
  }
}

/** Changes to a name: done to a live and to a never-issued one, both must be answered alike. */
export interface Form {
  /** What kind of guess it is. */
  readonly kind: "near" | "truncated" | "case" | "unicode" | "health check";
  /** What is done, in words. */
  readonly what: string;
  readonly change: (name: string) => string;
}

const replaced = (name: string, at: number, by: (char: string) => string): string =>
  [...name].map((char, i) => (i === at ? by(char) : char)).join("");
const nextInAlphabet = (char: string): string =>
  ALPHABET[(ALPHABET.indexOf(char) + 1) % ALPHABET.length] ?? "0";

/** Letters that look like Latin ones: Cyrillic and Greek, by the confusables of Unicode's TS 39. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  a: "\u0430",
  c: "\u0441",
  e: "\u0435",
  h: "\u04bb",
  j: "\u0458",
  p: "\u0440",
  s: "\u0455",
  v: "\u03bd",
  x: "\u0445",
  y: "\u0443",
  "0": "\u04e9",
  "3": "\u0437",
};
const shifted = (first: number, last: number, to: number) => (name: string) =>
  [...name]
    .map((char) => {
      const code = char.charCodeAt(0);
      return code >= first && code <= last ? String.fromCodePoint(code - first + to) : char;
    })
    .join("");

const near = [0, 5, 12, 20, 25, 27, 29, 31, 38, 46].map(
  (at): Form => ({
    kind: "near",
    what: `character ${at + 1} is another`,
    change: (name) => replaced(name, at, nextInAlphabet),
  }),
);
const cut: readonly (readonly [string, (name: string) => string])[] = [
  ["without the last character", (name) => name.slice(0, -1)],
  ["without the first character", (name) => name.slice(1)],
  ["the first half", (name) => name.slice(0, 23)],
  ["without what proves it", (name) => name.slice(0, 30)],
  ["with a character more", (name) => `${name}0`],
  ["two characters changed places", (name) => `${name[1]}${name[0]}${name.slice(2)}`],
];
const cases: readonly (readonly [string, (name: string) => string])[] = [
  ["upper case", (name) => name.toUpperCase()],
  [
    "every other character in upper case",
    (name) => [...name].map((c, i) => (i % 2 ? c : c.toUpperCase())).join(""),
  ],
];
/** Forms that XMPP's preparation of names (RFC 3920, nodeprep; RFC 7622) folds into others, or refuses. */
const unicode: readonly (readonly [string, (name: string) => string])[] = [
  ["fullwidth letters", shifted(0x61, 0x7a, 0xff41)],
  ["fullwidth digits", shifted(0x30, 0x39, 0xff10)],
  ["mathematical letters", shifted(0x61, 0x7a, 0x1d41a)],
  ["circled letters", shifted(0x61, 0x7a, 0x24d0)],
  ["superscript digits", (name) => name.replace(/[23]/g, (c) => (c === "2" ? "\u00b2" : "\u00b3"))],
  [
    "letters of other scripts that look alike",
    (name) => [...name].map((char) => LOOKALIKES[char] ?? char).join(""),
  ],
  ["an accent, composed (NFC)", (name) => `${name.slice(0, 8)}\u00e9${name.slice(8)}`],
  ["an accent, decomposed (NFD)", (name) => `${name.slice(0, 8)}e\u0301${name.slice(8)}`],
  ["a soft hyphen", (name) => `${name.slice(0, 8)}\u00ad${name.slice(8)}`],
  ["a joiner without width", (name) => `${name.slice(0, 8)}\u200d${name.slice(8)}`],
  ["a mark for right-to-left", (name) => `${name.slice(0, 8)}\u200f${name.slice(8)}`],
  ["as it is asked in URLs", (name) => `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`],
  ["escaped as in XEP-0106", (name) => `${name}\\20`],
];
const formsOf = (
  kind: Form["kind"],
  list: readonly (readonly [string, (name: string) => string])[],
): Form[] => list.map(([what, change]) => ({ kind, what, change }));

/** All that is done to a live name. */
export const FORMS: readonly Form[] = [
  ...near,
  ...formsOf("truncated", cut),
  ...formsOf("case", cases),
  ...formsOf("unicode", unicode),
  {
    kind: "health check",
    what: "behind Jicofo's prefix",
    change: (name) => `${HEALTH_CHECK_PREFIX}${name}`,
  },
];

/** Parts that names of meetings are made of, most likely first: likely-names.yaml. */
export interface LikelyWords {
  /** Names by themselves. */
  readonly single: readonly string[];
  /** Who meets, or about what. */
  readonly about: readonly string[];
  /** What kind of meeting it is. */
  readonly kind: readonly string[];
  /** When, or which. */
  readonly which: readonly string[];
}

/** Names that people would type by hand, likeliest first, none twice. */
export function likelyNames(parts: LikelyWords, count: number): string[] {
  const names = new Set<string>(parts.single);
  const { about, kind, which } = parts;
  for (const first of about) for (const second of kind) names.add(`${first}${second}`);
  for (const first of about) for (const second of kind) names.add(`${first}-${second}`);
  for (const first of [...kind, ...parts.single])
    for (const second of which) names.add(`${first}${second}`);
  for (const first of [...about, ...kind])
    for (const second of which) names.add(`${first}-${second}`);
  for (const first of about)
    for (const second of kind) for (const third of which) names.add(`${first}${second}${third}`);
  return [...names].slice(0, count);
}

/** How many likely names there are, and how many of them a run draws. */
export const LIKELY = { all: 10_000, drawn: 300 } as const;

/** The draw of one run. */
export const drawLikely = (parts: LikelyWords, all: boolean, random: Random): string[] => {
  const names = likelyNames(parts, LIKELY.all);
  return all ? names : drawn(names, LIKELY.drawn, random);
};
