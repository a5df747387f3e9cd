import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dump } from "js-yaml";
import { badInput, parseYaml, validate } from "../../common/input/index.ts";
import { adminsFileSchema, sshKeyProblem } from "../../planning/instance/index.ts";
import { ADMINS_FILE, writeAtomically } from "../../workspace/index.ts";
import { newAgePair, readIdentities, recipientOf } from "./age.ts";
import { newSshKey } from "./ssh.ts";

/** An entry of `admins:`. */
export interface Admin {
  readonly name: string;
  readonly user: string;
  readonly key: string;
  readonly age: string;
  readonly issuer?: boolean;
}

export interface NewPerson {
  readonly name: string;
  readonly user: string;
  /** Where the private files go. */
  readonly out: string;
  /** File of a public SSH key that they have already, such as one in hardware. */
  readonly sshKey?: string | undefined;
}

/** @throws BadInput when the file is there: a person's key is never overwritten. */
function writeNew(path: string, text: string, mode: number): void {
  try {
    writeFileSync(path, text, { mode, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw badInput(path, "is there already, and a key is never overwritten");
  }
}

/** Makes an age identity in a file of its own; gives its recipient. @throws BadInput when it is there. */
async function newIdentity(file: string, name: string): Promise<string> {
  const age = await newAgePair();
  writeNew(file, `# age recipient of ${name}: ${age.recipient}\n${age.identity}\n`, 0o600);
  return age.recipient;
}

/** The recipient of the identity in a file, as `newIdentity` or `age-keygen` writes it. */
async function recipientIn(file: string): Promise<string> {
  const [identity] = readIdentities(file);
  return recipientOf(identity as string);
}

/**
 * Makes a person's age identity `<user>.age` and, unless they have one, their SSH key `<user>` and
 * `<user>.pub`, readable by them alone.
 */
export async function newPerson({ name, user, out, sshKey }: NewPerson): Promise<Admin> {
  const file = join(out, user);
  const given = sshKey === undefined ? undefined : readFileSync(sshKey, "utf8").trim();
  const problem = given === undefined ? undefined : sshKeyProblem(given);
  if (problem !== undefined) throw badInput(sshKey as string, problem);
  mkdirSync(out, { recursive: true, mode: 0o700 });
  const age = await newIdentity(`${file}.age`, name);
  if (given !== undefined) return { name, user, key: given, age };
  const ssh = newSshKey(user);
  try {
    writeNew(file, ssh.key, 0o600);
    writeNew(`${file}.pub`, ssh.pub, 0o644);
  } catch (error) {
    rmSync(`${file}.age`);
    throw error;
  }
  return { name, user, key: ssh.pub.trim(), age };
}

/** The entry of a person whose files lie in a folder already. */
async function personOf(name: string, user: string, folder: string): Promise<Admin> {
  const key = readFileSync(join(folder, `${user}.pub`), "utf8").trim();
  return { name, user, key, age: await recipientIn(join(folder, `${user}.age`)) };
}

/** An entry as it goes into `admins:` of the instance file, as YAML. */
export const adminEntry = (admin: Admin): string => dump([admin], { lineWidth: -1 });

/** Login name of the lab's own admin, who is one on this machine alone. */
export const LAB_USER = "labbeheer";
const LAB = { name: "Lena Visser", user: LAB_USER } as const;
const LAB_KEEPER = { name: "Lab Bewaarder", file: "labbewaarder.age" } as const;

/**
 * Makes the lab's admin and its log keeper, once for this machine, and writes them into an instance's
 * admins.yaml. Others in it stay.
 *
 * @param people folder of the lab's people
 * @param folder the instance's
 * @returns the admin
 */
export async function labPerson(people: string, folder: string): Promise<Admin> {
  const made = existsSync(join(people, `${LAB.user}.age`))
    ? await personOf(LAB.name, LAB.user, people)
    : await newPerson({ ...LAB, out: people });
  const admin = { ...made, issuer: true };
  const path = join(folder, ADMINS_FILE);
  const { name, file } = LAB_KEEPER;
  const own = join(people, file);
  const age = existsSync(own) ? await recipientIn(own) : await newIdentity(own, name);
  const known = existsSync(path)
    ? validate(parseYaml(readFileSync(path, "utf8"), path), adminsFileSchema)
    : { admins: [], logKeepers: [] };
  const all = {
    admins: [...known.admins.filter((one) => one.user !== LAB.user), admin],
    logKeepers: [...known.logKeepers.filter((one) => one.name !== name), { name, age }],
  };
  const head = "# People of the lab on this machine, by `polder keys person`.\n";
  writeAtomically(path, head + dump(all, { lineWidth: -1 }), 0o644);
  return admin;
}
