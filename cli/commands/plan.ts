import { Command } from "commander";
import { demandedApprovals } from "../../modules/operations/approve/index.ts";
import { planInstance } from "../../modules/operations/plan/index.ts";
import { atWork, deployOptions, withTimeout } from "../deploy-options.ts";
import { reportFindings } from "../findings.ts";
import { load } from "../load.ts";
import { out, screenWidth } from "../terminal.ts";
import { changesTable, describeLosses } from "../text/changes.ts";
import { paintFor } from "../text/paint.ts";

/** `polder plan`: plans the changes, evaluates the policy, and records the plan so that exactly it can be applied. */
export function planCommand(): Command {
  const command = new Command("plan")
    .argument("<instance>", "its folder's name or path")
    .option(
      "--import",
      "import the servers and volumes that are in the cloud under the instance's names, when Terraform's state is lost",
    )
    .addHelpText(
      "after",
      `
The first plan of an instance is of its public addresses alone; the cloud chooses them:
  polder plan lab && polder apply lab && polder addresses lab
From then on it is of everything:
  polder plan lab && polder apply lab
An auditor reads the recorded folder (plan JSON, findings, digest) without any credential.`,
    );
  return withTimeout(command).action(
    async (name: string, options: { timeout: number; import?: boolean }) => {
      const loaded = load(name);
      const { record, changes, findings, folder } = await atWork(loaded, () =>
        planInstance(loaded, { ...deployOptions(options), importing: options.import ?? false }),
      );
      const look = { width: screenWidth(), paint: paintFor(process.stdout, process.env) };
      for (const stack of record.stacks) {
        const count = stack.add + stack.change + stack.remove + stack.import;
        const took = stack.import > 0 ? `${stack.import} to import, ` : "";
        out(
          `${stack.name}: ${count === 0 ? "no changes" : `${took}${stack.add} to add, ${stack.change} to change, ${stack.remove} to destroy`}`,
        );
        const own = changes.filter((change) => change.stack === stack.name);
        for (const line of changesTable(own, look)) out(line);
      }
      for (const line of describeLosses(loaded.blueprint, changes, look)) out(line);
      for (const stack of record.stateChangedElsewhere) {
        out(
          `${stack}: its state was last changed by something else than \`polder apply\`, a change nobody reviewed`,
        );
      }
      if (loaded.blueprint.addresses.state !== "allocated") {
        out(
          `not yet allocated: public addresses of ${loaded.blueprint.addresses.missing.join(", ")}; the cluster is planned once \`polder addresses ${name}\` has recorded them`,
        );
      }
      out(
        `plan ${record.digest.slice(0, 16)} by ${record.engine}, evaluated as of ${record.asOf}: ${folder}`,
      );
      const demanded = demandedApprovals(loaded.blueprint);
      if (demanded > 0)
        out(
          `profile ${loaded.blueprint.residency.profile}: ${demanded === 1 ? "another admin" : `${demanded} admins`} must approve it: polder review ${name}`,
        );
      reportFindings(findings, "the policy fails: `polder apply` refuses this plan");
    },
  );
}
