import { type Difference, differencesFrom } from "../differences.ts";
import { resourcesIn } from "../document.ts";
import { shown } from "../json.ts";
import { isExplained } from "../overrides.ts";
import { changesOf, stays } from "../plan.ts";
import { defineRule, fail, failsOr, type Observation } from "../rule.ts";
import type { PolicyInput, TerraformJson } from "../types.ts";

/**
 * This rule asks what builds the stacks what they are, so that no argument is left that nobody reads. Whether what they
 * are is safe, the other rules say, which ask nobody: docs/decisions/0025.
 */
export const explainedByBlueprint = defineRule({
  id: "explained-by-blueprint",
  level: "error",
  what: "every argument of every document is what the stacks write for this Blueprint, to the byte, or stands in overrides.yaml; the plan has the documents' resources and no others",
  why: "Otherwise the cloud could get a resource or a setting that nobody decided on, or lack one that somebody did.",
  norms: ["BIO2 5.09.01"],
  looksAt: "stacks, plan",
  check: (input) => {
    const { stacks, expected } = input;
    return [...new Set([...expected.keys(), ...stacks.keys()])].flatMap((stack) => {
      const [json, made] = [stacks.get(stack), expected.get(stack)];
      if (!json) return [fail(stack, "the document is missing: this Blueprint has the stack")];
      if (!made) return [fail(stack, "this Blueprint has no such stack")];
      const differences = differencesFrom(stack, json, made).filter(
        (one) => !isExplained(input, one),
      );
      return failsOr(
        [
          ...differences.map((one) => fail(one.subject, messageOf(one))),
          ...planned(input, stack, json),
        ],
        stack,
        `${resourcesIn(stack, json).length} resources and data sources, to the byte what the stacks write`,
      );
    });
  },
});

function messageOf({ argument, got, expected }: Difference): string {
  if (argument !== undefined)
    return `${argument}: got ${shown(got)}, for this Blueprint the stacks write ${shown(expected)}`;
  if (expected === undefined) return "nothing of this Blueprint asks for it: the stacks write none";
  return got === undefined
    ? "this Blueprint asks for it, the document has none"
    : "is written in another form than the stacks' own";
}

/** The plan's resources against the document's, by address. */
function planned(input: PolicyInput, stack: string, json: TerraformJson): Observation[] {
  const plan = input.plans?.get(stack);
  // A plan that failed lacks nearly everything: `plan-is-of-this-blueprint` says that once.
  if (!plan || plan["errored"] === true || !Array.isArray(plan["resource_changes"])) return [];
  const resources = resourcesIn(stack, json);
  const written = new Set(resources.map((resource) => resource.address));
  const kept = changesOf(stack, plan).filter(stays);
  const unknown = kept.filter((change) => !written.has(change.address));
  const there = new Set(kept.map((change) => change.address));
  const absent = resources.filter((r) => r.kind === "resource" && !there.has(r.address));
  return [
    ...unknown.map((change) => fail(change.subject, "is in the plan, not in the stack's document")),
    ...absent.map((resource) =>
      fail(resource.subject, "is in the stack's document, not in the plan"),
    ),
  ];
}
