// `make test`: every check of the project, one closing line. A check that is skipped must stand in
// not-tested.yaml with its reason; one that doesn't is a failure, not a silence.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { load } from "js-yaml";
import { z } from "zod";
import { defaultFolder, status as labStatus } from "../lab/cloud/index.ts";
import { RECORD, type TestRecord } from "./vitest-record.ts";

const root = join(import.meta.dirname, "..");
const notTested = z
  .array(z.strictObject({ id: z.string(), why: z.string() }))
  .parse(load(readFileSync(join(root, "scripts/not-tested.yaml"), "utf8")));

const count = { passed: 0, failed: 0, skipped: 0 };
const faults: string[] = [];
/** Ids of the list whose tests ran and passed here. */
const proven = new Set<string>();
const fail = (what: string) => {
  count.failed++;
  faults.push(what);
};

/** Runs a tool whose exit code is its verdict; what it prints comes in one piece, between the lines of others. */
async function check(name: string, command: readonly string[]): Promise<void> {
  const began = Date.now();
  const [program = "", ...args] = command;
  const tool = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const printed: Buffer[] = [];
  for (const stream of [tool.stdout, tool.stderr])
    stream.on("data", (chunk: Buffer) => printed.push(chunk));
  const status = await once(tool, "close").then(
    ([code]) => code,
    // A tool that can't be started has found fault, too.
    (error: Error) => {
      printed.push(Buffer.from(`${error.message}\n`));
      return 1;
    },
  );
  const took = ((Date.now() - began) / 1000).toFixed(1);
  if (status !== 0) process.stdout.write(Buffer.concat(printed));
  process.stdout.write(`${name}: ${status === 0 ? "ok" : "FAILED"} (${took} s)\n`);
  if (status === 0) count.passed++;
  else fail(name);
}

/** One after the other, beside the lab that comes up, which mostly waits. */
async function lint(): Promise<void> {
  const npx = (...args: string[]) => ["npx", "--no-install", ...args];
  await check("format and lint", npx("biome", "check", "."));
  // By its path: both versions of TypeScript have a `tsc`, and the other takes three times as long.
  await check("types", ["node", "node_modules/typescript-7/bin/tsc", "-p", "."]);
  await check("module boundaries", npx("depcruise", "modules", "stacks", "cli", "lab", "scripts"));
  await check("dead code", npx("knip"));
  await check("python", [join(root, "build/venv/bin/ruff"), "check", "-q", "."]);
  await check("shell and Lua", [join(root, "scripts/lint-programs.sh")]);
  await check("ansible", [
    "env",
    "-C",
    "ansible",
    `PATH=${root}/build/venv/bin:${process.env["PATH"]}`,
    "ansible-lint",
    "--offline",
    "-q",
  ]);
}

const labBefore = (await labStatus({ folder: defaultFolder() })).state;
mkdirSync(join(root, "build"), { recursive: true });
rmSync(RECORD, { force: true });
const projects = process.argv.slice(2).flatMap((name) => ["--project", name]);
const vitest = spawn(
  "npx",
  [
    "--no-install",
    "vitest",
    "run",
    ...projects,
    "--reporter=default",
    `--reporter=${join(import.meta.dirname, "vitest-record.ts")}`,
  ],
  { cwd: root, stdio: ["inherit", "inherit", "pipe"] },
);
const linted = lint();
/** The end of what it wrote to standard error, where a failure beside all suites is written. */
let lastWords = "";
vitest.stderr.on("data", (chunk: Buffer) => {
  process.stderr.write(chunk);
  lastWords = `${lastWords}${chunk}`.slice(-4000);
});
let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    interrupted = true;
    vitest.kill(signal);
  });
const [status] = await once(vitest, "close");
if (interrupted) {
  // vitest ends at once then, and leaves the lab that it brought up.
  if (labBefore !== "up")
    spawnSync(join(root, "cli/polder"), ["lab", "down"], { stdio: "inherit" });
  process.stdout.write("interrupted: nothing is judged\n");
  process.exit(130);
}
await linted;
// A run that ended before its record was written must still close with its line.
const seen: TestRecord = existsSync(RECORD)
  ? JSON.parse(readFileSync(RECORD, "utf8"))
  : { suites: [], unhandled: [] };
const before = count.failed;
for (const { file, tests, errors } of seen.suites) {
  if (tests.length === 0) fail(`${relative(root, file)}: ran no test`);
  for (const error of errors) fail(`${relative(root, file)}: ${error}`);
  for (const test of tests) {
    const id = /^\[([a-z0-9-]+)\]/.exec(test.title)?.[1];
    if (test.state === "passed") {
      count.passed++;
      if (id) proven.add(id);
    } else if (test.state === "failed") fail([test.name, ...test.errors].join("\n  "));
    else if (!notTested.some((known) => known.id === id)) {
      fail(`skipped without an id of scripts/not-tested.yaml: ${test.name}`);
    }
  }
}
for (const error of seen.unhandled) fail(`beside all suites: ${error}`);
// What the record doesn't have must not pass by it.
if (seen.suites.length === 0 || (status !== 0 && count.failed === before)) {
  fail(`vitest exited ${status} and recorded no failure; its last words:\n${lastWords}`);
}

for (const { id, why } of notTested.filter((known) => !proven.has(known.id))) {
  count.skipped++;
  process.stdout.write(`not-tested ${id}: ${why}\n`);
}
// By the clock, side by side with others: where a run's time went.
for (const { file, seconds } of [...seen.suites].sort((a, b) => b.seconds - a.seconds).slice(0, 12))
  process.stdout.write(`took ${seconds.toFixed(0).padStart(4)} s  ${relative(root, file)}\n`);

for (const fault of faults) process.stdout.write(`FAILED ${fault}\n`);
process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
process.exitCode = count.failed === 0 ? 0 : 1;
