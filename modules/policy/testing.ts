import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { standIns } from "../../lab/stand-ins/index.ts";
import { renderStacks } from "../../stacks/instance-stacks.ts";
import type { ProviderSchema } from "../clouds/provider-schema/index.ts";
import { renderAll } from "../hosts/render/index.ts";
import type { Blueprint } from "../planning/blueprint/index.ts";
import {
  ADDRESSES_FILE,
  INSTANCE_FILE,
  instanceFolder,
  instanceNames,
  JITSI_FILE,
  type LoadedInstance,
  loadInstance,
  loadPrograms,
} from "../workspace/index.ts";
import { isObject, type JsonObject, listOf } from "./json.ts";
import type { PlanJson, PolicyInput, RenderedHost, Rule, TerraformJson } from "./types.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** The day of the examples' data. */
export const AS_OF = "2026-11-24";
export const EXAMPLES = instanceNames(ROOT);

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
  schema: ProviderSchema;
}

const readSchema = (provider: string) =>
  JSON.parse(
    readFileSync(join(ROOT, "providers", provider, "schema.json"), "utf8"),
  ) as ProviderSchema;
const SCHEMAS = { openstack: readSchema("openstack"), hetzner: readSchema("hcloud") };

interface Kind {
  /** With addresses as a cloud could have chosen them. */
  readonly allocated?: boolean;
  /** With Jitsi's packages, also where the example has stand-ins. */
  readonly pinned?: boolean;
}

/** Loads an example in a folder of its own, with addresses as a cloud could have chosen them. */
function load(
  name: string,
  change: (text: string) => string,
  { allocated, pinned }: Kind,
): PolicyInput {
  const folder = mkdtempSync(join(tmpdir(), "policy-"));
  try {
    const copy = join(folder, name);
    // Only what is committed: a person of this machine, or its addresses, would be in the documents.
    mkdirSync(copy);
    const text = readFileSync(join(instanceFolder(ROOT, name), INSTANCE_FILE), "utf8");
    writeFileSync(join(copy, INSTANCE_FILE), change(text));
    // A folder of the lab may hold what `make lab PACKAGES=` pinned there.
    const jitsi = name.startsWith("lab") ? pinned && "gemeente-klein" : name;
    if (jitsi) cpSync(join(instanceFolder(ROOT, jitsi), JITSI_FILE), join(copy, JITSI_FILE));
    if (allocated) {
      const { blueprint } = loadInstance(copy);
      writeFileSync(join(copy, ADDRESSES_FILE), JSON.stringify(addressesFor(blueprint)));
    }
    const loaded: LoadedInstance = {
      ...loadInstance(copy),
      // Where it really lives: the path of the state is part of the document.
      folder: instanceFolder(ROOT, name),
    };
    const stacks = renderStacks(loaded, { outdir: join(ROOT, "cdktf.out") });
    const schema = SCHEMAS[loaded.blueprint.cloud.provider];
    const { blueprint } = loaded;
    const hosts = hostsOf(blueprint);
    const expected = structuredClone(stacks);
    return { blueprint, stacks, expected, schema, ...(hosts && { hosts }) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Packages from a folder can't be rendered yet. */
const hostsOf = (blueprint: Blueprint): readonly RenderedHost[] | undefined =>
  blueprint.packages.source === "folder"
    ? undefined
    : renderAll(blueprint, loadPrograms(), standIns);

/** addresses.yaml as a cloud could have filled it. */
export function addressesFor(blueprint: Blueprint): unknown {
  const open = blueprint.hosts.filter((host) => host.exposure.addressed);
  const direct = blueprint.cloud.publicAddresses === "direct";
  const hetzner = blueprint.cloud.provider === "hetzner";
  const one = (index: number) => ({
    id: hetzner
      ? String(1000 + 2 * index)
      : `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
    ...(hetzner && { ipv6Id: String(1001 + 2 * index) }),
    ipv4: `203.0.113.${index + 10}`,
    ...(direct && { ipv6: hetzner ? `2001:db8:0:${index + 10}::1` : `2001:db8::${index + 10}` }),
  });
  return {
    instance: blueprint.instance,
    cloud: blueprint.cloud.provider,
    location: blueprint.cloud.location,
    addresses: Object.fromEntries(open.map((host, index) => [host.id, one(index)])),
  };
}

const cache = new Map<string, PolicyInput>();

/** An example as it is: a copy of one's own, to plant faults in. */
export function example(name = "lab", allocated = true): Planted {
  return changed(name, "", (text) => text, { allocated });
}

/** An example whose file says something else; `what` tells one such change from another. */
export function changed(
  name: string,
  what: string,
  change: (text: string) => string,
  { allocated = true, pinned = false }: Kind = {},
): Planted {
  const key = `${name} ${allocated} ${pinned} ${what}`;
  const input = cache.get(key) ?? load(name, change, { allocated, pinned });
  cache.set(key, input);
  const { hosts, ...rest } = input;
  return { ...(structuredClone(rest) as Planted), ...(hosts && { hosts }) };
}

/** An example with the plans that would make it from nothing. */
export function planned(name = "lab"): Planted & { plans: Map<string, Loose> } {
  return withPlans(example(name));
}

/** The same with those plans. */
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

/** A fault: what it is, how it is planted (giving the subjects to be found), what is said of it. */
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
