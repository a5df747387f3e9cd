import type { LoadedInstance } from "../../workspace/index.ts";
import { type Person, peopleOf } from "./recipients.ts";
import { newPassword, sealPasswords, type Vault } from "./vault.ts";

export interface Rekeyed {
  /** People who can open it now and couldn't before; and the other way round. */
  readonly gained: readonly string[];
  readonly lost: readonly string[];
  readonly people: readonly string[];
}

const without = (some: readonly Person[], others: readonly Person[]): string[] =>
  some.filter((one) => !others.some((other) => other.age === one.age)).map((one) => one.name);

/** Who could open a vault when it was last sealed, and isn't to any more; and the other way round. */
export function sealedTo(loaded: LoadedInstance, vault: Vault): Rekeyed {
  const now = peopleOf(loaded.blueprint, vault.kind);
  return {
    gained: without(now, vault.people),
    lost: without(vault.people, now),
    people: now.map((person) => person.name),
  };
}

/**
 * A new password for a vault, sealed to the people of today. Three files, each whole, in an order
 * in which an interrupt anywhere leaves a vault that opens: the key file with both passwords, the
 * vault, the key file with the new one alone.
 */
export async function rekey(loaded: LoadedInstance, vault: Vault): Promise<Rekeyed> {
  const result = sealedTo(loaded, vault);
  const [old, next] = [vault.password(), newPassword()];
  const people = await sealPasswords(loaded, vault.kind, [next, old]);
  await vault.write(next, people);
  await sealPasswords(loaded, vault.kind, [next]);
  return result;
}
