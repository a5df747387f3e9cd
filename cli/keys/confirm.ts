import { userInfo } from "node:os";
import { Command } from "commander";
import { today } from "../../modules/common/today/index.ts";
import { confirmHost } from "../../modules/secrets/vaults/index.ts";
import { load } from "../load.ts";
import { out } from "../terminal.ts";

/** `polder keys confirm`: a person has compared a fingerprint. */
export function confirmCommand(): Command {
  return new Command("confirm")
    .description("Confirm that a host's SSH fingerprint is the one that its own console shows")
    .argument("<instance>", "its folder's name or path")
    .argument("<host>", "such as control-1")
    .argument("<fingerprint>", "SHA256:..., typed from the console")
    .option("--by <user>", "who compared", process.env["POLDER_USER"] ?? userInfo().username)
    .action((name: string, host: string, fingerprint: string, options: { by: string }) => {
      const loaded = load(name);
      confirmHost(loaded.folder, host, fingerprint, options.by, today());
      out(`${host}: confirmed by ${options.by}; the next converge gives it a certificate`);
    });
}
