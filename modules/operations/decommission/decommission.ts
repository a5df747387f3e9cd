import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { Leftover } from "../../clouds/cloud/index.ts";
import { cloudOf } from "../../clouds/known-clouds/index.ts";
import { TerraformFailure } from "../../clouds/terraform/index.ts";
import type { Finding } from "../../common/findings/index.ts";
import { BadInput } from "../../common/input/index.ts";
import { buildFolder } from "../../common/toolkit/index.ts";
import { type Host, hostsWith } from "../../planning/blueprint/index.ts";
import { HOSTS_FILE, loadHosts } from "../../secrets/vaults/index.ts";
import { ADDRESSES_FILE, type LoadedInstance, writeAtomically } from "../../workspace/index.ts";
import { applyInstance } from "../apply/index.ts";
import { approvedFinding, demandedApprovals } from "../approve/index.ts";
import { sshFiles } from "../converge/index.ts";
import { noteInHistory, whoWorks } from "../history/index.ts";
import {
  type DeployOptions,
  engine,
  type PlanRecord,
  planInstance,
  readPlan,
} from "../plan/index.ts";
import { appliedFile } from "../working-folder/index.ts";

/** The record of an end: what was destroyed, when, and what is still there. */
export interface DecommissionRecord {
  readonly instance: string;
  readonly organisation: string;
  readonly location: string;
  readonly date: string;
  readonly destroyed: readonly { readonly stack: string; readonly resources: number }[];
  /** What became of the monitor's logs; absent where no host was ever converged, so there were none. */
  readonly logs?: LogsFate;
  readonly leftovers: readonly Leftover[];
}

/** Destroyed with the volume, or fetched before: the sealed files in one archive, and its sum. */
export type LogsFate = "destroyed" | { readonly file: string; readonly sha256: string };

/** The monitors that have taken in logs: those that a converge has reached. */
export function monitorsWithLogs({ blueprint, folder }: LoadedInstance): Host[] {
  const known = loadHosts(folder);
  return hostsWith(blueprint, "monitor").filter(({ id }) => known[id]);
}

/**
 * What a person says of the logs that end with the monitor's volume: some are within their term, and
 * after it nobody can look anything up.
 *
 * @param fetched `destroyed`, or the archive that they were fetched into
 * @returns undefined where there are none
 * @throws BadInput that tells how they are fetched
 */
export async function fateOfLogs(
  loaded: LoadedInstance,
  fetched: string | undefined,
): Promise<LogsFate | undefined> {
  const [monitor] = monitorsWithLogs(loaded);
  const { retention } = loaded.instance;
  const { config } = sshFiles(buildFolder(loaded.blueprint.instance));
  if (!monitor) return undefined;
  if (fetched === "destroyed") return fetched;
  const refuse = (what: string): never => {
    const message = `${what}: ${monitor.id} holds logs within their term (security ${retention.securityDays}, operations ${retention.operationsDays}, incidents ${retention.incidentDays} days). Fetch them, sealed as they are: \`ssh -F ${config} ${monitor.name} sudo tar -C /srv/logs -c . > logs.tar\`, then --logs logs.tar; or --logs destroyed, if that is meant. Nothing was destroyed`;
    throw new BadInput([{ file: "--logs", message }]);
  };
  if (fetched === undefined) return refuse("got nothing");
  if (!existsSync(fetched)) return refuse(`there is no ${fetched}`);
  const listed = spawnSync("tar", ["-tf", fetched], { encoding: "utf8", maxBuffer: 1 << 28 });
  if (
    listed.status !== 0 ||
    !/(^|\/)(security|operations|incidents)\/.*\.age$/m.test(listed.stdout)
  )
    return refuse(`${fetched} is no tar archive with sealed logs in it`);
  const sum = createHash("sha256");
  for await (const part of createReadStream(fetched)) sum.update(part as Buffer);
  return { file: basename(fetched), sha256: sum.digest("hex") };
}

/** The plan of an instance's end, and whether it has the approvals that the profile demands. */
export interface PlannedEnd {
  readonly record: PlanRecord;
  readonly approved: Finding;
}

