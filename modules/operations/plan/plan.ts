import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ImportBlock } from "../../clouds/cloud/index.ts";
import { cloudOf, providerOf } from "../../clouds/known-clouds/index.ts";
import { addressesStackName } from "../../clouds/stack/index.ts";
import {
  type ChangeCount,
  type Progress,
  type StateMark,
  Terraform,
  TerraformFailure,
} from "../../clouds/terraform/index.ts";
import type { Finding } from "../../common/findings/index.ts";
import { BadInput } from "../../common/input/index.ts";
import type { Testbed } from "../../common/testbed/index.ts";
import {
  buildFolder,
  TOOLKIT,
  type ToolkitIdentity,
  toolkitIdentity,
} from "../../common/toolkit/index.ts";
import {
  evaluate,
  type Pack,
  type PlanJson,
  type PlannedChange,
  plannedChanges,
} from "../../policy/index.ts";
import {
  ADDRESSES_FILE,
  ADMINS_FILE,
  INSTANCE_FILE,
  LOCATION_FILE,
  type LoadedInstance,
  OVERRIDES_FILE,
  ownRuleIds,
  RULES_FOLDER,
  writeAtomically,
} from "../../workspace/index.ts";
import { packOf, type RulesIdentity, rulesIdentity } from "../rules/index.ts";
import {
  IMPORT_FILE,
  noteApplied,
  readApplied,
  readJson,
  type Synthesis,
  stackFolder,
  UNREAD_FILE,
  writeStacks,
  writtenInput,
} from "../working-folder/index.ts";
import { refuseMove, refuseResidency, refuseVanished } from "./before-plan.ts";
import { engineEnvironment } from "./environment.ts";
import { completeImported, ignoreUnread } from "./imported.ts";
import { waitUntilReady } from "./wait-until-ready.ts";

/** What `polder plan` recorded; `polder apply` applies it only while all of it still holds. */
export interface PlanRecord {
  readonly instance: string;
  /** Day that the policy was evaluated at. */
  readonly asOf: string;
  readonly engine: string;
  readonly stacks: readonly (ChangeCount & { readonly name: string })[];
  /** Which toolkit made and judged it, and by which rules. */
  readonly toolkit: ToolkitIdentity;
  readonly rules: RulesIdentity;
  /** sha256 of every input and of every file that the plan consists of, by name. */
  readonly sums: Readonly<Record<string, string>>;
  /** sha256 over all of the above. */
  readonly digest: string;
  /** The states that it was made from: an apply by anybody since makes the plan stale. */
  readonly states: Readonly<Record<string, StateMark>>;
  /** Serial of each state that the last `polder apply` left, when there was one. */
  readonly stateChangedElsewhere: readonly string[];
}

export interface Planned {
  readonly record: PlanRecord;
  readonly changes: readonly PlannedChange[];
  readonly findings: readonly Finding[];
  readonly folder: string;
}

export interface DeployOptions {
  readonly progress: Progress;
  readonly timeoutMinutes: number;
  readonly asOf: string;
  readonly testbed: Testbed;
  readonly synthesis: Synthesis;
}

/** Networks, what is in them, their routes, the servers on them, the volumes on these; and one to see no more. */
const IMPORT_ROUNDS = 6;

const NO_CHANGES: ChangeCount = { add: 0, change: 0, remove: 0, import: 0 };

/** Folder of the plan's own files. */
export const planFolder = (instance: string): string => join(buildFolder(instance), "plan");

const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
const sumOf = (file: string): string => (existsSync(file) ? sha256(readFileSync(file)) : "absent");

