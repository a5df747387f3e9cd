import { Command } from "commander";
import { terraformEnvironment } from "../../modules/operations/plan/index.ts";
import { load } from "../load.ts";
import { out } from "../terminal.ts";
import { testbed } from "../testbed.ts";

/** `polder env`: for those who run `cdktf` or `terraform` themselves. */
export function envCommand(): Command {
  return new Command("env")
    .argument(
      "[instance]",
      "the instance whose login in the lab is printed; by default the lab's clouds.yaml, for all",
    )
    .action((name?: string) => {
      const blueprint = name ? load(name).blueprint : undefined;
      for (const [variable, value] of Object.entries(terraformEnvironment(testbed, blueprint)))
        out(`export ${variable}='${value}'`);
    });
}
