// What `polder audit` costs: one instance with its binary plans, the same without them, and a hundred without. Part of
// `make bench`; alone: `node --import tsx scripts/bench-audit.ts [RUNS]`. No test evaluates a time.
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { handOver } from "../lab/testing/handed-over.ts";
import { TOOLKIT } from "../modules/common/toolkit/index.ts";
import { type Cost, costOf, spread } from "./cost.ts";

const RUNS = Number(process.argv[2] ?? 7);
const EXAMPLE = "eea-voorbeeld";

async function row(what: string, runs: number, folders: readonly string[]): Promise<string> {
  const costs: Cost[] = [];
  for (let i = 0; i < runs; i++)
    costs.push(
      await costOf(process.execPath, [join(TOOLKIT, "dist/polder.mjs"), "audit", ...folders]),
    );
  const processor = spread(costs.map((cost) => cost.processor));
  const seconds = spread(costs.map((cost) => cost.seconds));
  const memory = Math.max(...costs.map((cost) => cost.memory));
  return `| ${what} | ${processor.median.toFixed(2)} | ${processor.range} | ${seconds.median.toFixed(2)} | ${memory.toFixed(0)} |`;
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