/** The recorded plan, if it is of the end and would still be applied; undefined for another. */
async function recordedEnd(
  loaded: LoadedInstance,
  options: DeployOptions,
): Promise<PlanRecord | undefined> {
  try {
    const { record } = readPlan(loaded);
    if (!record.destroys) return undefined;
    for (const { name } of record.stacks) {
      const terraform = engine(loaded, name, options);
      await terraform.init();
      const [now, then] = [await terraform.stateMark(), record.states[name]];
      if (now.serial !== then?.serial || now.lineage !== then.lineage) return undefined;
    }
    return record;
  } catch (error) {
    if (error instanceof TerraformFailure) return undefined;
    throw error;
  }
}

/**
 * Plans the end of an instance. Where people must approve it, the plan that they are to sign, or signed, is kept as long as
 * it could be applied.
 *
 * @throws TerraformFailure, CloudFailure
 */
export async function planEnd(loaded: LoadedInstance, options: DeployOptions): Promise<PlannedEnd> {
  const kept =
    demandedApprovals(loaded.blueprint) > 0 ? await recordedEnd(loaded, options) : undefined;
  const record = kept ?? (await planInstance(loaded, { ...options, destroy: true })).record;
  return { record, approved: approvedFinding(loaded, record, options.asOf) };
}

/** Files and folders that are there and describe an instance's machines, which are worth nothing without those machines. */
export const recordsOfMachines = (loaded: LoadedInstance): string[] =>
  [
    join(loaded.folder, ADDRESSES_FILE),
    join(loaded.folder, "state"),
    appliedFile(loaded),
    // What is built here again are other machines, with other keys.
    join(loaded.folder, HOSTS_FILE),
    buildFolder(loaded.blueprint.instance),
  ].filter(
    (path, _, all) => existsSync(path) && !all.some((folder) => path.startsWith(`${folder}/`)),
  );

/**
 * Ends an instance: lifts the protection, destroys cluster and addresses, lists what the API still
 * holds, forgets the addresses and the hosts' keys, and writes the record into the instance's folder.
 *
 * @throws TerraformFailure, also without the approvals that the profile demands; CloudFailure. Run again, it goes on from
 *   what is left.
 */
export async function decommission(
  loaded: LoadedInstance,
  options: DeployOptions & { readonly logs?: LogsFate },
): Promise<DecommissionRecord> {
  const { blueprint, folder } = loaded;
  const planned = await planEnd(loaded, options);
  if (planned.approved.verdict === "fail")
    throw new TerraformFailure(`nothing was destroyed: ${planned.approved.message}`);
  const cloud = cloudOf(blueprint, options.testbed);
  const { unlock } = cloud;
  if (unlock) {
    options.progress(`${blueprint.instance}: lifting the cloud's own protection`);
    await unlock(blueprint);
  }
  const { applied } = await applyInstance(loaded, { ...options, destroys: "all" });
  if (!applied) throw new TerraformFailure("nothing was destroyed: its approvals are gone");
  options.progress(`${blueprint.instance}: asking the API what is still there`);
  const leftovers = await cloud.leftovers(blueprint);
  const record: DecommissionRecord = {
    instance: blueprint.instance,
    organisation: blueprint.organisation,
    location: blueprint.cloud.location,
    date: options.asOf,
    destroyed: planned.record.stacks.map(({ name, remove }) => ({
      stack: name,
      resources: remove,
    })),
    ...(options.logs && { logs: options.logs }),
    leftovers,
  };
  writeAtomically(
    join(folder, `decommissioned-${options.asOf}.json`),
    `${JSON.stringify(record, null, 2)}\n`,
    0o644,
  );
  await noteInHistory(loaded, {
    by: whoWorks(),
    event: { kind: "decommission", leftovers: leftovers.length },
    files: { "decommissioned.json": JSON.stringify(record, null, 2) },
  });
  if (leftovers.length === 0) {
    for (const path of recordsOfMachines(loaded)) rmSync(path, { recursive: true });
  }
  return record;
}
