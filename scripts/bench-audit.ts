// What `polder audit` costs: one instance with its binary plans, the same without them, and a hundred without. Part of
// `make bench`; alone: `node --import tsx scripts/bench-audit.ts [RUNS]`. No test evaluates a time.
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { handOver } from "../lab/testing/handed-over.ts";
import { TOOLKIT } from "../modules/common/toolkit/index.ts";

const RUNS = Number(process.argv[2] ?? 7);
const EXAMPLE = "eea-voorbeeld";
/** ms between two looks at a running command. */
const LOOK_EVERY = 10;
/** The kernel's clock ticks a second, in which it counts a process's time. */
const TICKS = 100;

interface Cost {
  /** Seconds of the processor, user and system, of the command and of the programs that it waited for. */
  readonly processor: number;
  readonly seconds: number;
  /** Highest resident memory of the command's own process, MiB. */
  readonly memory: number;
}

/** What the kernel says of a running process; undefined when it has ended. */
function look({ pid }: ChildProcess): Pick<Cost, "processor" | "memory"> | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Behind the name, which may hold spaces: utime, stime, cutime and cstime are the 14th to 17th of all.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return peak ? { processor: ticks / TICKS, memory: Number(peak) / 1024 } : undefined;
  } catch {
    return undefined;
  }
}

/** Audits folders. @throws Error when something fails in them */
function audit(folders: readonly string[]): Promise<Cost> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const args = [join(TOOLKIT, "dist/polder.mjs"), "audit", ...folders];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
    let seen = { processor: 0, memory: 0 };
    const timer = setInterval(() => {
      seen = look(child) ?? seen;
    }, LOOK_EVERY);
    child.on("close", (code) => {
      clearInterval(timer);
      if (code === 0) resolve({ ...seen, seconds: (performance.now() - began) / 1000 });
      else reject(new Error(`polder audit exited ${code}`));
    });
  });
}

async function row(what: string, runs: number, folders: readonly string[]): Promise<string> {
  const costs: Cost[] = [];
  for (let i = 0; i < runs; i++) costs.push(await audit(folders));
  const of = (pick: (cost: Cost) => number) => costs.map(pick).sort((a, b) => a - b);
  const middle = (numbers: readonly number[]) => numbers[Math.floor(runs / 2)]?.toFixed(2);
  const processor = of((cost) => cost.processor);
  const range = `${processor[0]?.toFixed(2)} to ${processor.at(-1)?.toFixed(2)}`;
  return `| ${what} | ${middle(processor)} | ${runs > 1 ? range : "one run"} | ${middle(of((cost) => cost.seconds))} | ${Math.max(...of((cost) => cost.memory)).toFixed(0)} |`;
}

const work = mkdtempSync(join(tmpdir(), "polder-bench-audit-"));
try {
  const planned = handOver(join(work, "planned"), { example: EXAMPLE, planned: true });
  const bare = join(work, "bare", EXAMPLE);
  cpSync(planned, bare, { recursive: true, filter: (file) => !file.endsWith(".tfplan") });
  for (let i = 0; i < 100; i++)
    handOver(join(work, "many"), { example: EXAMPLE, name: `bench-${i}`, planned: false });
  const many = readdirSync(join(work, "many")).map((name) => join(work, "many", name));
  process.stdout.write(
    [
      "| Audit of | processor, median s | range s | median s | peak MiB |",
      "| --- | --- | --- | --- | --- |",
      await row("one instance without its plan files", RUNS, [bare]),
      await row("one instance, its two plan files shown by Terraform", RUNS, [planned]),
      await row("a hundred instances without their plan files", 1, many),
      "",
    ].join("\n"),
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
