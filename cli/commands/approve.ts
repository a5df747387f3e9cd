import { Command } from "commander";
import { formatFinding } from "../../modules/common/findings/index.ts";
import { approvePlan } from "../../modules/operations/approve/index.ts";
import { composition } from "../composition.ts";
import { reportFindings } from "../findings.ts";
import { load } from "../load.ts";
import { out } from "../terminal.ts";
import { testbed } from "../testbed.ts";
import { ENDS } from "../text/ends.ts";

const HELP = `
Signs the plan that you reviewed with your SSH key (ssh-keygen -Y sign) and notes that in the instance's history. You must be
an admin of the instance, and sign with the key of your entry. polder evaluates the policy again first, and signs nothing if it
fails. Needs no credential for the cloud.
  polder review lab
  polder approve lab --plan 8e308f023bb1600f --user annakok --ssh-identity ~/.ssh/id_ed25519
An apply wants two admins' approval in profile nl-sovereign, and in nl-located that of one who didn't make the plan. An
approval counts for seven days, and for that one plan. docs/review.md tells how to check one without polder.`;

/** `polder approve`: a person signs the plan that they reviewed. */
export function approveCommand(): Command {
  return new Command("approve")
    .argument("<instance>", "its folder's name or path")
    .requiredOption(
      "--plan <digest>",
      "the digest that `polder review` shows, or its first 8 letters or more",
    )
    .option("--user <name>", "your login name on the hosts (else POLDER_USER)")
    .option(
      "--ssh-identity <file>",
      "your private SSH key (else POLDER_SSH_IDENTITY, else ssh-agent)",
    )
    .addHelpText("after", HELP)
    .action(
      async (name: string, options: { plan: string; user?: string; sshIdentity?: string }) => {
        const loaded = load(name, { ending: true });
        const { findings, ends, user, state } = await approvePlan(loaded, {
          ...options,
          now: new Date(),
          testbed,
          ...composition,
        });
        if (ends) out(ENDS);
        else reportFindings(findings, "the policy fails as of today: nothing was signed");
        if (!user || !state) return;
        out(`${user} approved plan ${options.plan}: commit history/ of the instance's folder`);
        out(state.verdict === "pass" ? formatFinding(state) : `not yet enough: ${state.message}`);
      },
    );
}
