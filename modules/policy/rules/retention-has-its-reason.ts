import { defineRule, fail, failsOr } from "../rule.ts";

/** The longest terms, in days, each with what asks for them. The first and the last are our judgement. */
const LONGEST = {
  operationsDays: [31, "to find a fault takes days: a month is allowed"],
  securityDays: [366, "BIO2 8.18.02 asks for half a year: a year is allowed"],
  incidentDays: [1827, "BIO2 5.28.01 asks for three years: five are allowed"],
} as const;

export const retentionHasItsReason = defineRule({
  id: "retention-has-its-reason",
  level: "error",
  what: "nothing is kept longer than its reason asks for: operations a month, security a year, incidents five years",
  why: "Records of who met whom are personal data, and whoever breaks in finds everything that was kept without a reason.",
  norms: ["BIO2 5.33.01", "GDPR 5(1)(e)"],
  looksAt: "blueprint",
  check: ({ blueprint: { retention } }) => {
    const fails = Object.entries(LONGEST).flatMap(([name, [most, why]]) => {
      const days = retention[name as keyof typeof LONGEST];
      return days > most ? [fail(`retention.${name}`, `got ${days} days; ${why}`)] : [];
    });
    const { operationsDays, securityDays, incidentDays } = retention;
    return failsOr(
      fails,
      "retention",
      `${operationsDays}, ${securityDays} and ${incidentDays} days`,
    );
  },
});
