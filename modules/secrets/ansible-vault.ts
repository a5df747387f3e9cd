import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { OutsideFailure } from "../outside/index.ts";
import { WORKSPACE } from "../toolkit/index.ts";

/** Where `make` puts Ansible; a system's own on the PATH serves, too. */
const OURS = join(WORKSPACE, "build/venv/bin/ansible-vault");

/**
 * Node hands a child sockets, which can't be opened by name; a shell's pipe can. So the password
 * comes by descriptor 3 and the text by 4, and neither ever has a name in a folder.
 */
const BY_PIPE = 'cat <&3 | { exec 5<&0 0<&4 3<&- 4<&-; exec "$0" "$@"; }';

/** ansible-vault with a text in and a text out. @throws OutsideFailure when it isn't there. */
async function run(
  action: "encrypt" | "decrypt",
  text: string,
  password: string,
): Promise<string | undefined> {
  const program = existsSync(OURS) ? OURS : "ansible-vault";
  const args = [action, "--vault-password-file", "/dev/fd/5", "--output", "-"];
  const child = spawn("/bin/sh", ["-c", BY_PIPE, program, ...args], {
    stdio: ["ignore", "pipe", "ignore", "pipe", "pipe"],
    // From /, since an ansible.cfg of the working folder may name another password file. Ansible
    // insists on UTF-8.
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], LC_ALL: "C.UTF-8" },
    cwd: "/",
  });
  for (const [fd, content] of [
    [3, password],
    [4, text],
  ] as const) {
    const stream = child.stdio[fd] as Writable;
    // It may end before it has read all of it; its exit code tells.
    stream.on("error", () => undefined);
    stream.end(content);
  }
  const pieces: Buffer[] = [];
  (child.stdout as Readable).on("data", (piece: Buffer) => pieces.push(piece));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code === 127)
    throw new OutsideFailure(
      "ansible-vault isn't there: `polder setup` (in a checkout `make setup`) installs it into build/venv",
    );
  return code === 0 ? Buffer.concat(pieces).toString("utf8") : undefined;
}

/** A text as an Ansible Vault file. */
export async function encryptText(text: string, password: string): Promise<string> {
  const sealed = await run("encrypt", text, password);
  if (!sealed?.startsWith("$ANSIBLE_VAULT;1."))
    throw new OutsideFailure(
      "ansible-vault encrypted nothing: does `ansible-vault --version` work?",
    );
  return sealed;
}

/** The text of an Ansible Vault file; undefined when the password isn't its, or it was changed. */
export const decryptText = (sealed: string, password: string): Promise<string | undefined> =>
  run("decrypt", sealed, password);
