import type { Command } from "commander";
import { BadInput } from "../../modules/common/input/index.ts";
import {
  hasVault,
  openVault,
  type Vault,
  type VaultKind,
} from "../../modules/secrets/vaults/index.ts";
import type { LoadedInstance } from "../../modules/workspace/index.ts";
import { identityFor } from "../identity.ts";
import { note } from "../terminal.ts";

/** The two vaults in the order in which they are spoken of. */
export const KINDS: readonly VaultKind[] = ["instance", "issuer"];

/** Adds what every command takes that opens a vault. */
export const withIdentity = (command: Command): Command =>
  command.option("--identity <file>", "your age identity; else POLDER_AGE_IDENTITY");

export interface IdentityOption {
  readonly identity?: string;
}

/** Vaults that exist and that this person may open, opened; the issuer vault may be closed to them. */
export async function openAll(loaded: LoadedInstance, options: IdentityOption): Promise<Vault[]> {
  const identity = identityFor(loaded, options.identity);
  const vaults = [await openVault(loaded, identity)];
  if (!hasVault(loaded.folder, "issuer")) return vaults;
  try {
    vaults.push(await openVault(loaded, { ...identity, kind: "issuer" }));
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    note("the issuer vault isn't sealed to you: it is left as it is");
  }
  return vaults;
}
