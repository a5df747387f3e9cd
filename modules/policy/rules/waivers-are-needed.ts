import { defineRule, fail, notTested, type Observation, pass } from "../rule.ts";
import type { Rule } from "../types.ts";
import { noUnnoticedInterruption } from "./no-unnoticed-interruption.ts";
import { retentionHasItsReason } from "./retention-has-its-reason.ts";
import { securityLogsTakeTwo } from "./security-logs-take-two.ts";

/** The rules of polder's that a waiver may be for. */
const WAIVABLE: readonly Rule[] = [
  noUnnoticedInterruption,
  retentionHasItsReason,
  securityLogsTakeTwo,
];

export const waiversAreNeeded = defineRule({
  id: "waivers-are-needed",
  level: "error",
  what: "every waiver for a rule waives something today, for its one subject where it names one",
  why: "A waiver that exists before anything fails would cover a later fail that nobody has looked at.",
  looksAt: "blueprint",
  check: (input, asOf) => {
    const waivers = input.blueprint.waivers.flatMap((waiver) => {
      const rule = WAIVABLE.find(({ id }) => id === waiver.waives);
      return rule ? [{ ...waiver, rule }] : [];
    });
    if (waivers.length === 0) return [pass(input.blueprint.instance, "no waiver for a rule")];
    return waivers.map(({ waives, subject, rule }): Observation => {
      const about = subject === undefined ? waives : `${waives} ${subject}`;
      const what = subject === undefined ? "the whole rule" : "its one subject";
      if (rule.looksAt === "plan" && !input.plans)
        return notTested(about, "needs the plan, and none was made yet");
      const fails = rule
        .check(input, asOf)
        .filter(
          (finding) =>
            finding.verdict === "fail" && (subject === undefined || finding.subject === subject),
        );
      return fails.length > 0
        ? pass(about, `is for ${what}, and waives ${fails.length}`)
        : fail(about, `is for ${what}, and nothing of it fails: take this waiver out`);
    });
  },
});
