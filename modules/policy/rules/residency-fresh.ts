import { evaluateAsOf, wayOut } from "../../planning/residency/index.ts";
import { defineRule, fail, type Observation, pass } from "../rule.ts";

export const residencyFresh = defineRule({
  id: "residency-fresh",
  level: "error",
  what: "every fact that the profile reads is within its term, none is dated in the future, no certificate of the record is past its end; warns 60 days before",
  why: "Companies are sold, laws and sites change: a fact counts for a limited term only, until somebody checks it again.",
  norms: ["ISO 27002 5.23"],
  looksAt: "blueprint",
  check: ({ blueprint }, asOf) => {
    const { residency, waivers } = blueprint;
    const { problems, waived, warnings } = evaluateAsOf(residency, waivers, asOf);
    const subject = `location ${residency.location}`;
    const mine = <R extends { readonly rule: string }>(remarks: readonly R[]): R[] =>
      remarks.filter(({ rule }) => rule === "residency-fresh");
    const seen: Observation[] = [
      ...mine(problems).map((remark) =>
        fail(subject, `${remark.leaf}: ${remark.text}; ${wayOut(problems)}`),
      ),
      ...mine(waived).map(
        ({ leaf, text, by }): Observation => ({
          verdict: "waived",
          subject,
          message: `${leaf}: ${text}`,
          waiver: by,
        }),
      ),
      ...warnings.map(({ leaf, text }) => ({
        ...pass(subject, `${leaf}: ${text}`),
        warns: true as const,
      })),
    ];
    const read = residency.checks.length;
    return seen.length > 0
      ? seen
      : [pass(subject, `${read} facts read, all within their term on ${asOf}`)];
  },
});