/** Sums of what the plan was made from and of what it is. */
function sums(loaded: LoadedInstance, stacks: readonly string[]): Record<string, string> {
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

const digestOf = (record: Omit<PlanRecord, "digest">): string => sha256(JSON.stringify(record));

/** An engine for one stack of an instance. */
export function engine(
  loaded: LoadedInstance,
  stack: string,
  options: Omit<DeployOptions, "asOf">,
): Terraform {
  return new Terraform({
    folder: stackFolder(buildFolder(loaded.blueprint.instance), stack),
    env: engineEnvironment(options.testbed, loaded.blueprint),
    progress: options.progress,
    label: stack,
    timeoutMinutes: options.timeoutMinutes,
  });
}

/**
 * Plans an instance: Terraform's plan file, its JSON, the policy's findings and one digest over all
 * inputs. Until the cluster's addresses are allocated and recorded, the plan is of these alone.
 *
 * @throws BadInput when its location may not be used, is another than it was made at, or no longer
 *   offers what it needs; TerraformFailure when the cloud or Terraform refuses.
 */
export async function planInstance(
  loaded: LoadedInstance,
  options: DeployOptions & { readonly destroy?: boolean; readonly importing?: boolean },
): Promise<Planned> {
  const { blueprint } = loaded;
  const { progress, asOf } = options;
  const outdir = buildFolder(blueprint.instance);
  const folder = planFolder(blueprint.instance);
  process.umask(0o077);
  const pack = await packOf(loaded);
  const cloud = cloudOf(blueprint, options.testbed);
  if (options.importing && !cloud.imported) {
    const message = `${blueprint.cloud.provider}: the provider's import doesn't give back a server as it was, so none is taken over: restore the state from your backup`;
    throw new BadInput([{ file: "--import", message }]);
  }
  if (!options.destroy) {
    refuseResidency(loaded, asOf);
    await refuseVanished(loaded, cloud);
  }
  // An old plan must not survive a failed new one.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const stackOptions = { outdir, protect: !options.destroy };
  const names = writeStacks(loaded, stackOptions, options.synthesis);
  const plans = new Map<string, PlanJson>();
  const counts = new Map<string, ChangeCount>();
  const states: Record<string, StateMark> = {};
  const changedElsewhere: string[] = [];
  const planStack = async (name: string, terraform: Terraform) => {
    const file = join(folder, `${name}.tfplan`);
    counts.set(name, await terraform.plan(file, options.destroy ? { destroy: true } : {}));
    const json = await terraform.show(file);
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(json));
    plans.set(name, json as PlanJson);
  };
  let version = "";
  for (const name of names) {
    const terraform = engine(loaded, name, options);
    version = await terraform.version();
    progress(`${name}: preparing`);
    await terraform.init();
    if (name === addressesStackName(blueprint.instance))
      refuseMove(loaded, (await terraform.outputs())["location"]);
    const [{ serial }, applied] = [await terraform.stateMark(), readApplied(loaded).serials[name]];
    const isForeign = serial > 0 && serial !== applied;
    if (isForeign) changedElsewhere.push(name);
    if (!options.destroy) {
      const settled = await waitUntilReady(blueprint, cloud, terraform, progress);
      const changed = (await completeImported(blueprint, cloud, terraform)) || settled > 0;
      // On top of somebody else's change our own serial would hide it from the next plan.
      if (changed && !isForeign)
        noteApplied(loaded, { serials: { [name]: (await terraform.stateMark()).serial } });
    }
    states[name] = await terraform.stateMark();
    await planStack(name, terraform);
  }
  const evaluated = async () => {
    const unmanaged = options.destroy
      ? undefined
      : await cloud.unmanaged(blueprint, plans, options.importing ?? false);
    const findings = evaluate(writtenInput(loaded, outdir, plans), asOf, pack);
    return {
      imports: unmanaged?.imports ?? [],
      findings: [...findings, ...(unmanaged?.findings ?? [])],
    };
  };
  let { imports, findings } = await evaluated();
  const imported: ImportBlock[] = [];
  // An imported resource may show what belongs to it: a network its subnets.
  for (let round = 0; imports.length > 0 && round < IMPORT_ROUNDS; round++) {
    imported.push(...imports);
    for (const name of names) {
      const blocks = imported.filter(({ stack }) => stack === name);
      if (!imports.some(({ stack }) => stack === name)) continue;
      progress(`${name}: importing ${blocks.length} unmanaged resources`);
      writeFileSync(
        join(stackFolder(outdir, name), IMPORT_FILE),
        JSON.stringify({ import: blocks.map(({ to, id }) => ({ to, id })) }, null, 2),
      );
      ignoreUnread(cloud, stackFolder(outdir, name), blocks);
      await planStack(name, engine(loaded, name, options));
    }
    ({ imports, findings } = await evaluated());
  }
  const stacks = names.map((name) => ({ name, ...(counts.get(name) ?? NO_CHANGES) }));
  writeFileSync(join(folder, "findings.json"), JSON.stringify(findings, null, 2));
  writeFileSync(join(folder, "blueprint.json"), JSON.stringify(blueprint, null, 2));
  const unsigned = {
    instance: blueprint.instance,
    asOf,
    engine: version,
    toolkit: toolkitIdentity(),
    rules: rulesIdentity(pack),
    stacks,
    states,
    sums: sums(loaded, names),
    stateChangedElsewhere: changedElsewhere,
  };
  const record: PlanRecord = { ...unsigned, digest: digestOf(unsigned) };
  // Last, so that an interrupted plan is none.
  writeAtomically(join(folder, "record.json"), JSON.stringify(record, null, 2));
  return { record, changes: plannedChanges(blueprint, plans), findings, folder };
}

/**
 * Holds the toolkit and the rules that judge now against those that judged the plan: a rule that is gone since finds
 * nothing.
 *
 * @throws TerraformFailure that names what differs
 */
export function refuseOtherRules({ instance, toolkit, rules }: PlanRecord, pack: Pack): void {
  const [here, now] = [toolkitIdentity(), rulesIdentity(pack)];
  const missing = rules.ids.filter((id) => !now.ids.includes(id));
  const different = [
    ...(missing.length > 0 ? [`rules that judged the plan are gone: ${missing.join(", ")}`] : []),
    ...(here.code !== toolkit.code
      ? [`the plan was judged by another polder: ${told(toolkit)}, this is ${told(here)}`]
      : []),
    ...(missing.length === 0 && now.digest !== rules.digest
      ? ["its rules were changed since"]
      : []),
  ];
  if (different.length > 0)
    throw new TerraformFailure(`${different.join("; ")}; run \`polder plan ${instance}\` again`);
}

const told = ({ version, commit, code }: ToolkitIdentity): string =>
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
  const file = join(folder, "record.json");
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
