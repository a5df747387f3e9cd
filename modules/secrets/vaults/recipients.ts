import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { SecretSpec } from "../keyring/index.ts";

/** Somebody whom a vault is sealed to. */
export interface Person {
  readonly name: string;
  readonly age: string;
}

/** Whom a vault is sealed to: the admins with an age recipient; for the issuer's, with issuer: true; and the envelope's key. */
export function peopleOf(blueprint: Blueprint, vault: SecretSpec["vault"]): Person[] {
  const { admins, breakGlass } = blueprint;
  const people = admins
    .filter((admin) => vault === "instance" || admin.issuer)
    .flatMap(({ name, age }) => (age === undefined ? [] : [{ name, age }]));
  return breakGlass === undefined ? people : [...people, { name: "break-glass", age: breakGlass }];
}
