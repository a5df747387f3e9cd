import { existsSync } from "node:fs";
import { run } from "./command.ts";
import { LabError } from "./error.ts";
import { locked } from "./lock.ts";
import { running, stop } from "./namespace.ts";
import { type LabPaths, labPaths } from "./paths.ts";
import { readIfThere } from "./process.ts";
import { type Progress, step } from "./progress.ts";
import { assertRoot } from "./requirements.ts";
import { sweepBuild, usersOf } from "./root.ts";
import { forgetSchema } from "./state.ts";

export interface DownOptions {
  readonly folder: string;
  readonly progress: Progress;
  readonly delete?: Deleted | undefined;
  /** Seconds to wait for another command that is at work on the lab. */
  readonly patience?: number;
}

/**
 * What is deleted when a lab ends. `data` is what its cloud and its hosts hold, with the passwords: the next start begins with
 * an empty cloud, and finds root and image; the services' logs stay. `all` is these, too, and the folder when it is the lab's own.
 */
export type Deleted = "data" | "all";

/** The mount points below a folder, from the text of /proc/self/mountinfo. */
export function mountsBelow(mountinfo: string, folder: string): string[] {
  return mountinfo
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .map((point) =>
      point.replace(/\\(\d{3})/g, (_, code: string) =>
        String.fromCharCode(Number.parseInt(code, 8)),
      ),
    )
    .filter((point) => point.startsWith(`${folder}/`));
}

/** @throws LabError when something still uses what would be removed */
function assertUnused(paths: LabPaths): void {
  const [mount] = mountsBelow(readIfThere("/proc/self/mountinfo") ?? "", paths.folder);
  if (mount) throw new LabError(`${mount} is mounted: umount it, then purge again`);
  const [user] = usersOf(labPaths(paths.folder, {}).root);
  if (user) {
    throw new LabError(
      `process ${user} of another lab uses the root in ${paths.folder}: end that lab first`,
    );
  }
}

async function purgeFolder(paths: LabPaths, progress: Progress): Promise<void> {
  assertUnused(paths);
  const whole = existsSync(paths.marker);
  const own = [labPaths(paths.folder, {}).root, paths.cloud];
  await step(progress, `removing ${whole ? paths.folder : own.join(" and ")}`, () =>
    run("rm", ["-rf", "--one-file-system", ...(whole ? [paths.folder] : own)]),
  );
  if (!whole) progress(`${paths.folder} holds things that aren't the lab's: they are kept`);
}

async function deleteData(paths: LabPaths, progress: Progress): Promise<void> {
  // First what says that the data is whole: a deletion that is cut short leaves none that counts.
  forgetSchema(paths);
  const { data, configuration, passwordsFile, cloudsFile } = paths;
  await step(progress, "deleting the cloud's data", () =>
    run("rm", ["-rf", "--one-file-system", data, configuration, passwordsFile, cloudsFile]),
  );
}

/**
 * Ends the lab: processes, namespaces, mounts and link, whatever state it is in. All that it holds is kept
 * for the next `up` unless `delete` says otherwise.
 *
 * @throws LabError when another command is at work on this lab, or the folder is still in use
 */
export async function down(options: DownOptions): Promise<void> {
  const { progress } = options;
  const paths = labPaths(options.folder);
  assertRoot();
  if (!existsSync(paths.cloud)) {
    progress(`no lab in ${paths.folder}`);
    return;
  }
  const work = async () => {
    if (running(paths)) await step(progress, "ending the lab", () => stop(paths));
    else await stop(paths);
    await sweepBuild(paths);
    if (options.delete === "data") await deleteData(paths, progress);
    if (options.delete === "all") await purgeFolder(paths, progress);
    progress("the lab is down");
  };
  await locked(paths, work, options.patience);
}
