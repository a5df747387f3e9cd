// `make test`: every check of the project, one closing line. A check that is skipped must stand in
// not-tested.yaml with its reason; one that doesn't is a failure, not a silence.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { load } from "js-yaml";
import { z } from "zod";

const root = join(import.meta.dirname, "..");
const reportFile = join(root, "build/test-report.json");
const notTested = z
  .array(z.strictObject({ id: z.string(), why: z.string() }))
  .parse(load(readFileSync(join(root, "scripts/not-tested.yaml"), "utf8")));

const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      startTime: z.number(),
      endTime: z.number(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), title: z.string(), status: z.string() }),
      ),
    }),
  ),
});

const count = { passed: 0, failed: 0, skipped: 0 };
const faults: string[] = [];
/** Ids of the list whose tests ran and passed here. */
const proven = new Set<string>();
const fail = (what: string) => {
  count.failed++;
  faults.push(what);
};

/** Runs a tool whose exit code is its verdict. */
function check(name: string, command: readonly string[]): void {
  const began = Date.now();
  const [program = "", ...args] = command;
  const { status } = spawnSync(program, args, { cwd: root, stdio: "inherit" });
  process.stdout.write(
    `${name}: ${status === 0 ? "ok" : "FAILED"} (${((Date.now() - began) / 1000).toFixed(1)} s)\n`,
  );
  if (status === 0) count.passed++;
  else fail(name);
}

const npx = (...args: string[]) => ["npx", "--no-install", ...args];
check("format and lint", npx("biome", "check", "."));
check("module boundaries", npx("depcruise", "modules", "stacks", "cli", "lab", "scripts"));
check("dead code", npx("knip"));
check("types", npx("tsc", "-p", "."));
check("ansible", [
  ...["env", "-C", "ansible", `PATH=${root}/build/venv/bin:${process.env["PATH"]}`],
  ...["ansible-lint", "--offline", "-q"],
]);

mkdirSync(join(root, "build"), { recursive: true });
const projects = process.argv.slice(2).flatMap((name) => ["--project", name]);
const { status } = spawnSync(
  "npx",
  [
    "--no-install",
    "vitest",
    "run",
    ...projects,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${reportFile}`,
  ],
  { cwd: root, stdio: "inherit" },
);
const seen = report.parse(JSON.parse(readFileSync(reportFile, "utf8")));
for (const file of seen.testResults) {
  if (file.assertionResults.length === 0) fail(`${file.name}: ran no test ${file.message ?? ""}`);
  for (const test of file.assertionResults) {
    const id = /^\[([a-z0-9-]+)\]/.exec(test.title)?.[1];
    if (test.status === "passed") {
      count.passed++;
      if (id) proven.add(id);
    } else if (test.status === "failed") fail(test.fullName);
    else if (!notTested.some((known) => known.id === id)) {
      fail(`skipped without an id of scripts/not-tested.yaml: ${test.fullName}`);
    }
  }
}
for (const { id, why } of notTested.filter((known) => !proven.has(known.id))) {
  count.skipped++;
  process.stdout.write(`not-tested ${id}: ${why}\n`);
}
// By the clock, side by side with others: where a run's time went.
const spent = seen.testResults
  .map(({ name, startTime, endTime }) => ({ name, seconds: (endTime - startTime) / 1000 }))
  .sort((a, b) => b.seconds - a.seconds)
  .slice(0, 12);
for (const { name, seconds } of spent)
  process.stdout.write(`took ${seconds.toFixed(0).padStart(4)} s  ${relative(root, name)}\n`);

// A suite that dies outside its tests must not pass by its tests.
const redTests = seen.testResults.some((file) =>
  file.assertionResults.some((test) => test.status === "failed"),
);
if (seen.testResults.length === 0 || (status !== 0 && !redTests)) fail(`vitest exited ${status}`);

for (const fault of faults) process.stdout.write(`FAILED ${fault}\n`);
process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
process.exitCode = count.failed === 0 ? 0 : 1;
