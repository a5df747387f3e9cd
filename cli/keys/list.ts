import { Command } from "commander";
import { catalogueMarkdown, catalogueOf } from "../../modules/secrets/keyring/index.ts";
import {
  inventory,
  type SecretStatus,
  sealedTo,
  wayOn,
} from "../../modules/secrets/vaults/index.ts";
import { load } from "../load.ts";
import { note, out } from "../terminal.ts";
import { table } from "../text/table.ts";
import { type IdentityOption, openAll, withIdentity } from "./shared.ts";

/** How far a rotation of three steps is, and what comes next; nothing for one that isn't under way. */
function rotationText({ spec, rotation }: SecretStatus, instance: string): string[] {
  if (!rotation || (rotation.done === 0 && rotation.behind.length === 0)) return [];
  const { done, behind } = rotation;
  const step = done === 0 ? "no rotation is under way" : `step ${done} of 3 is done`;
  const next =
    behind.length > 0
      ? `not yet on ${behind.join(", ")}: ${wayOn(instance)}`
      : `all hosts have it, step ${done + 1} may come: \`polder keys rotate ${instance} ${spec.name}\``;
  return [`${spec.name}: ${step}; ${next}`];
}

const leftText = ({ state, daysLeft }: SecretStatus): string =>
  state === "missing" ? "missing" : daysLeft === undefined ? "-" : `${daysLeft}`;

/** `polder keys list`: the table of keys, without a value. */
export function listCommand(): Command {
  const command = new Command("list")
    .description(
      "List the secrets: where they are, who may read them, how long they last; never a value",
    )
    .argument("<instance>", "its folder's name or path")
    .option("--markdown", "the table of docs/keys.md: every secret that such an instance can have");
  return withIdentity(command).action(
    async (name: string, options: IdentityOption & { markdown?: boolean }) => {
      const loaded = load(name);
      if (options.markdown) {
        out(catalogueMarkdown(catalogueOf(loaded.blueprint)));
        return;
      }
      const vaults = await openAll(loaded, options);
      const now = new Date();
      const all = vaults.flatMap((vault) => inventory(loaded, vault, now));
      const rows = all.map((kept) => [
        kept.spec.name,
        kept.spec.hosts.join(" ") || "never on a host",
        kept.spec.readers,
        kept.spec.lifetimeDays === null ? "-" : `${kept.spec.lifetimeDays}`,
        leftText(kept),
      ]);
      const columns = ["name", "where…", "who…", "days", "left"];
      for (const line of table(columns, rows, { indent: 0, width: process.stdout.columns ?? 120 }))
        out(line);
      for (const line of all.flatMap((kept) => rotationText(kept, name))) out(line);
      for (const vault of vaults) {
        const { lost, gained } = sealedTo(loaded, vault);
        if (lost.length > 0 || gained.length > 0)
          note(
            `${vault.path} is sealed to others than the file names (${[...lost, ...gained].join(", ")}): \`polder keys rekey ${name}\``,
          );
      }
    },
  );
}
