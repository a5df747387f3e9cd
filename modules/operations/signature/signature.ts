import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";

/** Those whose signatures count, as ssh-keygen reads them: the instance's admins. @param namespace what they sign */
export const allowedSigners = ({ admins }: Pick<Blueprint, "admins">, namespace: string): string =>
  admins.map(({ user, key }) => `${user} namespaces="${namespace}" ${key}\n`).join("");

/** Runs ssh-keygen with files in a folder of their own, which is gone afterwards. */
function sshKeygen(
  args: (fileOf: (name: string) => string) => readonly string[],
  files: Readonly<Record<string, string>>,
  input: string,
) {
  const folder = mkdtempSync(join(tmpdir(), "polder-signature-"));
  try {
    for (const [name, text] of Object.entries(files))
      writeFileSync(join(folder, name), text, { mode: 0o600 });
    const ran = spawnSync(
      "ssh-keygen",
      args((name) => join(folder, name)),
      {
        input,
        encoding: "utf8",
        stdio: ["pipe", "pipe", "pipe"],
      },
    );
    if (ran.error)
      throw new ExternalFailure(
        `ssh-keygen can't be started (${(ran.error as NodeJS.ErrnoException).code}): install OpenSSH 8.2 or newer`,
      );
    return ran;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Signs a text with a person's SSH key. A passphrase or the touch of a hardware key is asked for by ssh-keygen.
 *
 * @param namespace what the signature is for: ssh-keygen takes none that was made for something else
 * @param key the person's public key
 * @param identity file of the private key; absent: ssh-agent has the one of this public key
 * @throws ExternalFailure with ssh-keygen's own words
 */
export function signText(text: string, namespace: string, key: string, identity?: string): string {
  const ran = sshKeygen(
    (fileOf) => ["-Y", "sign", "-n", namespace, "-f", identity ?? fileOf("key.pub")],
    { "key.pub": `${key}\n` },
    text,
  );
  if (ran.status !== 0)
    throw new ExternalFailure(
      `ssh-keygen signs nothing: ${ran.stderr.trim().split("\n").at(-1)}; is it the private key of your entry in \`admins\` (--ssh-identity, or ssh-agent)?`,
    );
  return ran.stdout;
}

/** Whether a signature of a text is by a person. @param signers as {@link allowedSigners} writes them */
export function isSignedBy(
  signers: string,
  namespace: string,
  user: string,
  text: string,
  signature: string,
): boolean {
  const ran = sshKeygen(
    (fileOf) => [
      ...["-Y", "verify", "-n", namespace, "-I", user],
      ...["-f", fileOf("allowed"), "-s", fileOf("signature")],
    ],
    { allowed: signers, signature },
    text,
  );
  return ran.status === 0;
}
