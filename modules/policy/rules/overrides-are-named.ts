import { addressesStack, type Resource, resourcesIn } from "../document.ts";
import { isObject, same, shown } from "../json.ts";
import { defineRule, fail, notTested, type Observation, pass } from "../rule.ts";
import type { PolicyInput } from "../types.ts";

/** Terraform's names are the path in the stack, and a sum where that has more than one part. */
function isMeant(
  { blueprint }: PolicyInput,
  pattern: string,
  { stack, address, kind }: Resource,
): boolean {
  const ofAddresses = stack === addressesStack(blueprint);
  if (kind === "data" || pattern.startsWith("addresses/") !== ofAddresses) return false;
  const path = pattern.replace(/^addresses\//, "").replaceAll("*", "[a-z0-9_-]*");
  return new RegExp(`^${path.replaceAll("/", "_")}(_[0-9A-F]{8})?$`).test(
    address.split(".")[1] ?? "",
  );
}

/** Lists are added to, blocks of keys merged, everything else replaced. */
function holds(got: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return Array.isArray(got) && wanted.every((one) => got.some((other) => same(other, one)));
  if (isObject(wanted))
    return isObject(got) && Object.entries(wanted).every(([key, value]) => holds(got[key], value));
  return same(got, wanted);
}

export const overridesAreNamed = defineRule({
  id: "overrides-are-named",
  level: "error",
  what: "whatever was changed by hand of an inner resource stands in overrides.yaml with its reason and owner, is so in the document, and is told as a warning",
  why: "A way out of the toolkit's own choices must be in the sight of whoever reviews the plan or audits it.",
  norm: "BIO2 8.32.01",
  looksAt: "stacks",
  check: (input) => {
    const { blueprint, stacks } = input;
    const resources = [...stacks].flatMap(([stack, json]) => resourcesIn(stack, json));
    const seen = blueprint.overrides.flatMap(({ resource, set, reason, owner }): Observation[] => {
      const meant = resources.filter((one) => isMeant(input, resource, one));
      if (meant.length === 0)
        return [
          blueprint.addresses.state === "allocated"
            ? fail(
                blueprint.instance,
                `overrides.yaml names "${resource}", no resource is called so`,
              )
            : notTested(resource, "no cluster yet: its addresses are not yet allocated"),
        ];
      return meant.flatMap(({ subject, body }) =>
        Object.entries(set).map(([argument, value]) =>
          holds(body[argument], value)
            ? {
                ...pass(
                  subject,
                  `${argument} = ${shown(value)} by overrides.yaml, ${owner}: ${reason}`,
                ),
                warns: true as const,
              }
            : fail(
                subject,
                `${argument}: got ${shown(body[argument])}, overrides.yaml says ${shown(value)}`,
              ),
        ),
      );
    });
    return seen.length > 0 ? seen : [pass(blueprint.instance, "no inner resource was changed")];
  },
});
