import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A process that can't be mistaken for a later one with the same pid. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks after boot, field 22 of /proc/PID/stat. */
  readonly started: string;
}

/** Reads `PID STARTED`. Anything else is no process id: a file that was cut short, or is empty. */
export function parseProcessId(text: string): ProcessId | undefined {
  const match = /^([1-9]\d{0,9}) (\d{1,20})\s*$/.exec(text);
  const [, pid, started] = match ?? [];
  return pid && started ? { pid: Number(pid), started } : undefined;
}

/** Field 22 of a stat line. The second field, the name, may itself hold spaces and brackets. */
export function startTime(stat: string): string | undefined {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

/** The text of a file, or undefined when it can't be read (a process that ended, say). */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Whether this very process still runs (a zombie doesn't). */
export function isAlive(id: ProcessId): boolean {
  const stat = readIfThere(`/proc/${id.pid}/stat`);
  if (stat === undefined) return false;
  return startTime(stat) === id.started && !/\) [ZX] /.test(stat);
}

/** Sends a signal to this very process. False when it had ended. */
export function send(id: ProcessId, signal: NodeJS.Signals): boolean {
  if (!isAlive(id)) return false;
  try {
    return process.kill(id.pid, signal);
  } catch {
    return false;
  }
}

/** Waits until a condition holds, at most so many seconds; says whether it did. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  seconds: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (signal?.aborted || performance.now() > deadline) return false;
    await sleep(100);
  }
  return true;
}
