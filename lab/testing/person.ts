import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { program, type TestInstance } from "./polder.ts";

/** Who converges in a test: the environment that `polder` finds them by. */
export type Person = Readonly<
  Record<"POLDER_USER" | "POLDER_SSH_IDENTITY" | "POLDER_AGE_IDENTITY", string>
>;

/** Where an instance's log keeper has their age identity. */
export const keeperFile = (instance: TestInstance): string =>
  join(instance.folder, "person", "keeper.age");

/**
 * Makes an admin of an instance, with an SSH key and an age identity of their own, and a log keeper with
 * another one.
 */
export async function addPerson(instance: TestInstance, user: string): Promise<Person> {
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
  const [identity, keeper] = [await generateX25519Identity(), await generateX25519Identity()];
  writeFileSync(age, `${identity}\n`, { mode: 0o600 });
  writeFileSync(keeperFile(instance), `${keeper}\n`, { mode: 0o600 });
  const key = (await program("cat", [`${ssh}.pub`])).stdout.trim();
  const recipient = await identityToRecipient(identity);
  writeFileSync(
    join(instance.folder, "admins.yaml"),
    `admins:\n  - { name: Test ${user}, user: ${user}, key: "${key}", age: ${recipient}, issuer: true }
logKeepers:
  - { name: Test keeper, age: ${await identityToRecipient(keeper)} }
`,
  );
  return { POLDER_USER: user, POLDER_SSH_IDENTITY: ssh, POLDER_AGE_IDENTITY: age };
}
