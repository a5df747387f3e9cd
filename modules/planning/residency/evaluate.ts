import type { Waiver } from "../../common/findings/index.ts";
import type { Classification, ResidencyProfile } from "../instance/index.ts";
import { addDays } from "./days.ts";
import { type Confidence, type Fact, factsOf, type Location, shownValue } from "./location.ts";
import { type Demand, isResidencyWaiver, modelFits, PROFILES, waiverFor } from "./profiles.ts";
import type { ResidencyRules } from "./rules.ts";

/** One recorded fact, as the Blueprint carries it. */
export interface RecordedFact {
  /** Its path in the record, such as `parents[1].country`. */
  readonly leaf: string;
  readonly got: string;
  readonly source: string;
  /** Day of reading. */
  readonly read: string;
  /** Last day on which it counts; null for a test's, which can't grow old. */
  readonly freshUntil: string | null;
  readonly confidence: Confidence;
}

/** One fact held against one demand. */
export interface ResidencyCheck extends Omit<RecordedFact, "source" | "read"> {
  readonly requirement: string;
  readonly source: string;
  readonly read: string;
  /** Whether the value is what is demanded. */
  readonly met: boolean;
  /** Whether the fact is as sure as is demanded. */
  readonly sure: boolean;
  /** What a waiver for it is called; null where none can be. */
  readonly waiver: string | null;
}

/**
 * Whether an instance may stand at a location, and the fact that decided. Says nothing of the day:
 * whether facts are still fresh is evaluated with {@link evaluateAsOf}.
 */
export interface ResidencyVerdict {
  readonly profile: ResidencyProfile;
  readonly location: string;
  /** `waived`: accepted but for one fact that nobody has confirmed, under a waiver. */
  readonly verdict: "accepted" | "waived" | "refused";
  readonly deciding: string;
  readonly checks: readonly ResidencyCheck[];
  /** All facts of the record, those that the profile doesn't read too. */
  readonly facts: readonly RecordedFact[];
  /** Last days of the record's certificates, where they are known. */
  readonly certificates: readonly { readonly name: string; readonly until: string }[];
  readonly classification: {
    readonly needed: Classification;
    /** Derived from the kind of cloud, never typed in. */
    readonly highest: Classification;
    readonly reason: string;
    readonly source: string;
    readonly read: string;
    readonly freshUntil: string | null;
  };
}

const ladder: readonly Confidence[] = ["unconfirmed", "secondary", "confirmed"];

/** Whether a fact is as sure as asked; what a test says counts in the lab, and nowhere else. */
const isSure = (fact: Fact, least: Confidence, profile: ResidencyProfile): boolean =>
  fact.confidence === "test"
    ? profile === "lab"
    : ladder.indexOf(fact.confidence) >= ladder.indexOf(least);

/** Whether a class is within another: 1 is the highest TBB. */
export const within = (needed: Classification, highest: Classification): boolean =>
  needed.tbb >= highest.tbb && (needed.marking === "none" || highest.marking === "Dep.V");

const classText = (c: Classification): string => `TBB ${c.tbb}, marking ${c.marking}`;

function testCheck(location: Location, profile: ResidencyProfile): ResidencyCheck {
  return {
    leaf: "test",
    requirement: profile === "lab" ? "a test location" : "a real location, not a test one",
    got: location.test ? "test location" : "real location",
    source: location.platform?.source ?? "its record",
    read: location.platform?.read ?? "never",
    freshUntil: null,
    confidence: location.test ? "test" : "confirmed",
    met: location.test === (profile === "lab"),
    sure: true,
    waiver: null,
  };
}

/** The words that a refusal needs: the fact, what is demanded of it, what the record says. */
export const checkText = (check: ResidencyCheck): string =>
  `${check.leaf}: ${check.requirement}; got ${check.got} (${check.confidence}, ${check.source})`;

/**
 * Evaluates a location for a profile. A fact that is missing or not as sure as demanded counts as
 * unmet: the check fails closed. One waiver can cover one fact that is right and not sure.
 */
