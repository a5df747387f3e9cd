import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";

/** What an approval's signature is for: ssh-keygen takes none that was made for something else. */
export const NAMESPACE = "polder-plan";

/** What a person approves. */
export interface Approval {
  readonly instance: string;
  /** Digest of the plan's record. */
  readonly plan: string;
  /** Login name of the admin. */
  readonly user: string;
  /** When, to the second, in UTC. */
  readonly at: string;
}

const TEXT = /^polder approval\ninstance: (\S+)\nplan: ([0-9a-f]{64})\nby: (\S+)\nat: (\S+)\n$/;

/** What is signed, as a person reads it. */
export const approvalText = ({ instance, plan, user, at }: Approval): string =>
  `polder approval\ninstance: ${instance}\nplan: ${plan}\nby: ${user}\nat: ${at}\n`;

/** The same read back; undefined for another text. */
export function readApproval(text: string): Approval | undefined {
  const [, instance, plan, user, at] = TEXT.exec(text) ?? [];
  return instance && plan && user && at ? { instance, plan, user, at } : undefined;
}

/** Those whose signatures count, as ssh-keygen reads them: the instance's admins. */
export const allowedSigners = ({ admins }: Pick<Blueprint, "admins">): string =>
  admins.map(({ user, key }) => `${user} namespaces="${NAMESPACE}" ${key}\n`).join("");

/** Runs ssh-keygen with files in a folder of their own, which is gone afterwards. */
function sshKeygen(
  args: (fileOf: (name: string) => string) => readonly string[],
  files: Readonly<Record<string, string>>,
  input: string,
) {
  const folder = mkdtempSync(join(tmpdir(), "polder-approval-"));
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
 * Signs an approval with a person's SSH key. A passphrase or the touch of a hardware key is asked for by ssh-keygen.
 *
 * @param identity file of the private key; absent: ssh-agent has the one of this public key
 * @throws ExternalFailure with ssh-keygen's own words
 */
export function signApproval(text: string, key: string, identity?: string): string {
  const ran = sshKeygen(
    (fileOf) => ["-Y", "sign", "-n", NAMESPACE, "-f", identity ?? fileOf("key.pub")],
    { "key.pub": `${key}\n` },
    text,
  );
  if (ran.status !== 0)
    throw new ExternalFailure(
      `ssh-keygen signs nothing: ${ran.stderr.trim().split("\n").at(-1)}; is it the private key of your entry in \`admins\` (--ssh-identity, or ssh-agent)?`,
    );
  return ran.stdout;
}

/** Whether a signature of a text is by the key of the admin who it names. */
export function isSigned(
  blueprint: Pick<Blueprint, "admins">,
  user: string,
  text: string,
  signature: string,
): boolean {
  const ran = sshKeygen(
    (fileOf) => [
      ...["-Y", "verify", "-n", NAMESPACE, "-I", user],
      ...["-f", fileOf("allowed"), "-s", fileOf("signature")],
    ],
    { allowed: allowedSigners(blueprint), signature },
    text,
  );
  return ran.status === 0;
}
