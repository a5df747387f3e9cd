import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ProviderSchema } from "../clouds/provider-schema/index.ts";
import { isObject, type JsonObject, listOf } from "./json.ts";
import type { PlanJson, PolicyInput, RenderedHost, Rule, TerraformJson } from "./types.ts";

/** The day of the examples' data. */
export const AS_OF = "2026-11-24";
// biome-ignore lint/suspicious/noExplicitAny: tests plant faults in JSON of every shape
export type Loose = any;

/** A PolicyInput that may be written to. */
export interface Planted {
  blueprint: Loose;
  stacks: Map<string, Loose>;
  expected: Map<string, Loose>;
  plans?: Map<string, Loose>;
  /** Shared between copies: who plants in them copies them first. */
  hosts?: readonly RenderedHost[];
  jitsiReleases: PolicyInput["jitsiReleases"];
  schema: ProviderSchema;
}

/** An example with the plans that would make it from nothing. */
export function withPlans(input: Planted): Planted & { plans: Map<string, Loose> } {
  const plans = [...input.stacks].map(
    ([stack, json]) => [stack, planOf(json, input.schema)] as const,
  );
  return { ...input, plans: new Map<string, Loose>(plans) };
}

export const asInput = (planted: Planted): PolicyInput => planted as PolicyInput;

/** The body of the one resource of a type whose name begins so. */
export function body(planted: Planted, type: string, name: string, stack = "lab"): Loose {
  return named(planted, type, name, stack)[1];
}

/** `<stack>/<address>` of that resource. */
export const subject = (planted: Planted, type: string, name: string, stack = "lab"): string =>
  `${stack}/${type}.${named(planted, type, name, stack)[0]}`;

function named(planted: Planted, type: string, name: string, stack: string): [string, Loose] {
  const resources = planted.stacks.get(stack)?.resource?.[type] ?? {};
  const found = Object.entries(resources).filter(([key]) => key.startsWith(name));
  if (found.length !== 1) throw new Error(`${found.length} ${type} begin with ${name}`);
  return found[0] as [string, Loose];
}

/** Takes a resource out of its stack and, where there is one, out of the plan. */
export function without(p: Planted, type: string, name: string, stack = "lab"): void {
  const address = subject(p, type, name, stack).slice(stack.length + 1);
  delete p.stacks.get(stack).resource[type][address.slice(type.length + 1)];
  const plan = p.plans?.get(stack);
  if (plan)
    plan.resource_changes = plan.resource_changes.filter((c: Loose) => c.address !== address);
}

/** Plants by the way of giving the subject. */
export const doing = <S>(_planted: unknown, subjects: S): S => subjects;

/** Gives a resource other values; gives its subject. */
export const set = (
  p: Planted,
  type: string,
  name: string,
  values: object,
  stack = "lab",
): string => {
  Object.assign(body(p, type, name, stack), values);
  return subject(p, type, name, stack);
};

/** The planned change of the one resource of a type whose name begins so. */
export function change(planted: Planted, type: string, name: string, stack = "lab"): Loose {
  const changes: Loose[] = planted.plans?.get(stack)?.resource_changes ?? [];
  const found = changes.filter((c) => c.address.startsWith(`${type}.${name}`));
  if (found.length !== 1) throw new Error(`${found.length} changes of ${type} begin with ${name}`);
  return found[0];
}

/** Makes a planned creation a no-op, an update, a deletion or a replacement of what stands there. */
export function becomes(
  planned: Loose,
  actions: readonly string[],
  before: JsonObject = {},
  reason?: { action_reason: string; replace_paths?: string[][] },
): void {
  const { change: what } = planned;
  what.actions = [...actions];
  what.before = { ...what.after, ...before };
  if (actions.includes("delete") && !actions.includes("create")) what.after = null;
  if (reason) planned.action_reason = reason.action_reason;
  if (reason?.replace_paths) what.replace_paths = reason.replace_paths;
}

const META = ["lifecycle", "depends_on", "//"];

/**
 * The plan that Terraform 1.11.4 with the pinned provider makes of a document when nothing stands yet, as
 * `terraform show -json` prints it, in the fields that the rules read: compared with a real one.
 */
