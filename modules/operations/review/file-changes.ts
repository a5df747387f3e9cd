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

/** A value, where a line has room for it. */
const brief = (value: unknown): string => {
  const said = text(value) ?? "nothing";
  return said.length > 90 ? "" : said;
};

/**
 * What changed of the instance's files since the last apply: a plan of the cloud doesn't show all of it.
 *
 * @param applied undefined before the first apply: then all is new, and the file itself is to be read
 */
export function fileChanges(blueprint: Blueprint, applied: Blueprint | undefined): ReviewLine[] {
  if (!applied) return [];
  const settings = SETTINGS.filter((key) => text(blueprint[key]) !== text(applied[key])).map(
    (key): ReviewLine => {
      const [was, is] = [brief(applied[key]), brief(blueprint[key])];
      return {
        risk: GRAVE.includes(key) ? "high" : "medium",
        text: `${key} in the instance file changes${was && is ? `: ${is}, it was ${was}` : ""}`,
      };
    },
  );
  return [...people(blueprint, applied), ...exceptions(blueprint, applied), ...settings];
}
