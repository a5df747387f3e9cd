import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { run } from "./command.ts";
import { LabError } from "./error.ts";
import { type LabNet, parseNet } from "./network.ts";
import { type LabPaths, sourceFolder } from "./paths.ts";
import { readIfThere } from "./process.ts";
import { render } from "./template.ts";

/** What the services run with. */
export interface Settings {
  readonly net: LabNet;
  readonly computes: number;
}

/** @throws LabError (bad input) when it isn't a small whole number */
export function parseComputes(text: string | undefined): number {
  const count = text || "3";
  if (!/^([1-9]|1\d|20)$/.test(count)) {
    throw new LabError(`POLDER_LAB_COMPUTES is "${count}", but must be 1 to 20`, 2);
  }
  return Number(count);
}

const scripts = ["enter.sh", "init.sh", "services.sh"];

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("__pycache__"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Tells one way of running from another; a change of it restarts a running lab. */
export function recipeOf(computes: number): string {
  const hash = createHash("sha256").update(String(computes));
  const sources = ["etc", "guest"].flatMap((name) => filesBelow(join(sourceFolder, name)));
  for (const file of [...scripts.map((name) => join(sourceFolder, name)), ...sources]) {
    hash.update(file.slice(sourceFolder.length)).update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 16);
}

/** The recipe that the lab was last started by. */
export function startedRecipe(paths: LabPaths): string | undefined {
  return readIfThere(join(paths.state, "recipe"));
}

const schemaFile = (paths: LabPaths) => join(paths.data, "schema");

/** Whether tables must be made or brought to the versions of this root. */
export function needsSchema(paths: LabPaths, stamp: string): boolean {
  return readIfThere(schemaFile(paths)) !== stamp;
}

/** Records that the tables fit the root; from here on the data is worth keeping. */
export function recordSchema(paths: LabPaths, stamp: string): void {
  writeFileSync(schemaFile(paths), stamp);
}

/** The data counts no more: the next start begins without. */
export function forgetSchema(paths: LabPaths): void {
  rmSync(schemaFile(paths), { force: true });
}

const netFile = (paths: LabPaths) => join(paths.data, "net");

/** The range that the lab was last started in, or undefined before the first start. */
export function lastNet(paths: LabPaths): LabNet | undefined {
  const range = readIfThere(netFile(paths));
  return range ? parseNet(range) : undefined;
}

/**
 * The range that the next start must have, or undefined when any will do.
 *
 * @param asked POLDER_LAB_NET
 * @throws LabError (bad input) when the data is for another range: the catalog names addresses
 */
export function boundNet(paths: LabPaths, asked: string | undefined): LabNet | undefined {
  const before = existsSync(schemaFile(paths)) ? lastNet(paths) : undefined;
  const wanted = asked ? parseNet(asked) : before;
  if (before && wanted?.range !== before.range) {
    throw new LabError(
      `the lab in ${paths.folder} was made for ${before.range}: set POLDER_LAB_NET=${before.range}, or delete its data with \`polder lab down --data\``,
      2,
    );
  }
  return wanted;
}

/** Makes `/lab` ready for a start: scripts, drivers, configuration, empty logs. */
export async function prepareState(
  paths: LabPaths,
  settings: Settings,
  adminPassword: string,
): Promise<void> {
  const etc = paths.configuration;
  // Tables that were never finished can't be gone on with.
  if (!existsSync(schemaFile(paths))) await run("rm", ["-rf", "--one-file-system", paths.data]);
  mkdirSync(paths.data, { recursive: true });
  writeFileSync(netFile(paths), settings.net.range);

  const former = `${paths.logs}.before`;
  rmSync(former, { recursive: true, force: true });
  if (existsSync(paths.logs)) renameSync(paths.logs, former);
  mkdirSync(paths.logs);

  for (const name of ["etc", "guest"]) {
    rmSync(join(paths.state, name), { recursive: true, force: true });
  }
  mkdirSync(etc, { mode: 0o700 });
  const own = { ip: settings.net.lab, admin_password: adminPassword };
  // Services act as the admin; oslo.config can't share one section between them.
  const fragment = readFileSync(join(sourceFolder, "etc", "credentials.fragment"), "utf8");
  const values = { ...own, credentials: render(fragment, own).trim() };
  const write = (name: string, text: string) =>
    writeFileSync(join(etc, name), text, { mode: 0o600 });
  for (const file of readdirSync(join(sourceFolder, "etc"))) {
    if (file.endsWith(".fragment")) continue;
    const template = readFileSync(join(sourceFolder, "etc", file), "utf8");
    if (file === "nova-compute.conf") {
      for (let number = 0; number < settings.computes; number += 1) {
        const compute = { ...values, compute: `lab-${number}` };
        write(`nova-compute-${number}.conf`, render(template, compute));
      }
    } else {
      write(file, render(template, values));
    }
  }
  write("admin-password", adminPassword);

  cpSync(join(sourceFolder, "guest"), join(paths.state, "guest"), { recursive: true });
  // A copy, so that a running lab doesn't change under an edit of the checkout.
  for (const name of scripts) cpSync(join(sourceFolder, name), join(paths.state, name));
  writeFileSync(join(paths.state, "recipe"), recipeOf(settings.computes));
}
