import { Command } from "commander";
import { exclusively } from "../../modules/operations/lock/index.ts";
import { secretsOf } from "../../modules/secrets/keyring/index.ts";
import { rekey, rotate } from "../../modules/secrets/vaults/index.ts";
import { load } from "../load.ts";
import { note, out } from "../terminal.ts";
import { type IdentityOption, openAll, withIdentity } from "./shared.ts";

/** `polder keys rekey`: shuts out who left, lets in who came. */
export function rekeyCommand(): Command {
  const command = new Command("rekey")
    .description(
      "After a change of admins: make a new password for each vault, encrypted to today's admins",
    )
    .argument("<instance>", "its folder's name or path")
    .option("--rotate-all", "make every secret anew, too, that can be made from here");
  return withIdentity(command).action(
    async (name: string, options: IdentityOption & { rotateAll?: boolean }) => {
      const loaded = load(name);
      await exclusively(loaded.blueprint.instance, async () => {
        for (const vault of await openAll(loaded, options)) {
          const { gained, lost, people } = await rekey(loaded, vault);
          out(`${vault.path}: opens for ${people.join(", ")}`);
          if (gained.length > 0) out(`  new: ${gained.join(", ")}`);
          if (lost.length > 0) out(`  no more: ${lost.join(", ")}`);
          if (options.rotateAll)
            for (const line of await rotate(loaded, vault, undefined, new Date())) out(`  ${line}`);
          else if (lost.length > 0)
            out(
              `  ${lost.join(", ")} could read all ${secretsOf(loaded.blueprint).filter((spec) => spec.vault === vault.kind && !spec.public).length} secrets in it: make them anew by \`polder keys rotate ${name} --all\``,
            );
        }
        note(
          "commit the vaults' files, then run `polder converge`: hosts forget a leaver's SSH key then",
        );
      });
    },
  );
}
