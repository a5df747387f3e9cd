import { Command } from "commander";
import { exclusively } from "../../modules/operations/lock/index.ts";
import {
  type Change,
  createVault,
  ensureSecrets,
  hasVault,
  peopleOf,
  type Vault,
  type VaultKind,
} from "../../modules/secrets/vaults/index.ts";
import type { LoadedInstance } from "../../modules/workspace/index.ts";
import { load } from "../load.ts";
import { note, out } from "../terminal.ts";
import { type IdentityOption, KINDS, openAll, withIdentity } from "./shared.ts";

const lineOf = ({ name, what, why }: Change): string => `${what.padEnd(8)} ${name}: ${why}`;

/** `polder keys init`: vaults and what belongs into them. */
export function initCommand(): Command {
  const command = new Command("init")
    .description("Make the vaults and every secret that is missing; renew what is due")
    .argument("<instance>", "its folder's name or path");
  return withIdentity(command).action(async (name: string, options: IdentityOption) => {
    const loaded = load(name);
    await exclusively(loaded.blueprint.instance, async () => {
      const fresh: Vault[] = [];
      for (const kind of KINDS) {
        if (hasVault(loaded.folder, kind)) continue;
        if (kind === "issuer" && peopleOf(loaded.blueprint, kind).length === 0) {
          note("no issuer vault: no admin with an age recipient has issuer: true");
          continue;
        }
        const vault = await createVault(loaded, kind);
        fresh.push(vault);
        out(`made     ${vault.path}: sealed to ${vault.people.map((one) => one.name).join(", ")}`);
      }
      const made = (kind: VaultKind) => fresh.some((vault) => vault.kind === kind);
      const vaults = KINDS.every(made)
        ? fresh
        : [...fresh, ...(await openOthers(loaded, options, made))];
      for (const vault of vaults)
        for (const change of await ensureSecrets(loaded, vault)) out(lineOf(change));
    });
  });
}

/** The vaults that were there before. */
async function openOthers(
  loaded: LoadedInstance,
  options: IdentityOption,
  made: (kind: VaultKind) => boolean,
): Promise<Vault[]> {
  if (made("instance")) return [];
  return (await openAll(loaded, options)).filter((vault) => !made(vault.kind));
}
