import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LoadedInstance, loadInstance } from "../../workspace/index.ts";
import { newAgePair } from "./age.ts";

const EXAMPLES = join(import.meta.dirname, "../../../instances");
/** Ed25519 points of nobody: any 32 bytes look like a key. */
const sshKey = (seed: number): string =>
  `ssh-ed25519 ${Buffer.concat([
    Buffer.from("0000000b7373682d6564323535313900000020", "hex"),
    Buffer.alloc(32, seed),
  ]).toString("base64")}`;

export interface TestPerson {
  readonly name: string;
  readonly user: string;
  readonly issuer: boolean;
  readonly identity: string;
  readonly recipient: string;
  readonly identityFile: string;
}

/** An example's copy in a folder of its own, with people who have age identities. */
export interface TestFolder {
  readonly folder: string;
  /** Writes admins.yaml with these people and reads the instance again. */
  load(people: readonly TestPerson[]): LoadedInstance;
  person(user: string, issuer?: boolean): Promise<TestPerson>;
  remove(): void;
}

/** @param name the copy's; what `polder` builds goes by it */
export function testFolder(
  example = "lab",
  edit = (text: string): string => text,
  name = example,
): TestFolder {
  const parent = mkdtempSync(join(tmpdir(), "polder-secrets-"));
  const folder = join(parent, name);
  mkdirSync(folder);
  const file = join(folder, "instance.yaml");
  const text = readFileSync(join(EXAMPLES, example, "instance.yaml"), "utf8");
  writeFileSync(file, edit(text).replace(/^name: .*$/m, `name: ${name}`));
  let count = 0;
  return {
    folder,
    load: (people) => {
      const admins = people.map(({ name, user, issuer, recipient }, i) => ({
        name,
        user,
        issuer,
        key: sshKey(i + 1),
        age: recipient,
      }));
      writeFileSync(join(folder, "admins.yaml"), JSON.stringify({ admins }));
      return loadInstance(folder);
    },
    person: async (user, issuer = false) => {
      const pair = await newAgePair();
      const identityFile = join(parent, `${user}.age`);
      writeFileSync(identityFile, `# ${++count}\n${pair.identity}\n`, { mode: 0o600 });
      return { name: `Person ${user}`, user, issuer, ...pair, identityFile };
    },
    remove: () => rmSync(parent, { recursive: true, force: true }),
  };
}
