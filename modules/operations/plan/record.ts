import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { providerOf } from "../../clouds/known-clouds/index.ts";
import {
  type ChangeCount,
  type StateMark,
  TerraformFailure,
} from "../../clouds/terraform/index.ts";
import {
  buildFolder,
  TOOLKIT,
  type ToolkitIdentity,
  toolkitIdentity,
} from "../../common/toolkit/index.ts";
import type { Pack, PlanJson } from "../../policy/index.ts";
import {
  ADDRESSES_FILE,
  ADMINS_FILE,
  INSTANCE_FILE,
  LOCATION_FILE,
  type LoadedInstance,
  OVERRIDES_FILE,
  ownRuleIds,
  RULES_FOLDER,
} from "../../workspace/index.ts";
import { type RulesIdentity, rulesIdentity } from "../rules/index.ts";
import { IMPORT_FILE, readJson, stackFolder, UNREAD_FILE } from "../working-folder/index.ts";

/** What `polder plan` recorded; `polder apply` applies it only while all of it still holds. */
export interface PlanRecord {
  readonly instance: string;
  /** Day that the policy was evaluated at. */
  readonly asOf: string;
  readonly engine: string;
  readonly stacks: readonly (ChangeCount & { readonly name: string })[];
  /** Which toolkit made and evaluated it, and by which rules. */
  readonly toolkit: ToolkitIdentity;
  readonly rules: RulesIdentity;
  /** sha256 of every input and of every file that the plan consists of, by name. */
  readonly sums: Readonly<Record<string, string>>;
  /** sha256 over all of the above. */
  readonly digest: string;
  /** Whether it destroys all of the instance. */
  readonly destroys: boolean;
  /** The states that it was made from: an apply by anybody since makes the plan stale. */
  readonly states: Readonly<Record<string, StateMark>>;
  /** Serial of each state that the last `polder apply` left, when there was one. */
  readonly stateChangedElsewhere: readonly string[];
}

/** Folder of the plan's own files. */
export const planFolder = (instance: string): string => join(buildFolder(instance), "plan");

const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
const sumOf = (file: string): string => (existsSync(file) ? sha256(readFileSync(file)) : "absent");

/** Sums of what the plan was made from and of what it is. */
export function sums(loaded: LoadedInstance, stacks: readonly string[]): Record<string, string> {
  const outdir = buildFolder(loaded.blueprint.instance);
  const plan = planFolder(loaded.blueprint.instance);
  const provider = join("providers", providerOf(loaded.blueprint));
  const files: Record<string, string> = {
    [INSTANCE_FILE]: join(loaded.folder, INSTANCE_FILE),
    [ADDRESSES_FILE]: join(loaded.folder, ADDRESSES_FILE),
    [ADMINS_FILE]: join(loaded.folder, ADMINS_FILE),
    [LOCATION_FILE]: join(loaded.folder, LOCATION_FILE),
    [OVERRIDES_FILE]: join(loaded.folder, OVERRIDES_FILE),
    [`${provider}/terraform.lock.hcl`]: join(TOOLKIT, provider, "terraform.lock.hcl"),
    [`${provider}/schema.json`]: join(TOOLKIT, provider, "schema.json"),
    // What a reviewer read.
    "findings.json": join(plan, "findings.json"),
    "blueprint.json": join(plan, "blueprint.json"),
  };
  for (const id of ownRuleIds(loaded.folder)) {
    const name = `${RULES_FOLDER}/${id}.ts`;
    files[name] = join(loaded.folder, name);
  }
  for (const stack of stacks) {
    files[`${stack}/cdk.tf.json`] = join(stackFolder(outdir, stack), "cdk.tf.json");
    for (const file of [IMPORT_FILE, UNREAD_FILE])
      files[`${stack}/${file}`] = join(stackFolder(outdir, stack), file);
    files[`${stack}.tfplan`] = join(plan, `${stack}.tfplan`);
    files[`${stack}.json`] = join(plan, `${stack}.json`);
  }
  const entries = Object.entries(files).map(([name, file]) => [name, sumOf(file)] as const);
  return Object.fromEntries(
    [...entries, ["blueprint", sha256(JSON.stringify(loaded.blueprint))] as const].sort(),
  );
}

/** The record's file, in the plan's folder and in the history. */
export const RECORD = "record.json";

export const digestOf = (record: Omit<PlanRecord, "digest">): string =>
  sha256(JSON.stringify(record));

/**
 * Compares the toolkit and the rules of now with those that evaluated the plan: a rule that is gone since finds
 * nothing.
 *
 * @throws TerraformFailure that names what differs
 */
export function refuseOtherRules({ instance, toolkit, rules }: PlanRecord, pack: Pack): void {
  const [here, now] = [toolkitIdentity(), rulesIdentity(pack)];
  const missing = rules.ids.filter((id) => !now.ids.includes(id));
  const different = [
    ...(missing.length > 0
      ? [`rules that evaluated the plan are gone: ${missing.join(", ")}`]
      : []),
    ...(here.code !== toolkit.code
      ? [`the plan was evaluated by another polder: ${named(toolkit)}, this is ${named(here)}`]
      : []),
    ...(missing.length === 0 && now.digest !== rules.digest
      ? ["its rules were changed since"]
      : []),
  ];
  if (different.length > 0)
    throw new TerraformFailure(`${different.join("; ")}; run \`polder plan ${instance}\` again`);
}

const named = ({ version, commit, code }: ToolkitIdentity): string =>
  `${version}${commit ? ` at ${commit}` : ""} (code ${code.slice(0, 16)})`;

/**
 * The recorded plan of an instance, if every input and file is still what it was.
 *
 * @throws TerraformFailure that names what changed.
 */
export function readPlan(loaded: LoadedInstance): {
  record: PlanRecord;
  plans: Map<string, PlanJson>;
} {
  const { instance } = loaded.blueprint;
  const folder = planFolder(instance);
  const file = join(folder, RECORD);
  if (!existsSync(file))
    throw new TerraformFailure(`no plan of ${instance}: run \`polder plan ${instance}\` first`);
  const { digest, ...unsigned } = readJson<PlanRecord>(file) ?? ({ digest: "" } as PlanRecord);
  if (digest !== digestOf(unsigned)) {
    throw new TerraformFailure(
      `the plan's record was edited: run \`polder plan ${instance}\` again`,
    );
  }
  const now = sums(
    loaded,
    unsigned.stacks.map((s) => s.name),
  );
  const changed = Object.keys({ ...now, ...unsigned.sums }).filter(
    (name) => now[name] !== unsigned.sums[name],
  );
  if (changed.length > 0) {
    throw new TerraformFailure(
      `changed since the plan was made: ${changed.join(", ")}; run \`polder plan ${instance}\` again`,
    );
  }
  const plans = new Map(
    unsigned.stacks.map(({ name }) => [
      name,
      JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as PlanJson,
    ]),
  );
  return { record: { ...unsigned, digest }, plans };
}
