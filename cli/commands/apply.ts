import { Command } from "commander";
import { applyInstance } from "../../modules/operations/apply/index.ts";
import { atWork, deployOptions, withTimeout } from "../deploy-options.ts";
import { reportFindings } from "../findings.ts";
import { load } from "../load.ts";
import { out } from "../terminal.ts";

/** `polder apply`: exactly the recorded plan. */
export function applyCommand(): Command {
  const command = new Command("apply")
    .argument("<instance>", "its folder's name or path")
    .option(
      "--destroys <names>",
      "the hosts, volumes and addresses that the plan takes away, as `polder plan` names them",
      (text: string) => text.split(",").filter(Boolean),
      [],
    )
    .addHelpText(
      "after",
      `
polder refuses the plan when any input changed since it was made, when the policy fails today, or when the plan takes
away a host, a volume or an address that --destroys doesn't name. If an apply is interrupted or fails half way, run plan
and apply again: the new plan has what is left to do.`,
    );
  return withTimeout(command).action(
    async (name: string, options: { timeout: number; destroys: string[] }) => {
      const loaded = load(name);
      const { destroys } = options;
      const { record, findings, applied } = await atWork(loaded, () =>
        applyInstance(loaded, { ...deployOptions(options), destroys }),
      );
      if (applied)
        out(
          `applied plan ${record.digest.slice(0, 16)}: ${record.stacks.map((s) => `${s.name} +${s.add} ~${s.change} -${s.remove}`).join(", ")}`,
        );
      reportFindings(findings, "the policy fails as of today: nothing was applied");
    },
  );
}
