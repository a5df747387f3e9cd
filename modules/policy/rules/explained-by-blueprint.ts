import { byAddress, type Resource, resourcesIn } from "../document.ts";
import { describeResource, expectedResources } from "../expected.ts";
import type { ExpectedResource } from "../expected-resource.ts";
import { at, entriesOf, isSet, same, shown } from "../json.ts";
import { changesOf, stays } from "../plan.ts";
import { defineRule, fail, failsOr, type Observation } from "../rule.ts";
import type { PolicyInput, TerraformJson } from "../types.ts";

/** Arguments with which one block becomes many: then a document can't be read without running it. */
const MULTIPLIERS = ["count", "for_each", "dynamic"];

export const explainedByBlueprint = defineRule({
  id: "explained-by-blueprint",
  level: "error",
  what: "every resource, data source and output is a part of the Blueprint and says the same as it, and every part of the Blueprint has its resource; so too in the plan",
  why: "Whatever stands in the cloud was decided and is in the drawing; nothing is forgotten and nothing came along.",
  norm: "BIO2 5.09.01",
  looksAt: "stacks, plan",
  check: (input) => {
    const { blueprint } = input;
    const expected = expectedResources(blueprint);
    const stacks = new Set([...expected.map((part) => part.stack), ...input.stacks.keys()]);
    return [...stacks].flatMap((stack) => {
      const json = input.stacks.get(stack);
      const parts = expected.filter((part) => part.stack === stack);
      if (!json)
        return [
          fail(stack, `the stack is missing: ${parts.length} parts of the Blueprint are in it`),
        ];
      const resources = resourcesIn(stack, json);
      const fails = [
        ...explain(input, resources, parts),
        ...outputs(input, stack, json),
        ...planned(input, stack, resources),
      ];
      return failsOr(
        fails,
        stack,
        `${resources.length} resources and data sources, ${parts.length} parts of the Blueprint: each has the other`,
      );
    });
  },
});

function explain(
  { blueprint }: PolicyInput,
  resources: readonly Resource[],
  parts: readonly ExpectedResource[],
): Observation[] {
  const seen = { blueprint, resources: byAddress(resources) };
  const open = new Map(parts.map((part) => [part.key, part]));
  const met = new Map<string, string>();
  const fails = resources.flatMap((resource): Observation[] => {
    const many = MULTIPLIERS.filter((name) => isSet(resource.body[name]));
    if (many.length > 0)
      return [
        fail(resource.subject, `${many.join(", ")}: one block would be many, write each out`),
      ];
    const part = describeResource(resource, seen);
    if (!part) return [fail(resource.subject, "no part of the Blueprint explains it")];
    if (part.key.startsWith("rule ")) return [];
    const first = met.get(part.key);
    if (first) return [fail(resource.subject, `is "${part.key}" a second time, after ${first}`)];
    const wanted = open.get(part.key);
    if (!wanted) return [fail(resource.subject, `the Blueprint has no "${part.key}"`)];
    met.set(part.key, resource.address);
    return differences(part.facts, wanted).map((text) => fail(resource.subject, text));
  });
  const missing = parts.filter((part) => !met.has(part.key));
  return [
    ...fails,
    ...missing.map((part) =>
      fail(`${part.stack}/${part.key}`, "the Blueprint has it, the stack doesn't"),
    ),
  ];
}

/** What a resource says otherwise than the Blueprint: one line an attribute. */
export function differences(
  facts: Readonly<Record<string, unknown>>,
  wanted: ExpectedResource,
  except: readonly string[] = [],
): string[] {
  return Object.entries(wanted.facts)
    .filter(([name, value]) => !except.includes(name) && !same(facts[name], value))
    .map(
      ([name, value]) => `${name}: got ${shown(facts[name])}, the Blueprint says ${shown(value)}`,
    );
}

function outputs({ blueprint }: PolicyInput, stack: string, json: TerraformJson): Observation[] {
  const isAddresses = stack === `${blueprint.instance}-addresses`;
  const allowed = isAddresses ? ["addresses", "location"] : [];
  const here = `${blueprint.cloud.provider}/${blueprint.cloud.location}`;
  const said = at(json, "output", "location", "value");
  return [
    ...entriesOf(at(json, "output"))
      .filter(([name]) => !allowed.includes(name))
      .map(([name]) =>
        fail(
          `${stack}/output.${name}`,
          `no part of the Blueprint explains it, allowed: ${allowed.join() || "none"}`,
        ),
      ),
    // What the state says of its place is what keeps the next plan from moving it.
    ...(isAddresses && said !== here
      ? [fail(`${stack}/output.location`, `got ${shown(said)}, the Blueprint says ${shown(here)}`)]
      : []),
  ];
}

/** The plan's resources against the document's, by address. */
function planned(input: PolicyInput, stack: string, resources: readonly Resource[]): Observation[] {
  const plan = input.plans?.get(stack);
  // A plan that failed lacks nearly everything: `plan-is-of-this-blueprint` says that once.
  if (!plan || plan["errored"] === true || !Array.isArray(plan["resource_changes"])) return [];
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
