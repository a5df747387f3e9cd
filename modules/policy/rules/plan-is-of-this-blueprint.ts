import { type Resource, resourcesIn } from "../document.ts";
import { at, isObject, isSet, listOf, same, shown, textOf } from "../json.ts";
import { type Change, changesOf, plansOf, stays } from "../plan.ts";
import { defineRule, fail, failsOr, type Observation } from "../rule.ts";
import type { PlanJson } from "../types.ts";

/** Arguments to Terraform itself: a plan repeats them elsewhere, or not at all. */
const META = ["lifecycle", "depends_on", "//"];
/** The provider keeps only a SHA-1 of it. The configuration that the plan carries has it whole. */
const HASHED = ["user_data"];

export const planIsOfThisBlueprint = defineRule({
  id: "plan-is-of-this-blueprint",
  level: "error",
  what: "the plan is complete, was made from this very document, and plans the Blueprint's addresses, flavours, sizes, rules and records",
  why: "Only what was reviewed may be applied: a plan of an older file, of a part, or of another instance is not the reviewed plan.",
  norms: ["BIO2 8.32.01"],
  looksAt: "plan",
  check: (input) =>
    plansOf(input).flatMap(([stack, plan]) => {
      const json = input.stacks.get(stack);
      if (!json) return [fail(stack, "a plan of a stack that isn't there")];
      const resources = resourcesIn(stack, json).filter((r) => r.kind === "resource");
      const changes = changesOf(stack, plan).filter(stays);
      const fails = [
        ...whole(plan).map((text) => fail(stack, text)),
        ...resourcesIn(stack, json).flatMap((resource) => configured(resource, plan)),
        ...changes.flatMap((change) => {
          const written = resources.find((r) => r.address === change.address);
          return written ? values(written, change) : [];
        }),
      ];
      return failsOr(
        fails,
        stack,
        `${changes.length} planned resources say what the document says`,
      );
    }),
});

function whole(plan: PlanJson): string[] {
  return [
    ...(/^1\.\d+$/.test(textOf(plan["format_version"]) ?? "")
      ? []
      : [`format_version: got ${shown(plan["format_version"])}, 1.x is understood`]),
    ...(Array.isArray(plan["resource_changes"]) ? [] : ["no resource_changes: this is no plan"]),
    ...(plan["errored"] === true ? ["the plan failed: it may be a part of what was meant"] : []),
    ...(plan["complete"] === false
      ? ["the plan is not complete: something was targeted or deferred"]
      : []),
  ];
}

/** The document that the plan was made from, as the plan repeats it, against the one that is evaluated. */
function configured(resource: Resource, plan: PlanJson): Observation[] {
  const repeated = listOf(at(plan, "configuration", "root_module", "resources")).find(
    (r) => at(r, "address") === resource.address,
  );
  if (!repeated)
    return [fail(resource.subject, "is not in the configuration that the plan was made from")];
  const expressions = at(repeated, "expressions");
  const written = Object.entries(resource.body).filter(([name]) => !META.includes(name));
  const names = new Set(written.map(([name]) => name));
  const others = isObject(expressions)
    ? Object.keys(expressions).filter((name) => !names.has(name))
    : [];
  return [
    ...written
      .filter(([name, value]) => !says(at(expressions, name), value))
      .map(([name]) =>
        fail(
          resource.subject,
          `${name}: the plan was made from a document that says something else`,
        ),
      ),
    ...others.map((name) =>
      fail(resource.subject, `${name}: only the document that the plan was made from has it`),
    ),
  ];
}

/** Whether an expression of a plan's configuration is what was written. */
function says(expression: unknown, written: unknown): boolean {
  if (isObject(expression) && "constant_value" in expression)
    return same(expression["constant_value"], written);
  if (isObject(expression) && "references" in expression) {
    const text = JSON.stringify(written);
    const references = listOf(expression["references"]).map(String);
    // Both ways: a literal that took a reference's place leaves none behind.
    const wanted = [...text.matchAll(/\$\{([^{}]+)\}/g)].map(([, inside]) => inside as string);
    return (
      references.every((reference) => text.includes(reference)) &&
      wanted.every((reference) => references.includes(reference))
    );
  }
  const [got, wanted] = [listOf(expression), listOf(written)];
  return (
    got.length === wanted.length &&
    wanted.every((item, index) => {
      const block = got[index];
      return isObject(item) && isObject(block)
        ? Object.entries(item).every(([name, value]) => says(block[name], value)) &&
            Object.keys(block).every((name) => name in item)
        : false;
    })
  );
}

const ignoredBy = ({ body }: Resource, change: Change): string[] =>
  change.actions.includes("create")
    ? []
    : listOf(at(body, "lifecycle", "ignore_changes")).map(String);

/** What the provider's import doesn't read. Apply writes it into the state as the cloud has it; the next plan compares. */
const UNREAD: Readonly<Record<string, readonly string[]>> = {
  openstack_compute_instance_v2: ["config_drive"],
  openstack_networking_secgroup_v2: ["delete_default_rules"],
};
const unreadIn = ({ type, importing, after }: Change): readonly string[] =>
  importing === undefined ? [] : (UNREAD[type] ?? []).filter((name) => !isSet(after[name]));

/** Every value that the document gives, against what is planned for it. */
function values(written: Resource, change: Change): Observation[] {
  const skip = [...META, ...HASHED, ...ignoredBy(written, change), ...unreadIn(change)];
  return Object.entries(written.body)
    .filter(([name, value]) => !skip.includes(name) && !covers(value, change.after[name]))
    .map(([name, value]) =>
      fail(
        change.subject,
        `${name}: the plan has ${shown(change.after[name])}, the document says ${shown(value)}`,
      ),
    );
}

/** Whether what is planned says all that was written; references are known only to the cloud. */
function covers(written: unknown, planned: unknown): boolean {
  if (typeof written === "string" && written.includes("${")) return true;
  if (Array.isArray(written)) {
    const literal = written.filter((item) => typeof item !== "string" || !item.includes("${"));
    const got = listOf(planned);
    // More than was written is as wrong as less: another record, another tag.
    const counted = literal.length < written.length || got.length === written.length;
    return counted && literal.every((item) => got.some((g) => covers(item, g)));
  }
  if (isObject(written))
    return Object.entries(written).every(([key, value]) => covers(value, at(planned, key)));
  return same(written, planned);
}