export function planOf(json: TerraformJson, forSchema: ProviderSchema): PlanJson {
  const [source = ""] = Object.keys(forSchema.provider_schemas);
  const provider = Object.keys((json["provider"] ?? {}) as Loose)[0] ?? "";
  const { version } = (json as Loose).terraform.required_providers[provider];
  const settings = ((json as Loose).provider[provider]?.[0] ?? {}) as JsonObject;
  const resources = Object.entries((json["resource"] ?? {}) as Loose).flatMap(([type, bodies]) =>
    Object.entries(bodies as Loose).map(([name, written]) => ({
      mode: "managed",
      type,
      name,
      written: written as Loose,
    })),
  );
  const data = Object.entries((json["data"] ?? {}) as Loose).flatMap(([type, bodies]) =>
    Object.entries(bodies as Loose).map(([name, written]) => ({
      mode: "data",
      type,
      name,
      written: written as Loose,
    })),
  );
  const address = (r: { mode: string; type: string; name: string }) =>
    `${r.mode === "data" ? "data." : ""}${r.type}.${r.name}`;
  return {
    format_version: "1.2",
    terraform_version: "1.11.4",
    resource_changes: resources.map((r) => ({
      address: address(r),
      mode: r.mode,
      type: r.type,
      name: r.name,
      provider_name: source,
      change: {
        actions: ["create"],
        before: null,
        after: plannedValues(r.type, r.written, forSchema),
        after_unknown: { id: true },
        before_sensitive: false,
        after_sensitive: r.type === "openstack_compute_instance_v2" ? { admin_pass: true } : {},
      },
    })),
    configuration: {
      provider_config: {
        [provider]: {
          name: provider,
          full_name: source,
          version_constraint: version,
          ...(Object.keys(settings).length > 0 && { expressions: each(settings) }),
        },
      },
      root_module: {
        resources: [...data, ...resources].map((r) => ({
          address: address(r),
          mode: r.mode,
          type: r.type,
          name: r.name,
          provider_config_key: provider,
          expressions: expressions(r.type, r.written, forSchema),
          schema_version: 0,
        })),
      },
    },
    applyable: true,
    complete: true,
    errored: false,
  };
}

const withoutMeta = (written: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(written).filter(([name]) => !META.includes(name)));

function plannedValues(type: string, written: JsonObject, forSchema: ProviderSchema): JsonObject {
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(blockOf(type, forSchema)?.attributes ?? {})) {
    if (name === "admin_pass") values[name] = null;
  }
  for (const [name, value] of Object.entries(withoutMeta(written))) {
    const known = withoutReferences(value);
    if (known !== undefined) values[name] = known;
  }
  if (typeof values["user_data"] === "string") {
    const encoding = type === "hcloud_server" ? "base64" : "hex";
    values["user_data"] = createHash("sha1").update(values["user_data"]).digest(encoding);
  }
  return values;
}

/** What a plan can't know yet, it leaves out. */
function withoutReferences(value: unknown): unknown {
  if (typeof value === "string") return value.includes("${") ? undefined : value;
  if (Array.isArray(value)) {
    const kept = value.map(withoutReferences);
    return kept.includes(undefined) ? undefined : kept;
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(
    ([key, inner]) => [key, withoutReferences(inner)] as const,
  );
  return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
}

const blockOf = (type: string, forSchema: ProviderSchema) =>
  Object.values(forSchema.provider_schemas)[0]?.resource_schemas?.[type]?.block;

/** JSON's expressions come back as they were written, references and all. */
function expressions(type: string, written: JsonObject, forSchema: ProviderSchema): JsonObject {
  const nested = Object.keys(blockOf(type, forSchema)?.block_types ?? {});
  return Object.fromEntries(
    Object.entries(withoutMeta(written)).map(([name, value]) => [
      name,
      nested.includes(name)
        ? listOf(value).map((block) => each(block as JsonObject))
        : expression(value),
    ]),
  );
}

const each = (block: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(block).map(([name, value]) => [name, expression(value)]));

function expression(value: unknown): JsonObject {
  const references = [...JSON.stringify(value).matchAll(/\$\{([\w.-]+)\.(id|name)\}/g)].flatMap(
    ([, to, attribute]) => [`${to}.${attribute}`, to],
  );
  return { constant_value: value, ...(references.length > 0 && { references }) };
}

/** A fault: what it is, how it is planted (giving the subjects to be found), the message of its finding. */
export type Fault<P> = readonly [string, (planted: P) => string | readonly string[], RegExp];

/** A rule both ways: the example passes, and each planted fault is found, there and nowhere else. */
export function bothWays<P extends Planted>(
  rule: Rule,
  start: () => P,
  faults: readonly Fault<P>[],
): void {
  describe(rule.id, () => {
    it("passes on the example", () => {
      const verdicts = rule.check(asInput(start()), AS_OF).map((finding) => finding.verdict);
      expect(new Set(verdicts)).toEqual(new Set(["pass"]));
    });
    it.each(faults)("finds %s", (_, plant, says) => {
      const planted = start();
      const subjects = [plant(planted)].flat();
      const fails = rule.check(asInput(planted), AS_OF).filter((f) => f.verdict === "fail");
      expect(fails.map((f) => `${f.id} ${f.subject}`)).toEqual(
        subjects.map((s) => `${rule.id} ${s}`),
      );
      for (const { message } of fails) {
        expect(message).toMatch(says);
        expect(message).not.toContain("\n");
      }
    });
  });
}
