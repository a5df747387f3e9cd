import { allResources } from "../document.ts";
import { at } from "../json.ts";
import { defineRule, fail, pass } from "../rule.ts";
import { holdsState } from "../stateful.ts";

export const stateIsProtected = defineRule({
  id: "state-is-protected",
  level: "error",
  what: "every protected host, every volume and every public address has prevent_destroy",
  why: "Terraform refuses to destroy it, so one wrong line in a file can't cost a ministry its keys, logs or names.",
  looksAt: "stacks",
  waivable: false,
  check: (input) =>
    allResources(input)
      .filter((resource) => resource.kind === "resource" && holdsState(input.blueprint, resource))
      .map((resource) =>
        at(resource.body, "lifecycle", "prevent_destroy") === true
          ? pass(resource.subject, "prevent_destroy is set")
          : fail(
              resource.subject,
              "holds state and prevent_destroy is not true: only `polder decommission` lifts it",
            ),
      ),
});
