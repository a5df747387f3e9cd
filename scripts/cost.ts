// What a command costs, as the kernel counts it. Of `make bench`.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { TOOLKIT } from "../modules/common/toolkit/index.ts";
import { median } from "../modules/verification/enumeration/index.ts";

/** ms between two looks at a running command: what it does in its last moment isn't counted. */
const LOOK_EVERY = 10;
/** The kernel's clock ticks a second, in which it counts a process's time. */
const TICKS = 100;

export interface Cost {
  /** Seconds of the processor, user and system, of the command and of the programs that it waited for. */
  readonly processor: number;
  readonly seconds: number;
  /** Highest resident memory of the command's own process, MiB. */
  readonly memory: number;
}

/** Seconds of the processor that a running process has used, and the programs that it waited for. */
export function processorTime(pid: string): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // Behind the name, which may hold spaces: utime, stime, cutime and cstime are the 14th to 17th of all.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) / TICKS;
}

/** What the kernel says of a running process; undefined when it has ended. */
function look({ pid }: ChildProcess): Pick<Cost, "processor" | "memory"> | undefined {
  try {
    const processor = processorTime(`${pid}`);
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return peak ? { processor, memory: Number(peak) / 1024 } : undefined;
  } catch {
    return undefined;
  }
}

/** Runs a command in the toolkit's folder to its end. @throws Error with all that it printed, when it fails */
export function costOf(
  command: string,
  args: readonly string[],
): Promise<Cost & { readonly output: string }> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(command, args, { cwd: TOOLKIT, stdio: ["ignore", "pipe", "pipe"] });
    let seen = { processor: 0, memory: 0 };
    let [output, beside] = ["", ""];
    const timer = setInterval(() => {
      seen = look(child) ?? seen;
    }, LOOK_EVERY);
    child.stdout.on("data", (data) => {
      output += data;
    });
    child.stderr.on("data", (data) => {
      beside += data;
    });
    child.on("close", (code) => {
      clearInterval(timer);
      if (code === 0) resolve({ ...seen, seconds: (performance.now() - began) / 1000, output });
      else reject(new Error(`${command} ${args.join(" ")} exited ${code}:\n${output}${beside}`));
    });
  });
}

/** The middle of some numbers, and their range as words. */
export function spread(numbers: readonly number[]): { readonly median: number; range: string } {
  const range = `${Math.min(...numbers).toFixed(2)} to ${Math.max(...numbers).toFixed(2)}`;
  return { median: median(numbers), range: numbers.length > 1 ? range : "one run" };
}
