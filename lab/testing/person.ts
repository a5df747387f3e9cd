import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { program, type TestInstance } from "./polder.ts";

/** Who converges in a test: the environment that `polder` finds them by. */
export type Person = Readonly<
  Record<"POLDER_USER" | "POLDER_SSH_IDENTITY" | "POLDER_AGE_IDENTITY", string>
>;

export const adminsFile = (instance: TestInstance): string => join(instance.folder, "admins.yaml");

/** Where an instance's log keeper has their age identity. */
export const keeperFile = (instance: TestInstance): string =>
  join(instance.folder, "person", "keeper.age");

/** A line of admins.yaml, and what the admin that it names has on their own machine. */
interface MadePerson {
  readonly line: string;
  readonly person: Person;
}

/** Makes an SSH key and an age identity, and the line that makes their owner an admin. */
export async function makePerson(instance: TestInstance, user: string): Promise<MadePerson> {
  const folder = join(instance.folder, "person");
  mkdirSync(folder, { mode: 0o700, recursive: true });
  const [ssh, age] = [join(folder, user), join(folder, `${user}.age`)];
  const made = await program("ssh-keygen", [
    "-q",
    "-t",
    "ed25519",
    "-N",
    "",
    "-C",
    user,
    "-f",
    ssh,
  ]);
  if (made.code !== 0) throw new Error(made.stderr);
  const identity = await generateX25519Identity();
  writeFileSync(age, `${identity}\n`, { mode: 0o600 });
  const key = (await program("cat", [`${ssh}.pub`])).stdout.trim();
  const recipient = await identityToRecipient(identity);
  return {
    line: `  - { name: Tess ${user}, user: ${user}, key: "${key}", age: ${recipient}, issuer: true }\n`,
    person: { POLDER_USER: user, POLDER_SSH_IDENTITY: ssh, POLDER_AGE_IDENTITY: age },
  };
}

/**
 * Makes an admin of an instance, with an SSH key and an age identity of their own, and a log keeper with
 * another one.
 */
export async function addPerson(instance: TestInstance, user: string): Promise<Person> {
  const { line, person } = await makePerson(instance, user);
  const keeper = await generateX25519Identity();
  writeFileSync(keeperFile(instance), `${keeper}\n`, { mode: 0o600 });
  writeFileSync(
    adminsFile(instance),
    `admins:\n${line}logKeepers:
  - { name: Tess keeper, age: ${await identityToRecipient(keeper)} }
`,
  );
  return person;
}
