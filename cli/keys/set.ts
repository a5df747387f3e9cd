import { readFileSync } from "node:fs";
import { Command } from "commander";
import { badInput } from "../../modules/common/input/index.ts";
import { today } from "../../modules/common/today/index.ts";
import { exclusively } from "../../modules/operations/lock/index.ts";
import { secretsOf } from "../../modules/secrets/keyring/index.ts";
import { openVault } from "../../modules/secrets/vaults/index.ts";
import { identityFor } from "../identity.ts";
import { load } from "../load.ts";
import { out } from "../terminal.ts";
import { type IdentityOption, withIdentity } from "./shared.ts";

/** What may be put in by hand: what others make and isn't a certificate, and the webhook's token. */
const SETTABLE: readonly string[] = ["acme/eab-key", "alarm/token"];

/** `polder keys set`: by standard input, since arguments can be seen by others. */
export function setCommand(): Command {
  const command = new Command("set")
    .description(
      `Put in a secret that somebody else made, from standard input: ${SETTABLE.join(", ")}`,
    )
    .argument("<instance>", "its folder's name or path")
    .argument("<secret>", "its name");
  return withIdentity(command).action(
    async (name: string, secret: string, options: IdentityOption) => {
      const loaded = load(name);
      const known = secretsOf(loaded.blueprint).some((spec) => spec.name === secret);
      if (!known || !SETTABLE.includes(secret))
        throw badInput(
          secret,
          `not put in by hand here; allowed: ${SETTABLE.join(", ")}, where the instance has it`,
        );
      const value = readFileSync(0, "utf8").trim();
      if (!/^[\x21-\x7e]{16,4096}$/.test(value))
        throw badInput(
          secret,
          "standard input holds no secret: one word of 16 to 4096 printable characters is allowed",
        );
      await exclusively(loaded.blueprint.instance, async () => {
        const vault = await openVault(loaded, identityFor(loaded, options.identity));
        vault.set(secret, value, today());
        await vault.save();
        out(`${secret}: kept in ${vault.path}`);
      });
    },
  );
}
