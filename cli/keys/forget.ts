import { Command } from "commander";
import { forgetHost } from "../../modules/secrets/vaults/index.ts";
import { load } from "../load.ts";
import { out } from "../terminal.ts";

/** `polder keys forget`: a host was made anew, so its key is another. */
export function forgetCommand(): Command {
  return new Command("forget")
    .description("Forget a host's SSH key, after you made the host anew yourself")
    .argument("<instance>", "its folder's name or path")
    .argument("<host>", "such as control-1")
    .action((name: string, host: string) => {
      forgetHost(load(name).folder, host);
      out(
        `${host}: forgotten; the next converge records the key that it shows, compare it by \`polder keys confirm\``,
      );
    });
}
