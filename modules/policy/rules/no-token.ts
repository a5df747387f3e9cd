import { findTokens } from "../../clouds/provider-schema/index.ts";
import { plansOf } from "../plan.ts";
import { defineRule, fail, failsOr } from "../rule.ts";

export const noToken = defineRule({
  id: "no-token",
  level: "error",
  what: "no rendered value holds an unresolved placeholder of CDK for Terraform (which calls these tokens)",
  why: "Code that takes such a placeholder for a value writes nonsense into a document, without an error.",
  looksAt: "stacks, plan",
  check: (input) =>
    [...input.stacks, ...plansOf(input)].flatMap(([stack, document]) => {
      const leaks = findTokens(document).map(({ path, message }) =>
        fail(stack, `${path}: ${message}`),
      );
      return failsOr(leaks, stack, "no token in any value");
    }),
});
