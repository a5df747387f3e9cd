import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { Leftover } from "../../clouds/cloud/index.ts";
import { cloudOf } from "../../clouds/known-clouds/index.ts";
import { BadInput } from "../../common/input/index.ts";
import { buildFolder } from "../../common/toolkit/index.ts";
import type { Host } from "../../planning/blueprint/index.ts";
import { HOSTS_FILE, loadHosts } from "../../secrets/vaults/index.ts";
import { ADDRESSES_FILE, type LoadedInstance, writeAtomically } from "../../workspace/index.ts";
import { applyInstance } from "../apply/index.ts";
import { sshFiles } from "../converge/index.ts";
import { noteInHistory, whoWorks } from "../history/index.ts";
import { type DeployOptions, planInstance } from "../plan/index.ts";
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
  return blueprint.hosts.filter(({ id, role }) => role === "monitor" && known[id]);
}

/**
 * What a person says of the logs that end with the monitor's volume: some are within their term, and
 * after it nobody can look anything up.
 *
 * @param said `destroyed`, or the archive that they were fetched into
 * @returns undefined where there are none
 * @throws BadInput that tells how they are fetched
 */
export async function fateOfLogs(
  loaded: LoadedInstance,
  said: string | undefined,
): Promise<LogsFate | undefined> {
  const [monitor] = monitorsWithLogs(loaded);
  const { retention } = loaded.instance;
  const { config } = sshFiles(buildFolder(loaded.blueprint.instance));
  if (!monitor) return undefined;
  if (said === "destroyed") return said;
  const refuse = (what: string): never => {
    const message = `${what}: ${monitor.id} holds logs within their term (security ${retention.securityDays}, operations ${retention.operationsDays}, incidents ${retention.incidentDays} days). Fetch them, sealed as they are: \`ssh -F ${config} ${monitor.name} sudo tar -C /srv/logs -c . > logs.tar\`, then --logs logs.tar; or --logs destroyed, if that is meant. Nothing was destroyed`;
    throw new BadInput([{ file: "--logs", message }]);
  };
  if (said === undefined) return refuse("got nothing");
  if (!existsSync(said)) return refuse(`there is no ${said}`);
  const listed = spawnSync("tar", ["-tf", said], { encoding: "utf8", maxBuffer: 1 << 28 });
  if (
    listed.status !== 0 ||
    !/(^|\/)(security|operations|incidents)\/.*\.age$/m.test(listed.stdout)
  )
    return refuse(`${said} is no tar archive with sealed logs in it`);
  const sum = createHash("sha256");
  for await (const part of createReadStream(said)) sum.update(part as Buffer);
  return { file: basename(said), sha256: sum.digest("hex") };
}

/**
 * Ends an instance: lifts the protection, destroys cluster and addresses, lists what the API still
 * holds, forgets the addresses and the hosts' keys, and writes the record into the instance's folder.
 *
 * @throws TerraformFailure, CloudFailure; run again, it goes on from what is left.
 */
export async function decommission(
  loaded: LoadedInstance,
  options: DeployOptions & { readonly logs?: LogsFate },
): Promise<DecommissionRecord> {
  const { blueprint, folder } = loaded;
  const planned = await planInstance(loaded, { ...options, destroy: true });
  const cloud = cloudOf(blueprint, options.testbed);
  const { unlock } = cloud;
  if (unlock) {
    options.progress(`${blueprint.instance}: lifting the cloud's own protection`);
    await unlock(blueprint);
  }
  await applyInstance(loaded, { ...options, destroys: "all" });
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
    for (const path of [
      join(folder, ADDRESSES_FILE),
      join(folder, "state"),
      appliedFile(loaded),
      // What is built here again are other machines, with other keys.
      join(folder, HOSTS_FILE),
      buildFolder(blueprint.instance),
    ]) {
      if (existsSync(path)) rmSync(path, { recursive: true });
    }
  }
  return record;
}
