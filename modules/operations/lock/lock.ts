import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import { buildFolder } from "../../common/toolkit/index.ts";

/** When a process was started, in the system's own words; undefined when there is none. */
function startOf(pid: number): string | undefined {
  if (existsSync("/proc/self/stat")) {
    const stat = readIfThere(`/proc/${pid}/stat`);
    // The 22nd field; the second, the program's name, may hold blanks and brackets.
    return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  }
  const { stdout } = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
  return stdout?.trim() || undefined;
}

/**
 * Does work that no other `polder` may do at the same time on this instance on this machine: a
 * second plan would pull the files away from under a running apply. The state itself is locked by
 * Terraform, against everyone.
 *
 * @throws ExternalFailure at once when another process is at work.
 */
export async function exclusively<T>(instance: string, work: () => Promise<T>): Promise<T> {
  const folder = buildFolder(instance);
  const file = join(folder, "lock");
  mkdirSync(folder, { recursive: true });
  if (!claim(file)) {
    const [pid = "", start = ""] = readIfThere(file)?.split(" ") ?? [];
    // Its number alone could be another process's by now.
    if (pid && startOf(Number(pid))?.replaceAll(" ", "_") === start)
      throw new ExternalFailure(
        `${instance}: another polder (process ${pid}) is at work on it: wait for it or stop it`,
      );
    rmSync(file, { force: true });
    if (!claim(file))
      throw new ExternalFailure(`${instance}: another polder is at work on it: wait for it`);
  }
  const release = () => rmSync(file, { force: true });
  // Also when an interrupt ends the process in between.
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    release();
  }
}

function claim(file: string): boolean {
  try {
    const own = `${process.pid} ${startOf(process.pid)?.replaceAll(" ", "_")}`;
    writeFileSync(file, own, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
