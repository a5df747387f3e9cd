import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { ReviewLine } from "./line.ts";

const text = (value: unknown): string => JSON.stringify(value);

/** Entries of a list that only the one side has, by a key. */
function compared<T>(before: readonly T[], after: readonly T[], key: (one: T) => string) {
  const [were, are] = [
    new Map(before.map((one) => [key(one), one])),
    new Map(after.map((one) => [key(one), one])),
  ];
  return {
    added: [...are].flatMap(([name, one]) => (were.has(name) ? [] : [one])),
    removed: [...were].flatMap(([name, one]) => (are.has(name) ? [] : [one])),
    changed: [...are].flatMap(([name, one]) =>
      were.has(name) && text(were.get(name)) !== text(one) ? [one] : [],
    ),
  };
}

function people(blueprint: Blueprint, before: Blueprint): ReviewLine[] {
  const admins = compared(before.admins, blueprint.admins, ({ user }) => user);
  const keepers = compared(before.logKeepers, blueprint.logKeepers, ({ name }) => name);
  const high = (said: string): ReviewLine => ({ risk: "high", text: said });
  return [
    ...admins.added.map(({ name, user }) =>
      high(
        `${name} (${user}) becomes an admin: gets onto every host at the next converge, and may approve plans`,
      ),
    ),
    ...admins.changed.map(({ name, user }) =>
      high(`the entry of admin ${name} (${user}) changes: another key, or other rights`),
    ),
    ...admins.removed.map(
      ({ name, user }): ReviewLine => ({
        risk: "medium",
        text: `${name} (${user}) is no admin any more: loses access at the next converge`,
      }),
    ),
    ...[...keepers.added, ...keepers.changed].map(({ name }) =>
      high(`${name} can open the security logs from now on`),
    ),
    ...keepers.removed.map(
      ({ name }): ReviewLine => ({
        risk: "medium",
        text: `${name} can't open the security logs of the time after this`,
      }),
    ),
  ];
}

function exceptions(blueprint: Blueprint, before: Blueprint): ReviewLine[] {
  const waivers = compared(before.waivers, blueprint.waivers, text);
  const overrides = compared(before.overrides, blueprint.overrides, text);
  return [
    ...waivers.added.map(
      ({ waives, owner, expires, reason }): ReviewLine => ({
        risk: "high",
        text: `an exception from ${waives} counts until ${expires}, carried by ${owner}: ${reason}`,
      }),
    ),
    ...waivers.removed.map(
      ({ waives }): ReviewLine => ({
        risk: "low",
        text: `the exception from ${waives} ends`,
      }),
    ),
    ...overrides.added.map(
      ({ resource, owner, reason }): ReviewLine => ({
        risk: "high",
        text: `${resource} is changed by hand (overrides.yaml), carried by ${owner}: ${reason}`,
      }),
    ),
    ...overrides.removed.map(
      ({ resource }): ReviewLine => ({
        risk: "medium",
        text: `${resource} is no longer changed by hand (overrides.yaml)`,
      }),
    ),
  ];
}

/** What else of the instance file hosts get at the next converge. */
const SETTINGS = [
  "adminNetworks",
  "certificates",
  "classification",
  "demand",
  "meetings",
  "packages",
  "retention",
  "residency",
  "securityContact",
  "state",
] as const;
/** Of these a change decides who gets in, or what is kept. */
const GRAVE: readonly string[] = ["adminNetworks", "meetings", "packages", "residency", "state"];

type Values = ReadonlyMap<string, unknown>;

const isGroup = (value: unknown): value is object => typeof value === "object" && value !== null;

/** What an entry of a list is known by: its kind or name, else its place. */
function entryName(entry: unknown, place: number): string {
  const { kind, name } = (isGroup(entry) ? entry : {}) as { kind?: unknown; name?: unknown };
  return `"${kind ?? name ?? place + 1}"`;
}

/** Every single value below a setting, by the words that lead to it; a list of plain values is one. */
function valuesOf(path: string, value: unknown): Values {
  if (!isGroup(value) || (Array.isArray(value) && !value.some(isGroup)))
    return new Map([[path, value]]);
  const below = Array.isArray(value)
    ? value.map((one, i) => [`${path} ${entryName(one, i)}`, one] as const)
    : Object.entries(value).map(([name, one]) => [`${path}.${name}`, one] as const);
  return new Map(below.flatMap(([name, one]) => [...valuesOf(name, one)]));
}

/** A value as a person writes it into the file. */
const said = (value: unknown): string =>
  value === undefined ? "nothing" : typeof value === "string" ? value : text(value);

/** One value that changed; of a list what came and what went. */
function valueLine(name: string, was: unknown, is: unknown): string {
  if (Array.isArray(was) && Array.isArray(is)) {
    const { added, removed } = compared(was, is, text);
    const parts = [
      ...(added.length > 0 ? [`gets ${added.map(said).join(", ")}`] : []),
      ...(removed.length > 0 ? [`loses ${removed.map(said).join(", ")}`] : []),
    ];
    return `the instance file's ${name} ${parts.join(" and ") || "is put in another order"}`;
  }
  if (was === undefined) return `the instance file's ${name} is new: ${said(is)}`;
  if (is === undefined) return `the instance file's ${name} is gone; it was ${said(was)}`;
  return `the instance file's ${name} becomes ${said(is)}; it was ${said(was)}`;
}

/** Lines of one setting that changed, a value a line. */
function settingLines(key: string, was: unknown, is: unknown): string[] {
  const [before, after] = [valuesOf(key, was), valuesOf(key, is)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => text(before.get(name)) !== text(after.get(name)))
    .map((name) => valueLine(name, before.get(name), after.get(name)));
}

/**
 * What changed of the instance's files since the last apply: a plan of the cloud doesn't show all of it.
 *
 * @param applied undefined before the first apply: then all is new, and the file itself is to be read
 */
export function fileChanges(blueprint: Blueprint, applied: Blueprint | undefined): ReviewLine[] {
  if (!applied) return [];
  const settings = SETTINGS.flatMap((key) =>
    settingLines(key, applied[key], blueprint[key]).map(
      (line): ReviewLine => ({ risk: GRAVE.includes(key) ? "high" : "medium", text: line }),
    ),
  );
  return [...people(blueprint, applied), ...exceptions(blueprint, applied), ...settings];
}
