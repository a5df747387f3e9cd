import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ImportBlock } from "../../clouds/cloud/index.ts";
import { cloudOf } from "../../clouds/known-clouds/index.ts";
import { addressesStackName } from "../../clouds/stack/index.ts";
import {
  type ChangeCount,
  type Progress,
  type StateMark,
  Terraform,
} from "../../clouds/terraform/index.ts";
import type { Finding } from "../../common/findings/index.ts";
import { BadInput } from "../../common/input/index.ts";
import type { Testbed } from "../../common/testbed/index.ts";
import { buildFolder, toolkitIdentity } from "../../common/toolkit/index.ts";
import { evaluate, type PlanJson, type PlannedChange, plannedChanges } from "../../policy/index.ts";
import { type LoadedInstance, writeAtomically } from "../../workspace/index.ts";
import { packOf, rulesIdentity } from "../rules/index.ts";
import {
  type Composition,
  IMPORT_FILE,
  noteApplied,
  readApplied,
  stackFolder,
  writeStacks,
  writtenInput,
} from "../working-folder/index.ts";
import { refuseMove, refuseResidency, refuseVanished } from "./before-plan.ts";
import { engineEnvironment } from "./environment.ts";
import { completeImported, ignoreUnread } from "./imported.ts";
import { notePlan } from "./noted.ts";
import { digestOf, type PlanRecord, planFolder, RECORD, sums } from "./record.ts";
import { waitUntilReady } from "./wait-until-ready.ts";

export interface Planned {
  readonly record: PlanRecord;
  readonly changes: readonly PlannedChange[];
  readonly findings: readonly Finding[];
  readonly folder: string;
}

export interface DeployOptions extends Composition {
  readonly progress: Progress;
  readonly timeoutMinutes: number;
  readonly asOf: string;
  readonly testbed: Testbed;
}

/** Networks, what is in them, their routes, the servers on them, the volumes on these; and one to see no more. */
const IMPORT_ROUNDS = 6;

const NO_CHANGES: ChangeCount = { add: 0, change: 0, remove: 0, import: 0 };

/** An engine for one stack of an instance. @param outdir where its stacks are written; by default the build folder */
export function engine(
  loaded: LoadedInstance,
  stack: string,
  options: Omit<DeployOptions, "asOf">,
  outdir = buildFolder(loaded.blueprint.instance),
): Terraform {
  return new Terraform({
    folder: stackFolder(outdir, stack),
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
    const message = `${blueprint.cloud.provider}: the provider's import doesn't give back a server as it was, so polder imports none: restore the state from your backup`;
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
    const findings = evaluate(writtenInput(loaded, stackOptions, options, plans), asOf, pack);
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
    destroys: options.destroy ?? false,
    stacks,
    states,
    sums: sums(loaded, names),
    stateChangedElsewhere: changedElsewhere,
  };
  const record: PlanRecord = { ...unsigned, digest: digestOf(unsigned) };
  // Last, so that an interrupted plan is none.
  writeAtomically(join(folder, RECORD), JSON.stringify(record, null, 2));
  await notePlan(loaded, record, findings);
  return { record, changes: plannedChanges(blueprint, plans), findings, folder };
}
