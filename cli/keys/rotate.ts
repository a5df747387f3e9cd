import { Command } from "commander";
import { badInput } from "../../modules/common/input/index.ts";
import { exclusively } from "../../modules/operations/lock/index.ts";
import { secretsOf } from "../../modules/secrets/keyring/index.ts";
import { openVault, rotate } from "../../modules/secrets/vaults/index.ts";
import { identityFor } from "../identity.ts";
import { load } from "../load.ts";
import { out } from "../terminal.ts";
import { type IdentityOption, openAll, withIdentity } from "./shared.ts";

/** `polder keys rotate`: new values. */
export function rotateCommand(): Command {
  const command = new Command("rotate")
    .description("Replace a secret, and those that follow from it")
    .argument("<instance>", "its folder's name or path")
    .argument("[secret]", "its name, as `polder keys list` shows it")
    .option("--all", "every secret that can be made from here");
  return withIdentity(command).action(
    async (
      name: string,
      secret: string | undefined,
      options: IdentityOption & { all?: boolean },
    ) => {
      const loaded = load(name);
      if ((secret === undefined) !== (options.all === true))
        throw badInput("rotate", "a secret's name or --all is needed, not both");
      await exclusively(loaded.blueprint.instance, async () => {
        const spec = secretsOf(loaded.blueprint).find((one) => one.name === secret);
        const identity = identityFor(loaded, options.identity);
        const vaults = options.all
          ? await openAll(loaded, options)
          : [await openVault(loaded, { ...identity, kind: spec?.vault ?? "instance" })];
        for (const vault of vaults)
          for (const line of await rotate(loaded, vault, secret, new Date())) out(line);
      });
    },
  );
}
