import { createHash } from "node:crypto";
import {
  copyFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DEBIAN_ARCHIVES } from "../../hosts/host/index.ts";
import { type Apt, aptOf, choose, type Fetched } from "./apt.ts";
import { type ArchiveFile, parseRelease, type Release, SUITES } from "./release.ts";

/** Of a file, lower-case hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const block of createReadStream(path)) hash.update(block as Buffer);
  return hash.digest("hex");
}

/** What is fetched at once: small enough to show progress, large enough to use one connection. */
const BATCH = 16;

/** Whether a file is there whole. */
const isThere = async (path: string, { sha256 }: ArchiveFile): Promise<boolean> =>
  existsSync(path) && (await sha256Of(path)) === sha256;

function move(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  renameSync(from, to);
}

/** Every file below a folder, by its path from there. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** Fetches what isn't there yet, each file by its digest; what came before a failure is kept. */
async function fetchMissing(
  apt: Apt,
  folder: string,
  files: readonly ArchiveFile[],
  { from, progress }: FillOptions,
): Promise<void> {
  const parts = join(folder, UNFINISHED);
  mkdirSync(parts, { recursive: true });
  const missing: ArchiveFile[] = [];
  for (const file of files) if (!(await isThere(join(folder, file.path), file))) missing.push(file);
  const partOf = ({ sha256 }: ArchiveFile) => join(parts, sha256);
  const keep = async (batch: readonly ArchiveFile[]) => {
    for (const file of batch)
      if (await isThere(partOf(file), file)) move(partOf(file), join(folder, file.path));
  };
  // What an interrupted run has left.
  await keep(missing);
  const left = missing.filter(({ path }) => !existsSync(join(folder, path)));
  const all = left.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  for (let at = 0; at < left.length; at += BATCH) {
    const batch = left.slice(at, at + BATCH);
    try {
      await apt.fetch(
        batch.map((file) => ({ ...file, url: urlOf(from, file.path), target: partOf(file) })),
      );
    } finally {
      await keep(batch);
    }
    done += batch.reduce((sum, { size }) => sum + size, 0);
    progress(`packages: ${Math.floor((100 * done) / all)} % of ${megabytes(all)}`);
  }
}

const urlOf = (from: string, path: string) =>
  `${from.replace(/\/?$/, "/")}${path.split("/").map(encodeURIComponent).join("/")}`;

/** MB as people say it. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** What is fetched and not yet whole; never part of a finished folder. */
const UNFINISHED = ".part";

export interface FillOptions {
  /** Address below which a mirror has `debian` and `debian-security`. */
  readonly from: string;
  /** Where apt keeps its lists. */
  readonly state: string;
  readonly progress: (line: string) => void;
}

/** What a folder has of Debian's. */
export interface Archive {
  readonly releases: readonly Release[];
  readonly files: readonly ArchiveFile[];
}

export const readRelease = (folder: string, suite: string): Release =>
  parseRelease(suite, readFileSync(join(folder, suite, "InRelease"), "utf8"));

/** The suites' lists, beside the ones that count so far. */
async function fetchLists(folder: string, options: FillOptions): Promise<string> {
  const fresh = join(folder, UNFINISHED, "lists");
  rmSync(fresh, { recursive: true, force: true });
  const apt = await aptOf(fresh, options.state);
  for (const suite of SUITES) mkdirSync(join(fresh, suite), { recursive: true });
  // Without a digest: apt reads their signatures before anything is believed.
  await apt.fetch(
    SUITES.map((suite): Fetched => {
      const path = `${suite}/InRelease`;
      const target = join(fresh, path);
      return { path, target, url: urlOf(options.from, path), size: 0, sha256: "" };
    }),
  );
  for (const suite of SUITES) {
    const { packages } = readRelease(fresh, suite);
    const old = join(folder, packages.path);
    if (await isThere(old, packages)) {
      mkdirSync(dirname(join(fresh, packages.path)), { recursive: true });
      // Copied, not moved: until the new ones are whole, the old ones count.
      copyFileSync(old, join(fresh, packages.path));
    } else await fetchMissing(apt, fresh, [packages], { ...options, progress: () => undefined });
  }
  rmSync(join(fresh, UNFINISHED), { recursive: true, force: true });
  return fresh;
}

/** Takes away packages that nothing chooses any more, and folders that are empty then. */
function prune(folder: string, files: readonly ArchiveFile[]): number {
  const kept = new Set(files.map(({ path }) => path));
  let removed = 0;
  for (const { name } of DEBIAN_ARCHIVES)
    for (const file of filesBelow(join(folder, name, "pool"))) {
      const path = `${name}/pool/${file}`;
      if (kept.has(path)) continue;
      rmSync(join(folder, path));
      removed++;
      for (let up = dirname(path); up !== `${name}/pool`; up = dirname(up))
        if (readdirSync(join(folder, up)).length === 0) rmdirSync(join(folder, up));
    }
  return removed;
}

/**
 * Fills a folder with Debian's packages: the suites' lists as Debian signed them, and of their packages those that
 * are wanted, with all that they depend on. apt chooses from the folder's own lists, as hosts do.
 *
 * @param folder absolute; what it holds already isn't fetched again
 * @param wanted sets of packages that are each installable
 * @throws ExternalFailure when something can't be fetched, isn't signed, or has expired
 */
export async function fillArchive(
  folder: string,
  wanted: readonly (readonly string[])[],
  options: FillOptions,
): Promise<Archive> {
  const { progress, state } = options;
  progress("packages: lists");
  const fresh = await fetchLists(folder, options);
  const apt = await aptOf(fresh, state);
  await apt.update();
  progress("packages: choosing");
  const files = await choose(apt, fresh, wanted);
  await fetchMissing(apt, folder, files, options);
  for (const { name } of DEBIAN_ARCHIVES) {
    rmSync(join(folder, name, "dists"), { recursive: true, force: true });
    move(join(fresh, name, "dists"), join(folder, name, "dists"));
  }
  const removed = prune(folder, files);
  if (removed > 0) progress(`packages: ${removed} older ones removed`);
  rmSync(join(folder, UNFINISHED), { recursive: true, force: true });
  return { releases: SUITES.map((suite) => readRelease(folder, suite)), files };
}

/** What a folder lacks of what is wanted, or has otherwise: a line each. Asks nobody but the folder. */
export async function archiveFaults(
  folder: string,
  wanted: readonly (readonly string[])[],
  state: string,
): Promise<string[]> {
  const apt = await aptOf(folder, state);
  await apt.update();
  const faults: string[] = [];
  for (const file of await choose(apt, folder, wanted)) {
    if (!existsSync(join(folder, file.path))) faults.push(`${file.path}: isn't there`);
    else if ((await sha256Of(join(folder, file.path))) !== file.sha256)
      faults.push(`${file.path}: was changed: its SHA-256 isn't the one that Debian signed`);
  }
  return faults;
}
