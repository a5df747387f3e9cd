import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { convertSources, type SourceFile, transportSettings } from "./apt.ts";
import { run } from "./command.ts";
import { LabError, LabInterrupted } from "./error.ts";
import { type LabPaths, sourceFolder } from "./paths.ts";
import { readIfThere } from "./process.ts";
import type { Note } from "./progress.ts";
import { assertKeyring } from "./requirements.ts";

const script = join(sourceFolder, "root.sh");

/** Tells one recipe of the root from another. */
function recipe(): string {
  return createHash("sha256").update(readFileSync(script)).digest("hex").slice(0, 16);
}

/** `RECIPE DATE` of a finished root, or undefined. The name makes it whole: see root.sh. */
export function rootStamp(root: string): string | undefined {
  return readIfThere(join(root, "etc", "polder-root"))?.trim();
}

/**
 * Whether the root must be made, or made anew because its recipe has changed.
 *
 * @throws LabError when it is another lab's root, which isn't ours to make
 */
export function needsRoot(paths: LabPaths): boolean {
  if (rootStamp(paths.root)?.split(" ")[0] === recipe()) return false;
  if (dirname(paths.root) !== paths.folder) {
    throw new LabError(
      `POLDER_LAB_ROOT is ${paths.root}, which holds no root of this version: run \`polder lab up\` without it`,
      2,
    );
  }
  return true;
}

function aptFiles(): SourceFile[] {
  const parts = "/etc/apt/sources.list.d";
  const names = existsSync(parts) ? readdirSync(parts) : [];
  const files = names
    .filter((name) => /\.(list|sources)$/.test(name))
    .map((name) => join(parts, name));
  return ["/etc/apt/sources.list", ...files].flatMap((name) => {
    const text = readIfThere(name);
    return text === undefined ? [] : [{ name, text }];
  });
}

/** The machine's mirrors, for Debian 13, as one-line sources. */
export function sources(): string[] {
  const release = readIfThere("/etc/os-release") ?? "";
  const codename = /^VERSION_CODENAME="?(\w+)/m.exec(release)?.[1];
  if (!/^ID="?debian"?$/m.test(release) || !codename) {
    throw new LabError("the lab needs Debian: its root is made from the machine's own apt sources");
  }
  const lines = convertSources(aptFiles(), codename, "trixie");
  if (lines.length === 0) {
    throw new LabError(
      `no mirror of Debian's ${codename} in /etc/apt: the lab's root is made from the machine's own apt sources`,
    );
  }
  return lines;
}

/** The pids of processes that have this folder as their root: another lab that shares it. */
export function usersOf(root: string): number[] {
  if (!existsSync(root)) return [];
  const own = statSync(root);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const other = statSync(`/proc/${pid}/root/`);
        return other.dev === own.dev && other.ino === own.ino;
      } catch {
        return false;
      }
    });
}

/** Removes what an interrupted build left behind. */
export async function sweepBuild(paths: LabPaths): Promise<void> {
  const building = join(paths.cloud, "root.building");
  await run("rm", ["-rf", "--one-file-system", building, `${building}.old`]);
  for (const name of ["apt.list", "apt.conf"]) rmSync(join(paths.cloud, name), { force: true });
}

/** Makes the root; takes about two minutes. A build that is cut short leaves nothing. */
export async function buildRoot(paths: LabPaths, note: Note, signal?: AbortSignal): Promise<void> {
  assertKeyring();
  const list = join(paths.cloud, "apt.list");
  const conf = join(paths.cloud, "apt.conf");
  const log = join(paths.cloud, "root.log");
  const secret = { mode: 0o600 };
  await sweepBuild(paths);
  writeFileSync(list, `${sources().join("\n")}\n`, secret);
  const settings = transportSettings(await run("apt-config", ["dump"]));
  writeFileSync(conf, `${settings.join("\n")}\n`, secret);
  writeFileSync(log, "", secret);
  mkdirSync(dirname(paths.root), { recursive: true });
  let complaint = "";
  const onLine = (line: string) => {
    appendFileSync(log, `${line}\n`);
    if (line.startsWith("I: ")) note(line.slice(3).replace(/\.+$/, ""));
    // The first complaint is the cause, the later ones follow from it.
    if (line.startsWith("E: ")) complaint ||= line.slice(3);
  };
  const namespaces = ["--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc"];
  const stamp = `${recipe()} ${new Date().toISOString()}`;
  const building = join(paths.cloud, "root.building");
  try {
    await run(
      "unshare",
      [...namespaces, "--kill-child=KILL", "bash", script, paths.root, building, list, conf, stamp],
      { signal, onLine },
    );
  } catch (error) {
    if (error instanceof LabInterrupted) throw error;
    const reason = complaint || (error instanceof Error ? error.message : String(error));
    throw new LabError(`the Debian root can't be made: ${reason}; the whole log is ${log}`);
  } finally {
    await sweepBuild(paths);
  }
}
