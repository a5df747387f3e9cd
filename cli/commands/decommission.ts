import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { formatFinding } from "../../modules/common/findings/index.ts";
import { badInput } from "../../modules/common/input/index.ts";
import { demandedApprovals } from "../../modules/operations/approve/index.ts";
import { decommission, fateOfLogs, planEnd } from "../../modules/operations/decommission/index.ts";
import { hasVault } from "../../modules/secrets/vaults/index.ts";
import type { LoadedInstance } from "../../modules/workspace/index.ts";
import { atWork, deployOptions, withTimeout } from "../deploy-options.ts";
import { FindingsFound } from "../exit.ts";
import { load } from "../load.ts";
import { note, out } from "../terminal.ts";

async function typedName(instance: string): Promise<string> {
  if (!process.stdin.isTTY) return "";
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(
      `This destroys ${instance}, its volumes and its public addresses. Type its name to go on: `,
    );
  } finally {
    terminal.close();
  }
}

/** @throws FindingsFound while the plan of the end lacks the approvals that the profile demands */
async function refuseUnapproved(
  name: string,
  loaded: LoadedInstance,
  options: { readonly timeout: number },
): Promise<void> {
  const { record, approved } = await atWork(loaded, () => planEnd(loaded, deployOptions(options)));
  if (approved.verdict !== "fail") return;
  for (const stack of record.stacks) out(`${stack.name}: ${stack.remove} to destroy`);
  out(formatFinding(approved));
  throw new FindingsFound(
    `nothing was destroyed: this plan waits for approval, then run \`polder decommission ${name}\` again`,
  );
}

/** `polder decommission`: the one way to destroy what is protected. */
export function decommissionCommand(): Command {
  const command = new Command("decommission")
    .argument("<instance>", "its folder's name or path")
    .option("--confirm <name>", "the instance's name, instead of typing it")
    .option(
      "--logs <archive>",
      "the tar archive into which you fetched the monitor's encrypted logs, or the word destroyed, to lose these logs",
    )
    .addHelpText(
      "after",
      `
In profiles nl-sovereign and nl-located people approve the end as they approve an apply: the first run plans it and destroys
nothing; once it is approved (polder review, polder approve), the same command destroys what that plan says.
The record of the end is written into the instance's folder.`,
    );
  return withTimeout(command).action(
    async (name: string, options: { timeout: number; confirm?: string; logs?: string }) => {
      const loaded = load(name, { ending: true });
      const { instance } = loaded.blueprint;
      const typed = options.confirm ?? (await typedName(instance));
      if (typed !== instance) {
        throw badInput(
          "--confirm",
          `got "${typed}", the instance's name "${instance}" is needed: nothing was destroyed`,
        );
      }
      if (demandedApprovals(loaded.blueprint) > 0) await refuseUnapproved(name, loaded, options);
      const logs = await fateOfLogs(loaded, options.logs);
      const record = await atWork(loaded, () =>
        decommission(loaded, { ...deployOptions(options), ...(logs && { logs }) }),
      );
      for (const { stack, resources } of record.destroyed)
        out(`${stack}: ${resources} resources destroyed`);
      for (const left of record.leftovers)
        note(`still there: ${left.kind} ${left.name} (${left.id})`);
      if (record.leftovers.length > 0)
        throw new FindingsFound(
          `the cloud still holds ${record.leftovers.length} objects of ${instance}: run it again, or delete them by hand`,
        );
      out(`${instance} is gone: the cloud's API lists nothing of it`);
      if (hasVault(loaded.folder, "issuer"))
        out(
          "its keys stay in this folder: rebuilt from it, links that were issued open again until their day ends (docs/invitations.md says how to end them)",
        );
    },
  );
}
