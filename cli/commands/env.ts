import { Command } from "commander";
import { terraformEnvironment } from "../../stacks/environment.ts";
import { out } from "../terminal.ts";

/** `polder env`: for those who run `cdktf` or `terraform` themselves. */
export function envCommand(): Command {
  return new Command("env")
    .description('Print what cdktf and terraform need in their environment: eval "$(polder env)"')
    .action(() => {
      for (const [name, value] of Object.entries(terraformEnvironment()))
        out(`export ${name}='${value}'`);
    });
}
