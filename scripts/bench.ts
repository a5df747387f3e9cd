// `make bench`: how long each part takes and how much memory it needs, as a table for
// docs/benchmarks.md. Machines are shared and noisy, so each time stands also as a multiple of
// starting Node in the same run.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { defaultFolder, status } from "../lab/cloud/index.ts";
import { type Cost, costOf, spread } from "./cost.ts";

const root = join(import.meta.dirname, "..");
const polder = join(root, "cli/polder");
const instance = "lab-tweede";
const work = mkdtempSync(join(tmpdir(), "polder-bench-"));
const folder = join(work, instance);

const measure = async (
  runs: number,
  command: string,
  ...args: readonly string[]
): Promise<Cost[]> => {
  const costs: Cost[] = [];
  for (let i = 0; i < runs; i++) costs.push(await costOf(command, args));
  return costs;
};

const rows: string[] = [];
let unit = 1;
function row(what: string, costs: readonly Cost[]): void {
  const seconds = spread(costs.map((cost) => cost.seconds));
  const processor = spread(costs.map((cost) => cost.processor)).median.toFixed(2);
  const memory = Math.max(...costs.map((cost) => cost.memory)).toFixed(0);
  const times = (seconds.median / unit).toFixed(1);
  rows.push(
    `| ${what} | ${seconds.median.toFixed(2)} | ${seconds.range} | ${times} | ${processor} | ${memory} |`,
  );
  process.stderr.write(`${what}: ${seconds.median.toFixed(2)} s\n`);
}

const load = () => readFileSync("/proc/loadavg", "utf8").split(" ").slice(0, 3).join(" ");
const loadBefore = load();
cpSync(join(root, "instances", instance, "instance.yaml"), join(folder, "instance.yaml"));
const copy = readFileSync(join(folder, "instance.yaml"), "utf8");
writeFileSync(
  join(folder, "instance.yaml"),
  copy.replace(/^domain: .*$/m, "domain: bench.vergaderen.example"),
);

/** Says what failed; what was measured before it took minutes, and is printed all the same. */
function failed(error: unknown): void {
  process.stderr.write(`${error}\n`);
  process.exitCode = 1;
}

/** The lab, and a cluster from its first plan to its end. */
async function benchLab(): Promise<void> {
  if ((await status({ folder: defaultFolder() })).state === "up")
    row("`polder lab down`", await measure(1, polder, "lab", "down"));
  row("`polder lab up`, its root and data there", await measure(1, polder, "lab", "up"));
  row("`polder lab up`, when it is up", await measure(3, polder, "lab", "up"));
  await measure(1, polder, "keys", "person", "--lab", folder);
  // Somebody must take the alarms: that nobody does is a fault, and a probe says so.
  const port = /^alarms:.*:([0-9]+)\//m.exec(copy)?.[1] ?? "";
  const receiver = spawn(process.execPath, ["--import", "tsx", "lab/receive-alarms.ts", port], {
    cwd: root,
    stdio: "ignore",
  });
  try {
    row("plan of the addresses", await measure(1, polder, "plan", folder));
    row("apply of the addresses (6)", await measure(1, polder, "apply", folder));
    row("record them", await measure(1, polder, "addresses", folder));
    row("plan of the cluster", await measure(1, polder, "plan", folder));
    row(
      "apply of the cluster (7 hosts, about 128 resources)",
      await measure(1, polder, "apply", folder),
    );
    row("plan again: no changes", await measure(3, polder, "plan", folder));
    await measure(1, polder, "keys", "init", folder);
    row("converge from bare servers (7 hosts)", await measure(1, polder, "converge", folder));
    row("converge again: nothing to do", await measure(3, polder, "converge", folder));
    row("`polder probe all`", await measure(1, polder, "probe", "all", folder, "--no-alarm"));
  } finally {
    receiver.kill();
    // Its state goes with the folder, so a cluster that stayed couldn't be ended any more.
    const confirmed = ["--confirm", instance, "--logs", "destroyed"];
    row("decommission", await measure(1, polder, "decommission", folder, ...confirmed));
  }
}

try {
  const node = await measure(11, process.execPath, "-e", "0");
  unit = spread(node.map(({ seconds }) => seconds)).median;
  row("start Node and end it", node);
  row("`polder --help`", await measure(11, polder, "--help"));
  row("`polder --version`", await measure(11, polder, "--version"));
  row("`polder show lab`", await measure(11, polder, "show", "lab"));
  row("`polder show ministerie-groot`", await measure(11, polder, "show", "ministerie-groot"));
  row("`polder show lab --svg`", await measure(5, polder, "show", "lab", "--svg", "-"));
  row("`polder size lab`", await measure(11, polder, "size", "lab"));
  row("`polder size ministerie-groot`", await measure(5, polder, "size", "ministerie-groot"));
  row(
    "10,000 random demands planned, Node's start included",
    await measure(5, process.execPath, "--import", "tsx", "scripts/bench-plans.ts"),
  );
  row(
    "cdktf app: all examples synthesised and judged",
    await measure(5, process.execPath, "--import", "tsx", "stacks/main.ts"),
  );

  const beside: string[] = [];
  for (const [what, script] of [
    ["synth beside a bare app", "synth"],
    ["audits", "audit"],
    ["Prosody with the gate beside Prosody without", "gate"],
    ["floods of half handshakes", "floods"],
    ["relays beside a bare coturn", "relays"],
  ] as const) {
    process.stderr.write(`${what}\n`);
    const command = ["--import", "tsx", `scripts/bench-${script}.ts`];
    try {
      beside.push((await costOf(process.execPath, command)).output);
    } catch (error) {
      failed(error);
    }
  }

  try {
    await benchLab();
  } catch (error) {
    failed(error);
  }
  const lab = await status({ folder: defaultFolder() });

  const version = (command: string, ...args: string[]) =>
    spawnSync(command, args, { encoding: "utf8" }).stdout.split("\n")[0]?.trim();
  process.stdout.write(
    [
      `${new Date().toISOString().slice(0, 10)}; ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB; ` +
        `Node ${process.versions.node}, ${version("terraform", "version")}; load ${loadBefore} before, ${load()} after.`,
      "",
      "| What | median s | range s | times Node's start | processor, median s | peak MiB |",
      "| --- | --- | --- | --- | --- | --- |",
      ...rows,
      "",
      ...beside,
      `The lab's services: ${lab.services.length} processes, ${lab.memoryMiB} MiB (PSS).`,
      "",
    ].join("\n"),
  );
} finally {
  rmSync(work, { recursive: true, force: true });
  rmSync(join(root, "build/instances", instance), { recursive: true, force: true });
}
