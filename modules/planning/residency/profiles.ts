import type { Classification, ResidencyProfile } from "../instance/index.ts";
import { inEea } from "./countries.ts";
import type { Confidence, Fact, Location } from "./location.ts";

/** One demand of a profile on one fact of a location. */
export interface Demand {
  /** What a waiver for it is called: `residency.<id>`. */
  readonly id: string;
  readonly requirement: string;
  /** The least that the fact's confidence must be. */
  readonly least: Exclude<Confidence, "test" | "unconfirmed">;
  /** The fact's path below `residency` in this record, and the fact, if it is there. */
  readonly find: (
    residency: Location["residency"],
  ) => readonly [name: string, fact: Fact | undefined];
  readonly met: (value: unknown) => boolean;
}

type Find = Demand["find"];
type Where = "NL" | "EEA";

const isIn = (where: Where) => (value: unknown) =>
  where === "NL" ? value === "NL" : typeof value === "string" && inEea(value);
const place = (where: Where): string => (where === "NL" ? "the Netherlands" : "the EEA");

const findSite: Find = ({ site }) => ["site.country", site?.country];
const findOperator: Find = ({ operator }) => ["operator.country", operator?.country];
const findParent: Find = ({ parents }) =>
  parents
    ? [`parents[${parents.length - 1}].country`, parents.at(-1)?.country]
    : ["parents[0].country", undefined];

const site = (where: Where): Demand => ({
  id: "site.country",
  requirement: `the site is in ${place(where)}`,
  least: "confirmed",
  find: findSite,
  met: isIn(where),
});

const operator = (where: Where): Demand => ({
  id: "operator.country",
  requirement: `the operator is a legal entity of ${place(where)}`,
  least: "confirmed",
  find: findOperator,
  met: isIn(where),
});

const ultimateParent = (least: Demand["least"]): Demand => ({
  id: "parents.country",
  requirement: "the ultimate parent is in the EEA",
  least,
  find: findParent,
  met: isIn("EEA"),
});

const noForeignLaw: Demand = {
  id: "foreignLaw",
  requirement: "no law of a third country reaches operator or data",
  least: "confirmed",
  find: ({ foreignLaw }) => ["foreignLaw", foreignLaw],
  met: (value) => (value as { reach?: unknown } | undefined)?.reach === "none",
};

/**
 * What each profile demands, in the order in which a refusal names the first unmet one. `eea` takes
 * for the owner what somebody else tells: private companies seldom publish who owns them. `lab`
 * demands that the record is a test's, which is no fact of it.
 */
export const PROFILES: Readonly<Record<ResidencyProfile, readonly Demand[]>> = {
  "nl-sovereign": [site("NL"), operator("NL"), ultimateParent("confirmed"), noForeignLaw],
  "nl-located": [site("NL"), operator("EEA"), ultimateParent("confirmed")],
  eea: [site("EEA"), operator("EEA"), ultimateParent("secondary")],
  lab: [],
};

export const PROFILE_NAMES = Object.keys(PROFILES) as readonly ResidencyProfile[];

/** The kind of cloud, read only where the class that is needed depends on it. */
export const modelFits = (
  needed: Classification,
  fits: (model: unknown) => boolean,
  reason: string,
): Demand => ({
  id: "cloudModel",
  requirement: `the kind of cloud may hold TBB ${needed.tbb}, marking ${needed.marking} (${reason})`,
  least: "confirmed",
  find: ({ cloudModel }) => ["cloudModel", cloudModel],
  met: fits,
});

/** Start of the names of waivers that are for a fact. */
const WAIVER = "residency.";

export const waiverFor = (demand: Pick<Demand, "id">): string => `${WAIVER}${demand.id}`;
export const isResidencyWaiver = (waives: string): boolean => waives.startsWith(WAIVER);

/** What a waiver can be for: a fact that some profile reads. */
export const RESIDENCY_WAIVERS: readonly string[] = [
  ...new Set([...Object.values(PROFILES).flat().map(waiverFor), `${WAIVER}cloudModel`]),
];
