import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run, systemEnvironment } from "./command.ts";
import { LabError, LabInterrupted } from "./error.ts";
import { removeLinks } from "./network.ts";
import type { LabPaths } from "./paths.ts";
import { isAlive, type ProcessId, parseProcessId, readIfThere, send, until } from "./process.ts";
import type { Settings } from "./state.ts";

/** The lab's pid 1 as it was last started, dead or alive; undefined after a clean `down`. */
export function pidOne(paths: LabPaths): ProcessId | undefined {
  return parseProcessId(readIfThere(paths.pidFile) ?? "");
}

/** The lab's pid 1 when it runs. */
export function running(paths: LabPaths): ProcessId | undefined {
  const id = pidOne(paths);
  return id && isAlive(id) ? id : undefined;
}

/** A file of the lab's own /run, seen from the machine. It goes when the lab ends. */
export function runFile(id: ProcessId, name: string): string {
  return `/proc/${id.pid}/root/run/lab/${name}`;
}

/**
 * Starts the lab's namespaces with nothing but a pid 1 in them.
 *
 * enter.sh itself writes the pid file before it does anything, so that `down` finds the lab even if
 * we are killed on the next line.
 */
export async function startNamespaces(paths: LabPaths, signal?: AbortSignal): Promise<ProcessId> {
  rmSync(paths.pidFile, { force: true });
  const logFile = join(paths.logs, "init.log");
  const log = openSync(logFile, "a", 0o600);
  const kinds = ["--mount", "--propagation", "private", "--net", "--pid", "--ipc", "--uts"];
  const enter = join(paths.state, "enter.sh");
  const child = spawn(
    "unshare",
    [
      ...kinds,
      "--fork",
      "--kill-child=KILL",
      "bash",
      enter,
      paths.root,
      paths.state,
      paths.pidFile,
    ],
    { detached: true, stdio: ["ignore", log, log], env: systemEnvironment },
  );
  closeSync(log);
  child.on("error", () => undefined);
  const ended = () =>
    child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  const ready = () => {
    const id = running(paths);
    return id !== undefined && existsSync(runFile(id, "init"));
  };
  await until(() => ended() || ready(), 20, signal);
  child.unref();
  const id = running(paths);
  if (id && ready()) return id;
  await stop(paths);
  if (signal?.aborted) throw new LabInterrupted();
  const reason = (readIfThere(logFile) ?? "").trim().split("\n").at(-1);
  throw new LabError(`the lab's namespaces don't start: ${reason || "no reason given"}`);
}

/** Ends whatever runs of this lab, and its link. Does nothing when nothing is left. */
export async function stop(paths: LabPaths): Promise<void> {
  const id = pidOne(paths);
  if (id) {
    // The databases close in order; then the kernel ends every process and mount with pid 1.
    send(id, "SIGTERM");
    if (!(await until(() => !isAlive(id), 20))) {
      send(id, "SIGKILL");
      await until(() => !isAlive(id), 10);
    }
    if (isAlive(id)) throw new LabError(`process ${id.pid} of the lab doesn't end: see dmesg`);
  }
  rmSync(paths.pidFile, { force: true });
  await removeLinks(paths.folder);
}

/** Runs one phase of services.sh inside the lab. Who aborts it must `stop` the lab. */
export async function phase(
  id: ProcessId,
  name: string,
  settings: Settings,
  signal?: AbortSignal,
): Promise<void> {
  const enter = ["--target", String(id.pid), "--mount", "--net", "--pid", "--ipc", "--uts"];
  await run("nsenter", [...enter, "bash", "/lab/services.sh", name], {
    signal,
    leavesChildren: true,
    environment: {
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      LC_ALL: "C.UTF-8",
      LAB_IP: settings.net.lab,
      LAB_COMPUTES: String(settings.computes),
    },
  });
}

/** The processes of the lab: their pids on the machine, by their pids inside. */
export function processesOf(id: ProcessId): ReadonlyMap<number, number> {
  const link = (pid: string | number) => {
    try {
      return readlinkSync(`/proc/${pid}/ns/pid`);
    } catch {
      return undefined;
    }
  };
  const own = link(id.pid);
  const found = new Map<number, number>();
  if (own === undefined) return found;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (link(pid) !== own) continue;
    const numbers = /^NSpid:\s+(.*)$/m.exec(readIfThere(`/proc/${pid}/status`) ?? "")?.[1];
    const inside = numbers?.trim().split(/\s+/).at(-1);
    if (inside) found.set(Number(inside), Number(pid));
  }
  return found;
}
