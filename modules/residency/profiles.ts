import type { Leaf, Location } from "./location.ts";

/** Members of the European Economic Area, ISO 3166-1 alpha-2. */
const EEA =
  "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split(
    " ",
  );

/** One demand of a profile on one fact of a location. */
export interface Demand {
  readonly leaf: Leaf;
  readonly requirement: string;
  readonly met: (value: unknown) => boolean;
}

const netherlands = (leaf: Leaf, requirement: string): Demand => ({
  leaf,
  requirement,
  met: (value) => value === "NL",
});

const inEea = (leaf: Leaf, requirement: string): Demand => ({
  leaf,
  requirement,
  met: (value) => EEA.includes(String(value)),
});

const noForeignReach: Demand = {
  leaf: "foreignLawReach",
  requirement: "no law of a third country reaches the operator",
  met: (value) => value === "none",
};

/** What each profile demands, in the order in which a refusal names the first unmet one. */
export const PROFILES: Readonly<Record<"nl-sovereign" | "nl-located" | "eea", readonly Demand[]>> =
  {
    "nl-sovereign": [
      netherlands("siteCountry", "the site is in the Netherlands"),
      netherlands("operatorCountry", "the operator is a Dutch legal entity"),
      inEea("ultimateParentCountry", "the ultimate parent is in the EEA"),
      noForeignReach,
    ],
    "nl-located": [
      netherlands("siteCountry", "the site is in the Netherlands"),
      inEea("ultimateParentCountry", "the ultimate parent is in the EEA"),
    ],
    eea: [
      inEea("siteCountry", "the site is in the EEA"),
      inEea("ultimateParentCountry", "the ultimate parent is in the EEA"),
    ],
  };

/** The fact's record at a location, undefined when nobody has sourced it. */
export const leafOf = (location: Location, leaf: Leaf) => location.residency[leaf];
