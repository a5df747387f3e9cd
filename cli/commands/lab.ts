import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { Command } from "commander";
import {
  defaultFolder,
  defaultQuota,
  down,
  type LabStatus,
  status,
  up,
} from "../../lab/cloud/index.ts";
import {
  type HypervisorStatus,
  hostCommand,
  hypervisorDown,
  hypervisorStatus,
  hypervisorUp,
  internetCommand,
  prepareImage,
} from "../../lab/hypervisor/index.ts";
import { ExternalFailure } from "../../modules/common/external-failure/index.ts";
import { BadInput } from "../../modules/common/input/index.ts";
import { recordsOfMachines } from "../../modules/operations/decommission/index.ts";
import { instanceNames, type LoadedInstance } from "../../modules/workspace/index.ts";
import { load } from "../load.ts";
import { ROOT } from "../root.ts";
import { note, out } from "../terminal.ts";

/** Instances that may stand in the lab. A broken one is left out: it has nothing to deploy. */
function labInstances(): LoadedInstance[] {
  return instanceNames(ROOT).flatMap((name) => {
    try {
      const loaded = load(name);
      return loaded.blueprint.residency.profile === "lab" ? [loaded] : [];
    } catch (error) {
      if (error instanceof BadInput) return [];
      throw error;
    }
  });
}

function print(lab: LabStatus): void {
  out(`the lab is ${lab.state}${lab.reason ? `: ${lab.reason}` : ""}`);
  if (lab.state === "down") return;
  const alive = lab.services.filter((service) => service.alive).length;
  out(`  api       ${lab.apiUrl ?? "-"}`);
  out(`  services  ${alive} of ${lab.services.length} alive, ${lab.memoryMiB} MiB`);
  out(`  projects  ${lab.projects.join(", ")}`);
  out(`  clouds    ${lab.cloudsFile}`);
}

function printHosts({ state, reason, hosts }: HypervisorStatus): void {
  out(`  hosts     ${hosts.length}, hypervisor ${state}${reason ? `: ${reason}` : ""}`);
  const width = Math.max(4, ...hosts.map(({ name }) => name.length));
  const project = Math.max(7, ...hosts.map((host) => host.project.length));
  if (hosts.length > 0)
    out(
      `    ${"host".padEnd(width)}  ${"project".padEnd(project)}  state    memory   boot   addresses`,
    );
  for (const host of hosts) {
    const boot = host.bootSeconds === undefined ? "-" : `${host.bootSeconds.toFixed(1)} s`;
    const columns = [
      host.name.padEnd(width),
      host.project.padEnd(project),
      host.state.padEnd(7),
      `${host.memoryMiB} MiB`.padStart(7),
      boot.padStart(6),
      host.addresses.join(" "),
    ];
    out(`    ${columns.join("  ")}${host.reason ? `\n      ${host.reason}` : ""}`);
  }
}

/** Names what polder still notes of machines: a plan by the notes of some that ended with the lab finds a cloud that has nothing of it. */
function printRecords(): void {
  const paths = labInstances()
    .filter(({ folder }) => existsSync(join(folder, "state")))
    .flatMap(recordsOfMachines)
    .map((path) => relative(process.cwd(), path));
  if (paths.length === 0) return;
  out("polder still has records of machines; delete those of this lab's before you deploy again:");
  for (const path of paths) out(`  ${path}`);
}

/** Hands the terminal to a program, and its exit code to the shell. */
async function takeOver([program = "", ...args]: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: "inherit" });
  const ignore = () => undefined;
  // Ctrl-C is for the program inside.
  process.on("SIGINT", ignore);
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
  process.off("SIGINT", ignore);
}

/** Turns Ctrl-C into an abort, so that a half-made lab is taken down before the command ends. */
async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  // Not once: a second Ctrl-C must not cut the taking down short.
  process.on("SIGINT", stop).on("SIGTERM", stop).on("SIGHUP", stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop).off("SIGHUP", stop);
  }
}

/** `polder lab`: a cloud on your own machine. */
export function labCommand(): Command {
  const lab = new Command("lab")
    // So that the options of what `shell` runs are its own.
    .enablePositionalOptions();
  lab
    .command("up [instances...]")
    .description(
      "Start it, with one project for each instance (by default for all that may stand there)",
    )
    .addHelpText(
      "after",
      "\nThe first time it builds a Debian root with OpenStack in it: about two minutes and 3 GB.",
    )
    .action(async (names: string[]) => {
      const loaded = names.length > 0 ? names.map((name) => load(name)) : labInstances();
      const wanted = loaded.map(({ blueprint }) => blueprint);
      const projects = wanted
        .filter(({ cloud }) => cloud.provider === "openstack")
        .map(({ cloud }) => ({ name: cloud.credentials, quota: defaultQuota }));
      const hetzner = wanted
        .filter(({ cloud }) => cloud.provider === "hetzner")
        .map(({ instance }) => instance);
      const folder = defaultFolder();
      await interruptible(async (signal) => {
        const besideRoot = () => prepareImage({ folder, progress: note, signal });
        print(await up({ folder, projects, progress: note, signal, besideRoot }));
        await hypervisorUp({ folder, hetzner, progress: note, signal });
      });
      printHosts(hypervisorStatus({ folder }));
    });
  lab
    .command("status")
    .description("How it is: services, memory, projects, hosts. Exit code 3 when it is broken")
    .action(async () => {
      const folder = defaultFolder();
      const seen = await status({ folder });
      const hypervisor = hypervisorStatus({ folder });
      print(seen);
      if (seen.state !== "down" || hypervisor.state !== "down") printHosts(hypervisor);
      if (seen.state === "broken" || hypervisor.state === "broken")
        throw new ExternalFailure("`polder lab up` puts it right");
    });
  lab
    .command("down")
    .description("Stop it; what was deployed is there again at the next `up`")
    .option("--data", "delete what its cloud and hosts hold, too; the next `up` makes no root")
    .option("--purge", "delete its folder, too: the root, the data, everything")
    .action(async (options: { data?: true; purge?: true }) => {
      const deleted = options.purge ? "all" : options.data ? "data" : undefined;
      const ending = { folder: defaultFolder(), progress: note, delete: deleted } as const;
      const { apiUrl } = await status(ending);
      await hypervisorDown(ending);
      await down(ending);
      if (deleted && apiUrl) printRecords();
    });
  lab
    .command("shell <host> [command...]")
    .description("A root shell in a host, or one command; `internet` is where its clients stand")
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (host: string, command: string[]) => {
      const argv = command.length > 0 ? command : ["bash"];
      const folder = defaultFolder();
      await takeOver(
        host === "internet" ? internetCommand(folder, argv) : hostCommand(folder, host, argv),
      );
    });
  return lab;
}
