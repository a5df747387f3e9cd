import { isCurrent } from "../../common/findings/index.ts";
import { defineRule, fail, type Observation, pass } from "../rule.ts";

/** Confidences that count, by profile; a test's own facts stand for nobody's. */
const SURE: Readonly<Record<string, readonly string[]>> = {
  lab: ["confirmed", "test"],
  // Of the owner alone: see docs/residency.md.
  eea: ["confirmed", "secondary"],
};

export const residencyAccepted = defineRule({
  id: "residency-accepted",
  level: "error",
  what: "the location is accepted for the instance's profile and class: a fact with a source meets every requirement",
  why: "Sources, and not trust, must show where meetings run and whose law reaches them.",
  norms: ["ISO 27002 5.23", "VIRBI 2025", "Rijksbreed cloudbeleid 5.2"],
  looksAt: "blueprint",
  check: ({ blueprint }, asOf) => {
    const { residency, cloud, classification, waivers } = blueprint;
    const { needed, highest, source } = residency.classification;
    const subject = `location ${cloud.location}`;
    const sure = ({ leaf, confidence }: (typeof residency.checks)[number]): boolean => {
      if (leaf === "test" || confidence === "confirmed") return true;
      const owner = leaf.startsWith("parents");
      return (
        (residency.profile !== "eea" || owner) &&
        (SURE[residency.profile] ?? []).includes(confidence)
      );
    };
    const unsure = residency.checks.filter((check) => !sure(check));
    const own = waivers.filter(({ waives }) => waives.startsWith("residency."));
    const waiver =
      residency.verdict === "waived" && unsure.length === 1 && own.length === 1
        ? own.find((w) => w.waives === unsure[0]?.waiver && isCurrent(w, asOf))
        : undefined;
    const problems = [
      ...(residency.verdict === "accepted" || waiver
        ? []
        : [`${residency.verdict} for ${residency.profile}: ${residency.deciding}`]),
      ...(residency.location === cloud.location
        ? []
        : [`the verdict is about ${residency.location}`]),
      ...(residency.checks.length > 0 ? [] : ["nothing was checked"]),
      ...residency.checks
        .filter(({ met }) => !met)
        .map(({ leaf, requirement, got }) => `${leaf}: ${requirement}; got ${got}`),
      ...(waiver
        ? []
        : unsure.map(
            (check) => `${check.leaf}: its source is ${check.confidence} (${check.source})`,
          )),
      ...(needed.tbb === classification.tbb && needed.marking === classification.marking
        ? []
        : ["the verdict is for another class than the instance's"]),
      ...(needed.tbb >= highest.tbb && (needed.marking === "none" || highest.marking === "Dep.V")
        ? []
        : [
            `needs TBB ${needed.tbb}, marking ${needed.marking}; highest there: TBB ${highest.tbb}, marking ${highest.marking}`,
          ]),
      ...(/\bunconfirmed\b/.test(source)
        ? [`the highest class rests on an unconfirmed source: ${source}`]
        : []),
    ];
    if (problems.length > 0) return problems.map((text) => fail(subject, text));
    if (!waiver) return [pass(subject, `accepted for ${residency.profile}: ${residency.deciding}`)];
    const [one] = unsure;
    const message = `${one?.leaf}: ${one?.requirement}; got ${one?.got}, which is ${one?.confidence} (${one?.source})`;
    const seen: Observation = { verdict: "waived", subject, message, waiver };
    return [seen];
  },
});
