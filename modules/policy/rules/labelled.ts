import type { ProviderSchema } from "../../clouds/provider-schema/index.ts";
import { allResources, type Resource } from "../document.ts";
import { isObject, listOf, shown, textOf } from "../json.ts";
import { defineRule, fail, failsOr } from "../rule.ts";

/** Labels by key and value, as OpenStack and Hetzner call them. */
const MAPS = ["metadata", "labels"];

export const labelled = defineRule({
  id: "labelled",
  level: "warning",
  what: "whatever can carry tags, metadata or labels says that polder made it, for which instance and as which part",
  why: "Otherwise nobody can tell in a project's listing which resource belongs to which instance, and `decommission` can't find what is left over.",
  norms: ["BIO2 5.09.01"],
  looksAt: "stacks",
  check: (input) =>
    [...input.stacks.keys()].flatMap((stack) => {
      const resources = allResources(input).filter(
        (r) => r.stack === stack && r.kind === "resource",
      );
      const carriers = resources.filter((r) =>
        ["tags", ...MAPS].some((name) => carries(input.schema, r, name)),
      );
      if (carriers.length === 0) return [];
      const fails = carriers.flatMap((resource) =>
        missing(input.schema, resource, input.blueprint.instance).map((text) =>
          fail(resource.subject, text),
        ),
      );
      return failsOr(fails, stack, `${carriers.length} resources can carry a label, and do`);
    }),
});

function carries(schema: ProviderSchema, { type }: Resource, attribute: string): boolean {
  const providers = Object.values(schema.provider_schemas);
  const block = providers
    .map((p) => p.resource_schemas?.[type]?.block)
    .find((b) => b !== undefined);
  const found = block?.attributes?.[attribute];
  return found?.optional === true || found?.required === true;
}

function missing(schema: ProviderSchema, resource: Resource, instance: string): string[] {
  const tags = listOf(resource.body["tags"]).map(textOf);
  const one = (prefix: string) => tags.filter((tag) => tag?.startsWith(prefix));
  return [
    ...(carries(schema, resource, "tags")
      ? [
          tags.includes("polder") ? "" : 'the tag "polder" is missing',
          one("polder-instance=").join() === `polder-instance=${instance}`
            ? ""
            : `polder-instance: got ${shown(one("polder-instance="))}, allowed: ${instance}`,
          one("polder-part=").length === 1
            ? ""
            : `polder-part: got ${shown(one("polder-part="))}, exactly one is allowed`,
        ]
      : []),
    ...MAPS.filter((name) => carries(schema, resource, name)).flatMap((name) => {
      const map = isObject(resource.body[name]) ? resource.body[name] : {};
      return [
        map["polder"] === "1" ? "" : `${name} polder is not 1`,
        map["polder_instance"] === instance
          ? ""
          : `${name} polder_instance: got ${shown(map["polder_instance"])}, allowed: ${instance}`,
        textOf(map["polder_part"]) ? "" : `${name} polder_part is missing`,
        one("polder-part=").every((tag) => tag === `polder-part=${map["polder_part"]}`)
          ? ""
          : `tags and ${name} name different parts`,
      ];
    }),
  ].filter((text) => text !== "");
}
