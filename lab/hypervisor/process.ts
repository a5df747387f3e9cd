import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run, systemEnvironment } from "../cloud/command.ts";
import { LabError, LabInterrupted } from "../cloud/error.ts";
import type { Link } from "../cloud/network.ts";
import {
  isAlive,
  type ProcessId,
  parseProcessId,
  readIfThere,
  send,
  until,
} from "../cloud/process.ts";
import { removeGroups } from "./cgroups.ts";
import { sweepLoops } from "./disks.ts";
import { aliasOf } from "./namespaces.ts";
import { type HypervisorPaths, sourceFolder } from "./paths.ts";
import { readState } from "./state.ts";

/** The hypervisor's pid 1 as it was last started, dead or alive. */
export function pidOne(paths: HypervisorPaths): ProcessId | undefined {
  return parseProcessId(readIfThere(paths.pidFile) ?? "");
}

/** The hypervisor's pid 1 when it runs. */
export function running(paths: HypervisorPaths): ProcessId | undefined {
  const id = pidOne(paths);
  return id && isAlive(id) ? id : undefined;
}

/**
 * Starts the hypervisor in namespaces of its own, and waits until the fabric stands. When it ends,
 * the kernel ends hosts, services, mounts and network namespaces with it.
 */
export async function start(paths: HypervisorPaths, signal?: AbortSignal): Promise<void> {
  for (const file of [paths.pidFile, paths.stateFile]) rmSync(file, { force: true });
  const log = openSync(paths.log, "w", 0o600);
  const namespaces = ["--mount", "--propagation", "slave", "--pid", "--fork"];
  const enter = ["bash", join(sourceFolder, "enter.sh"), paths.folder, process.execPath];
  const child = spawn(
    "unshare",
    [...namespaces, "--kill-child=KILL", ...enter, join(sourceFolder, "main.ts")],
    {
      cwd: join(sourceFolder, "..", ".."),
      detached: true,
      stdio: ["ignore", log, log],
      env: systemEnvironment,
    },
  );
  closeSync(log);
  child.on("error", () => undefined);
  const ended = () =>
    child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  const ready = () => running(paths) !== undefined && readState(paths)?.ready === true;
  await until(() => ended() || ready(), 30, signal);
  child.unref();
  if (ready()) return;
  // It may not have come to write its pid file: its pid 1 ends with this child.
  child.kill("SIGKILL");
  await until(ended, 10);
  await stop(paths);
  if (signal?.aborted) throw new LabInterrupted();
  const lines = (readIfThere(paths.log) ?? "").trim().split("\n");
  const reason = lines.find((line) => /^\w*Error: /.test(line)) ?? lines.at(-1);
  throw new LabError(`the hypervisor doesn't start: ${reason || "no reason given"} (${paths.log})`);
}

/** The link goes with its other end's namespace, but the kernel takes its time for that. */
async function removeLink(lab: string): Promise<void> {
  const links = JSON.parse(await run("ip", ["-json", "link"])) as Link[];
  for (const { ifname, ifalias } of links) {
    if (ifalias !== aliasOf(lab)) continue;
    // It may be gone by now: that is what we want.
    await run("ip", ["link", "delete", "dev", ifname]).catch(() => undefined);
  }
}

/** Ends whatever runs of it, in order when it can, and sweeps up what a killed one has left. */
export async function stop(paths: HypervisorPaths): Promise<void> {
  const id = pidOne(paths);
  if (id) {
    send(id, "SIGTERM");
    if (!(await until(() => !isAlive(id), 45))) {
      send(id, "SIGKILL");
      await until(() => !isAlive(id), 10);
    }
    if (isAlive(id))
      throw new LabError(`process ${id.pid} of the hypervisor doesn't end: see dmesg`);
  }
  if (!existsSync(paths.folder)) return;
  await removeLink(paths.lab);
  // The kernel took the rest with pid 1; these two outlive it.
  await until(async () => {
    await sweepLoops(paths.folder);
    removeGroups(paths.lab);
    const left = await run("losetup", ["--list", "--noheadings", "--output", "BACK-FILE"]);
    return !left.includes(`${paths.folder}/`);
  }, 10);
  for (const file of [paths.pidFile, paths.stateFile]) rmSync(file, { force: true });
}
