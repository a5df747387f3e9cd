import { at, entriesOf, isObject, listOf } from "./json.ts";
import type { PlanJson } from "./types.ts";

/** What becomes of a part of Terraform's plan: the rules that read it, or why none does. */
export type Reading = { readonly rules: readonly string[] } | { readonly unread: string };

const read = (...rules: readonly string[]): Reading => ({ rules });
const unread = (why: string): Reading => ({ unread: why });

const WHOLE = "plan-is-read-whole";
const SAME = "plan-is-of-this-blueprint";
const EXPLAINED = "explained-by-blueprint";
const PINNED = "provider-pinned";
const SECRET = "no-secret";
const DESTRUCTION = "no-unnoticed-destruction";
const REPEATED =
  "resource_changes says the same, with what stands there before; no-secret reads its texts";

/**
 * Every part of Terraform's plan as JSON, format 1.x, of Terraform 1.11 and 1.14 and OpenTofu 1.10, by where it stands.
 * A part that isn't here fails: somebody must say first who reads it.
 *
 * Source: https://developer.hashicorp.com/terraform/internals/json-format (read 2026-11-28); plans of Terraform 1.11.4.
 */
export const PLAN_FORMAT: Readonly<Record<string, Readonly<Record<string, Reading>>>> = {
  plan: {
    format_version: read(SAME),
    terraform_version: unread(
      "any version that writes format 1.x; the plan's record has the engine",
    ),
    variables: read(WHOLE),
    planned_values: unread(REPEATED),
    prior_state: unread(REPEATED),
    proposed_unknown: unread("what resource_changes calls after_unknown"),
    resource_changes: read(EXPLAINED, SAME, DESTRUCTION, "no-unnoticed-interruption"),
    resource_drift: read("drift-is-named", "no-unnoticed-interruption"),
    relevant_attributes: unread(
      "which drift Terraform shows to a person: drift-is-named reads all of it",
    ),
    output_changes: read(WHOLE),
    deferred_changes: read(WHOLE),
    deferred_action_invocations: read(WHOLE),
    action_invocations: read(WHOLE),
    checks: read(WHOLE),
    configuration: read(SAME, PINNED, WHOLE),
    timestamp: unread("the plan's record has the day on which it was evaluated"),
    applyable: read(WHOLE),
    complete: read(SAME),
    errored: read(SAME),
  },
  change: {
    address: read(EXPLAINED),
    previous_address: read(WHOLE),
    module_address: read(WHOLE),
    mode: read(EXPLAINED),
    type: read(EXPLAINED),
    name: unread("a part of the address"),
    index: read(WHOLE),
    deposed: read(WHOLE),
    provider_name: read(PINNED),
    change: read(SAME, DESTRUCTION),
    action_reason: read(DESTRUCTION),
  },
  values: {
    actions: read(DESTRUCTION, "no-unnoticed-interruption"),
    before: read(DESTRUCTION, "drift-is-named", SECRET),
    after: read(SAME, SECRET),
    after_unknown: read(DESTRUCTION),
    before_sensitive: read(SECRET),
    after_sensitive: read(SECRET),
    replace_paths: read(DESTRUCTION),
    importing: read(WHOLE),
    generated_config: read(WHOLE),
    before_identity: unread("the cloud's id, which before has, too"),
    after_identity: unread("the cloud's id, which after has, too"),
  },
  configuration: {
    provider_config: read(PINNED, WHOLE),
    root_module: read(SAME, WHOLE),
    relevant_attributes: unread("which drift Terraform shows to a person"),
  },
  provider: {
    name: read(PINNED),
    full_name: read(PINNED),
    alias: read(WHOLE),
    module_address: read(WHOLE),
    version_constraint: read(WHOLE),
    expressions: read(WHOLE),
  },
  root_module: {
    resources: read(SAME),
    outputs: read(WHOLE),
    module_calls: read(PINNED),
    variables: read(WHOLE),
    actions: read(WHOLE),
  },
  configured: {
    address: read(SAME),
    mode: unread("a part of the address"),
    type: unread("a part of the address"),
    name: unread("a part of the address"),
    provider_config_key: read(WHOLE),
    provisioners: read(WHOLE),
    expressions: read(SAME),
    schema_version: unread("the pinned provider's own"),
    for_each_expression: read(WHOLE),
    count_expression: read(WHOLE),
    depends_on: unread("an order, which the document has and explained-by-blueprint compares"),
  },
};

/** One object of a plan, with the level of the format that describes it. */
interface Described {
  readonly level: string;
  /** Where it stands, for a person: `resource_changes hcloud_server.x`. */
  readonly where: string;
  readonly value: unknown;
}

function described(plan: PlanJson): Described[] {
  const root = at(plan, "configuration", "root_module");
  const changes = ["resource_changes", "resource_drift"].flatMap((key) =>
    listOf(plan[key]).map((entry) => ({ entry, where: `${key} ${String(at(entry, "address"))}` })),
  );
  return [
    { level: "plan", where: "the plan", value: plan },
    ...changes.flatMap(({ entry, where }) => [
      { level: "change", where, value: entry },
      { level: "values", where, value: at(entry, "change") },
    ]),
    { level: "configuration", where: "configuration", value: plan["configuration"] },
    ...entriesOf(at(plan, "configuration", "provider_config")).map(([name, value]) => ({
      level: "provider",
      where: `provider ${name}`,
      value,
    })),
    { level: "root_module", where: "configuration", value: root },
    ...listOf(at(root, "resources")).map((value) => ({
      level: "configured",
      where: `configuration ${String(at(value, "address"))}`,
      value,
    })),
  ];
}

/** The parts of a plan that the format doesn't know: `resource_changes hcloud_server.x: action_trigger`. */
export const unknownKeys = (plan: PlanJson): string[] =>
  described(plan).flatMap(({ level, where, value }) =>
    isObject(value)
      ? Object.keys(value)
          .filter((key) => !Object.hasOwn(PLAN_FORMAT[level] ?? {}, key))
          .map((key) => `${where}: ${key}`)
      : [],
  );

/** The parts of this very plan that no rule reads, each with its reason. */
export function unreadKeys(plan: PlanJson): string[] {
  const lines = described(plan).flatMap(({ level, value }) =>
    Object.keys(isObject(value) ? value : {}).flatMap((key) => {
      const reading = PLAN_FORMAT[level]?.[key];
      return reading && "unread" in reading ? [`${level}.${key}: ${reading.unread}`] : [];
    }),
  );
  return [...new Set(lines)];
}
