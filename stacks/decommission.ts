import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ADDRESSES_FILE, type LoadedInstance, writeWhole } from "../modules/workspace/index.ts";
import { applyInstance } from "./apply.ts";
import type { Leftover } from "./clouds/cloud.ts";
import { cloudOf } from "./clouds/index.ts";
import { buildFolder } from "./environment.ts";
import { type DeployOptions, planInstance } from "./plan.ts";

/** The record of an end: what was destroyed, when, and what is still there. */
export interface DecommissionRecord {
  readonly instance: string;
  readonly organisation: string;
  readonly location: string;
  readonly date: string;
  readonly destroyed: readonly { readonly stack: string; readonly resources: number }[];
  readonly leftovers: readonly Leftover[];
}

/**
 * Ends an instance: lifts the protection, destroys cluster and addresses, lists what the API still
 * holds, forgets the addresses and writes the record into the instance's folder.
 *
 * @throws TerraformFailure, CloudFailure; run again, it goes on from what is left.
 */
export async function decommission(
  loaded: LoadedInstance,
  options: DeployOptions,
): Promise<DecommissionRecord> {
  const { blueprint, folder } = loaded;
  const planned = await planInstance(loaded, { ...options, destroy: true });
  const { unlock } = cloudOf(blueprint);
  if (unlock) {
    options.progress(`${blueprint.instance}: lifting the cloud's own protection`);
    await unlock(blueprint);
  }
  await applyInstance(loaded, { ...options, destroys: "all" });
  options.progress(`${blueprint.instance}: asking the API what is still there`);
  const leftovers = await cloudOf(blueprint).leftovers(blueprint);
  const record: DecommissionRecord = {
    instance: blueprint.instance,
    organisation: blueprint.organisation,
    location: blueprint.cloud.location,
    date: options.asOf,
    destroyed: planned.record.stacks.map(({ name, remove }) => ({
      stack: name,
      resources: remove,
    })),
    leftovers,
  };
  writeWhole(
    join(folder, `decommissioned-${options.asOf}.json`),
    `${JSON.stringify(record, null, 2)}\n`,
    0o644,
  );
  if (leftovers.length === 0) {
    for (const path of [
      join(folder, ADDRESSES_FILE),
      join(folder, "state"),
      buildFolder(blueprint.instance),
    ]) {
      if (existsSync(path)) rmSync(path, { recursive: true });
    }
  }
  return record;
}