export function evaluateResidency(
  profile: ResidencyProfile,
  needed: Classification,
  location: Location,
  rules: ResidencyRules,
  waivers: readonly Waiver[] = [],
): ResidencyVerdict {
  const { classification, terms } = rules;
  const recorded = (leaf: string, fact: Fact, term: number): RecordedFact => ({
    leaf,
    got: shownValue(fact.value),
    source: fact.source,
    read: fact.read,
    freshUntil: fact.confidence === "test" ? null : addDays(fact.read, term),
    confidence: fact.confidence,
  });
  const facts = factsOf(location).map(({ name, group, fact }) =>
    recorded(name, fact, terms.days[group]),
  );
  const { platform } = location;

  const { highest } = classification;
  const model = location.residency.cloudModel;
  const waived = waivers.some(({ waives }) => waives === waiverFor({ id: "cloudModel" }));
  const known = model && (isSure(model, "confirmed", profile) || waived) ? model.value : "unknown";
  // Only where even an unknown kind of cloud would be too little does the kind matter.
  const rank = (value: unknown) => highest[(value as keyof typeof highest) ?? "unknown"];
  const demands = [
    ...PROFILES[profile],
    ...(within(needed, highest.unknown)
      ? []
      : [
          modelFits(
            needed,
            (value) => within(needed, rank(value)),
            `highest here ${classText(rank(known))}: ${rank(known).reason}`,
          ),
        ]),
  ];
  const checks = [
    testCheck(location, profile),
    ...demands.map((demand: Demand): ResidencyCheck => {
      const [leaf, fact] = demand.find(location.residency);
      const { requirement } = demand;
      if (!fact)
        return {
          leaf,
          requirement,
          got: "unknown",
          source: "nobody sourced it",
          read: "never",
          freshUntil: null,
          confidence: "unconfirmed",
          met: false,
          sure: false,
          waiver: null,
        };
      return {
        ...(facts.find((one) => one.leaf === leaf) as RecordedFact),
        requirement,
        met: demand.met(fact.value),
        sure: isSure(fact, demand.least, profile),
        waiver: fact.confidence === "test" ? null : waiverFor(demand),
      };
    }),
  ];

  const wrong = checks.find((check) => !check.met);
  const unsure = checks.filter((check) => !check.sure);
  const covers = waivers.filter(({ waives }) => isResidencyWaiver(waives));
  const covered =
    unsure.length === 1 &&
    covers.length === 1 &&
    unsure[0]?.waiver !== null &&
    covers[0]?.waives === unsure[0]?.waiver;
  const first = wrong ?? (covered ? undefined : unsure[0]);
  const { reason, ...top } = rank(known);
  return {
    profile,
    location: location.id,
    verdict: first ? "refused" : covered ? "waived" : "accepted",
    deciding: first
      ? checkText(first)
      : covered
        ? `${checkText(unsure[0] as ResidencyCheck)}; waived by ${covers[0]?.owner} until ${covers[0]?.expires}`
        : `every demand of profile ${profile} is met`,
    checks,
    facts: platform
      ? [
          ...facts,
          {
            leaf: "platform",
            got: `${platform.flavours.length} flavours, image ${platform.image}`,
            source: platform.source,
            read: platform.read,
            // What the cloud offers is asked of the cloud itself, before each plan.
            freshUntil: null,
            confidence: location.test ? "test" : "confirmed",
          },
        ]
      : facts,
    certificates: (location.residency.certificates?.value ?? []).flatMap(({ name, until }) =>
      until ? [{ name, until }] : [],
    ),
    classification: {
      needed,
      highest: top,
      reason,
      source: `${classification.source} (${classification.confidence}, read ${classification.read})`,
      read: classification.read,
      freshUntil:
        profile === "lab" ? null : addDays(classification.read, terms.days.classification),
    },
  };
}

/**
 * What a person can do about what is open.
 *
 * @param open each with the waiver that could cover it, null where none can
 */
export function wayOut(open: readonly { readonly waiver: string | null }[]): string {
  const elsewhere = "another location or another profile (`polder residency` lists them)";
  const [first] = open;
  return first?.waiver && open.every(({ waiver }) => waiver === first.waiver)
    ? `the way out is a record that is put right, or ${elsewhere}; until then a waiver can cover this one fact (waives: ${first.waiver})`
    : `no waiver makes a profile pass: the way out is ${elsewhere}`;
}

/** The checks that stand in the way, each with the waiver that could cover it. */
export const openChecks = ({ checks }: ResidencyVerdict): { waiver: string | null }[] =>
  checks
    .filter((check) => !check.met || !check.sure)
    .map((check) => ({ waiver: check.met ? check.waiver : null }));
