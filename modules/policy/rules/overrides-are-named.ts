import { resourcesIn } from "../document.ts";
import { isObject, same, shown } from "../json.ts";
import { isMeant, refusal } from "../overrides.ts";
import { defineRule, fail, notTested, type Observation, pass } from "../rule.ts";

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
  what: "every argument of an inner resource that somebody changed stands in overrides.yaml with reason and owner, is one that a rule reads, has that value in the document, and is reported as a warning",
  why: "Whoever reviews or audits the plan must see where it departs from the toolkit's own choices.",
  norms: ["BIO2 8.32.01"],
  looksAt: "stacks",
  check: ({ blueprint, stacks }) => {
    const resources = [...stacks].flatMap(([stack, json]) => resourcesIn(stack, json));
    const seen = blueprint.overrides.flatMap(({ resource, set, reason, owner }): Observation[] => {
      const meant = resources.filter((one) => isMeant(blueprint, resource, one));
      if (meant.length === 0)
        return [
          blueprint.addresses.state === "allocated"
            ? fail(
                blueprint.instance,
                `overrides.yaml names "${resource}", no resource is called so`,
              )
            : notTested(resource, "no cluster yet: its addresses are not yet allocated"),
        ];
      return meant.flatMap(({ subject, type, body }) =>
        Object.entries(set).map(([argument, value]): Observation => {
          const refused = refusal(type, argument, value);
          if (refused !== undefined) return fail(subject, `overrides.yaml sets ${refused}`);
          return holds(body[argument], value)
            ? {
                ...pass(
                  subject,
                  `${argument} = ${shown(value)} by overrides.yaml, ${owner}: ${reason}`,
                ),
                warns: true,
              }
            : fail(
                subject,
                `${argument}: got ${shown(body[argument])}, overrides.yaml says ${shown(value)}`,
              );
        }),
      );
    });
    return seen.length > 0 ? seen : [pass(blueprint.instance, "no inner resource was changed")];
  },
});
