import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../cloud/command.ts";
import type { DownOptions } from "../cloud/down.ts";
import { LabError } from "../cloud/error.ts";
import { locked } from "../cloud/lock.ts";
import type { LabNet, Link } from "../cloud/network.ts";
import { labPaths } from "../cloud/paths.ts";
import { type Progress, step } from "../cloud/progress.ts";
import { rootStamp, sources } from "../cloud/root.ts";
import { forgetSchema, lastNet } from "../cloud/state.ts";
import { makeImage } from "./image.ts";
import { edgeLink, ownerOf } from "./namespaces.ts";
import { type HypervisorPaths, hypervisorPaths, sourceFolder } from "./paths.ts";
import { running, start, stop } from "./process.ts";
import { ensureTokens } from "./stand-in.ts";
import { type Mirrors, readSettings, type Settings, writeSettings } from "./state.ts";

export interface HypervisorOptions {
  /** The lab's folder, whose cloud is up. */
  readonly folder: string;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
  /**
   * Only servers of these projects boot; those of others shut down.
   *
   * @default all
   */
  readonly projects?: readonly string[] | undefined;
  /**
   * Projects that must exist at the stand-in of Hetzner's API; others that exist are kept.
   *
   * @default none
   */
  readonly hetzner?: readonly string[];
}

/** What only commands run: a change of it needs no restart. */
const ofCommands = /^(access|index|process|status|up)\.ts$|(test|testing)\.ts$/;

/** What the stand-in of Hetzner's API is made of: it runs in the same process. */
function standInSources(): string[] {
  const folder = join(sourceFolder, "..", "hetzner");
  const all = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return all.filter((name) => /(?<!\.test)\.ts$/.test(name)).map((name) => join(folder, name));
}

/** A change of what runs restarts the hypervisor, and with it all hosts. */
function recipeOf(paths: HypervisorPaths, net: LabNet): string {
  const hash = createHash("sha256").update(net.range);
  hash.update(rootStamp(labPaths(paths.lab).root) ?? "");
  const all = readdirSync(sourceFolder).filter((name) => /\.(ts|sh)$/.test(name));
  const names = all
    .filter((name) => !ofCommands.test(name))
    .map((name) => join(sourceFolder, name));
  for (const name of [...names, ...standInSources()].sort()) hash.update(readFileSync(name));
  return hash.digest("hex").slice(0, 16);
}

/** Where the machine gets Debian 13 from. */
export function mirrorsOf(lines: readonly string[], proxy: string | undefined): Mirrors {
  const find = (suite: string) =>
    lines
      .map((line) => line.replace(/\[.*?\] /, "").split(" "))
      .find((words) => words[2] === suite);
  const debian = find("trixie")?.[1];
  if (!debian) throw new LabError("no mirror of Debian 13 in /etc/apt: the hosts have no packages");
  return { debian, security: find("trixie-security")?.[1] ?? debian, proxy };
}

async function machineMirrors(): Promise<Mirrors> {
  const dump = await run("apt-config", ["dump"]);
  const proxy = /^Acquire::http::Proxy "(.+)";$/m.exec(dump)?.[1];
  return mirrorsOf(sources(), proxy && proxy !== "DIRECT" ? proxy : undefined);
}

/** The line that refuses when another lab has its hosts at the same addresses, or undefined. */
export function otherLab(links: readonly Link[], lab: string): string | undefined {
  const owners = links.flatMap(({ ifalias }) => ownerOf(ifalias ?? "") ?? []);
  const other = owners.find((owner) => owner !== lab);
  if (!other) return undefined;
  return `the hosts' public addresses are routed to the lab in ${other}: run \`POLDER_LAB=${other} polder lab down\``;
}

async function assertRoutesFree(lab: string): Promise<void> {
  const line = otherLab(JSON.parse(await run("ip", ["-json", "address"])) as Link[], lab);
  if (line) throw new LabError(line);
}

async function mustStart(paths: HypervisorPaths, recipe: string, progress: Progress) {
  if (running(paths) && readSettings(paths)?.recipe === recipe) return false;
  if (running(paths)) progress("the hypervisor's recipe has changed: starting it again");
  await stop(paths);
  return true;
}

/**
 * Brings the hypervisor up: the fabric stands and the services answer when this returns, hosts boot
 * as the cloud has servers. Quick when nothing is missing.
 *
 * @throws LabError when the cloud isn't up, or something of the machine's is in the way
 * @throws LabInterrupted when the signal fires; nothing runs then
 */
export async function hypervisorUp(options: HypervisorOptions): Promise<void> {
  const paths = hypervisorPaths(options.folder);
  const cloud = labPaths(paths.lab);
  if (!existsSync(cloud.cloud)) throw noCloud();
  await locked(cloud, () => bringUp(options, paths));
}

const noCloud = () => new LabError("the lab has no cloud yet: run `polder lab up`");

async function bringUp(options: HypervisorOptions, paths: HypervisorPaths): Promise<void> {
  const { progress, signal, projects, hetzner = [] } = options;
  const net = lastNet(labPaths(paths.lab));
  if (!net) throw noCloud();
  mkdirSync(paths.folder, { recursive: true, mode: 0o700 });
  ensureTokens(paths, hetzner);
  const recipe = recipeOf(paths, net);
  const settings: Settings = {
    range: net.range,
    projects,
    mirrors: await machineMirrors(),
    recipe,
  };
  if (await mustStart(paths, recipe, progress)) {
    await assertRoutesFree(paths.lab);
    await prepareImage(options);
    writeSettings(paths, settings);
    await step(progress, `hosts' network and services, link ${edgeLink(net)}`, () =>
      start(paths, signal),
    );
  } else {
    writeSettings(paths, settings);
  }
}

/** Makes the image that hosts start from, where it isn't there: also before the cloud is up. */
export async function prepareImage(
  options: Pick<HypervisorOptions, "folder" | "progress" | "signal">,
): Promise<void> {
  const paths = hypervisorPaths(options.folder);
  mkdirSync(paths.folder, { recursive: true, mode: 0o700 });
  await step(options.progress, "image of the hosts", (note) =>
    makeImage(paths, note, options.signal),
  );
}

/** Ends it with all hosts; what they hold is kept for the next `up` unless `delete` says otherwise. */
export async function hypervisorDown(
  options: Pick<HypervisorOptions, "folder" | "progress"> &
    Pick<DownOptions, "delete" | "patience">,
): Promise<void> {
  const { progress } = options;
  const paths = hypervisorPaths(options.folder);
  if (!existsSync(paths.folder)) return;
  const cloud = labPaths(paths.lab);
  const work = async () => {
    if (running(paths)) await step(progress, "shutting the hosts down", () => stop(paths));
    else await stop(paths);
    const { servers, volumes, hetzner, settingsFile, stateFile } = paths;
    const deleted = {
      all: [paths.folder],
      // Neither the image and the packages, which the next start would make or fetch again, nor the services' logs.
      data: [servers, volumes, hetzner, settingsFile, stateFile],
    };
    if (!options.delete) return;
    // A cloud whose servers have lost their disks counts for nothing, also when its own deletion never comes.
    forgetSchema(cloud);
    await run("rm", ["-rf", "--one-file-system", ...deleted[options.delete]]);
  };
  await locked(cloud, work, options.patience);
}
