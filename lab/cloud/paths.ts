import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { LabError } from "./error.ts";

/** Where everything is that the lab's cloud keeps. */
export interface LabPaths {
  /** The lab's one folder; `down` with `purge` removes it. */
  readonly folder: string;
  /** The Debian root that the services live in, mounted read-only while the lab runs. */
  readonly root: string;
  /** What only root may enter: state, logs, passwords. */
  readonly cloud: string;
  /** What is `/lab` inside: `etc`, `guest`, `log`, `var`. */
  readonly state: string;
  /** What the services keep: databases, images, volumes. */
  readonly data: string;
  /** Configuration of the services, with the admin's password; made anew at each start. */
  readonly configuration: string;
  /** Logs of the services, one file each. */
  readonly logs: string;
  /** Grows by a byte with each change that a service tells of: see guest/lab_changes.py. */
  readonly changesFile: string;
  readonly pidFile: string;
  readonly lockFile: string;
  readonly passwordsFile: string;
  readonly cloudsFile: string;
  /** Says that the folder is the lab's own, so that `purge` may remove all of it. */
  readonly marker: string;
}

/** The folder of the sources: scripts, templates and drivers lie beside this file. */
export const sourceFolder = import.meta.dirname;

/** `POLDER_LAB`, else `.lab` in the checkout. */
export function defaultFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return resolve(environment["POLDER_LAB"] || join(sourceFolder, "..", "..", ".lab"));
}

/**
 * The paths below a lab's folder. `POLDER_LAB_ROOT` names a root that another lab has built and
 * this one shares.
 */
export function labPaths(folder: string, environment: NodeJS.ProcessEnv = process.env): LabPaths {
  const absolute = resolve(folder);
  const cloud = join(absolute, "cloud");
  const state = join(cloud, "state");
  const data = join(state, "var");
  return {
    folder: absolute,
    root: resolve(environment["POLDER_LAB_ROOT"] || join(absolute, "root")),
    cloud,
    state,
    data,
    configuration: join(state, "etc"),
    logs: join(state, "log"),
    changesFile: join(data, "changes"),
    pidFile: join(cloud, "pid"),
    lockFile: join(cloud, "lock"),
    passwordsFile: join(cloud, "passwords.json"),
    cloudsFile: join(cloud, "clouds.yaml"),
    marker: join(absolute, "polder-lab"),
  };
}

/**
 * Makes the lab's folder. A folder that is new or empty is marked as the lab's own; one that holds
 * other things stays the user's, and `purge` will only take the lab's part out of it.
 */
export function prepareFolder(folder: string): LabPaths {
  const paths = labPaths(folder);
  try {
    mkdirSync(paths.folder, { recursive: true });
    if (readdirSync(paths.folder).length === 0) {
      writeFileSync(paths.marker, "`polder lab down --purge` removes this folder.\n");
    }
    mkdirSync(paths.cloud, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LabError(`can't make the lab's folder ${paths.folder}: ${reason}`, 2);
  }
  return paths;
}
