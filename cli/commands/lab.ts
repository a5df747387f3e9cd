import { Command } from "commander";
import {
  defaultFolder,
  defaultQuota,
  down,
  type LabStatus,
  status,
  up,
} from "../../lab/cloud/index.ts";
import { BadInput } from "../../modules/input/index.ts";
import { OutsideFailure } from "../../modules/outside/index.ts";
import { instanceFolder, instanceNames, loadInstance } from "../../modules/workspace/index.ts";
import { ROOT } from "../root.ts";
import { note, out } from "../terminal.ts";

/** Instances that may stand in the lab. A broken one is left out: it has nothing to deploy. */
function labInstances(): string[] {
  return instanceNames(ROOT).filter((name) => {
    try {
      return loadInstance(instanceFolder(ROOT, name)).blueprint.residency.profile === "lab";
    } catch (error) {
      if (error instanceof BadInput) return false;
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
  const lab = new Command("lab").description(
    "A real OpenStack on your own machine, to deploy instances to",
  );
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
      const projects = (
        names.length > 0
          ? names.map(
              (name) => loadInstance(instanceFolder(ROOT, name)).blueprint.cloud.credentials,
            )
          : labInstances()
      ).map((name) => ({ name, quota: defaultQuota }));
      print(
        await interruptible((signal) =>
          up({ folder: defaultFolder(), projects, progress: note, signal }),
        ),
      );
    });
  lab
    .command("status")
    .description("How it is: services, memory, projects. Exit code 3 when it is broken")
    .action(async () => {
      const seen = await status({ folder: defaultFolder() });
      print(seen);
      if (seen.state === "broken") throw new OutsideFailure("`polder lab up` puts it right");
    });
  lab
    .command("down")
    .description("Stop it; what was deployed is there again at the next `up`")
    .option("--purge", "delete its folder, too: the root, the state, everything")
    .action(async (options: { purge?: boolean }) => {
      await down({ folder: defaultFolder(), progress: note, purge: options.purge ?? false });
    });
  return lab;
}
