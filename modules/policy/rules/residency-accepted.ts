import { defineRule, fail, failsOr } from "../rule.ts";

export const residencyAccepted = defineRule({
  id: "residency-accepted",
  level: "error",
  what: "the location is accepted for the instance's profile and class, by facts that are all met and sourced",
  why: "Where meetings run, and whose law reaches them, is shown by sources and not by trust.",
  norm: "BIO2 5.23",
  looksAt: "blueprint",
  waivable: false,
  check: ({ blueprint }) => {
    const { residency, cloud, classification } = blueprint;
    const { needed, highest, source } = residency.classification;
    const subject = `location ${cloud.location}`;
    const test = residency.profile === "lab";
    const problems = [
      ...(residency.verdict === "accepted"
        ? []
        : [`refused for ${residency.profile}: ${residency.deciding}`]),
      ...(residency.location === cloud.location
        ? []
        : [`the verdict is about ${residency.location}`]),
      ...(residency.checks.length > 0 ? [] : ["nothing was checked"]),
      ...residency.checks.flatMap((check) => [
        ...(check.met ? [] : [`${check.leaf}: ${check.requirement}; got ${check.got}`]),
        // A test's own facts stand for nobody's; every other profile needs confirmed ones.
        ...(check.confidence === "confirmed" ||
        check.leaf === "test" ||
        (test && check.confidence === "test")
          ? []
          : [`${check.leaf}: its source is ${check.confidence} (${check.source})`]),
      ]),
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
    return failsOr(
      problems.map((text) => fail(subject, text)),
      subject,
      `accepted for ${residency.profile}: ${residency.deciding}`,
    );
  },
});
