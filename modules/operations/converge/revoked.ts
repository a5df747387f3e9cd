import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import { explainSsh } from "./connections.ts";

/** Where the gate looks for what is revoked, every 2 s. Not in the configuration: it changes between converges. */
const FOLDER = "/var/lib/polder-gate";

/** Milliseconds for the way there and back, the jump included. */
const PATIENCE = 30_000;

/** A word for a remote shell. */
const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/**
 * What replaces the list on a host by what comes on standard input.
 *
 * @param bytes how many must arrive
 */
export const putRevoked = (folder: string, group: string, bytes: number): readonly string[] => {
  const program = join(import.meta.dirname, "programs/put-revoked.sh");
  return ["sh", "-c", readFileSync(program, "utf8"), "put-revoked", folder, group, String(bytes)];
};

/**
 * Puts the list of what is revoked on a control host.
 *
 * @param sshArguments such that `ssh <these> command` logs in there
 * @param host what errors call it
 * @throws ExternalFailure when it isn't there afterwards.
 */
export function shipRevoked(
  sshArguments: readonly string[],
  host: string,
  text: string,
): Promise<void> {
  const command = putRevoked(FOLDER, "prosody", Buffer.byteLength(text));
  const remote = ["sudo", "-n", ...command].map(quoted).join(" ");
  return new Promise((resolve, reject) => {
    const child = spawn("ssh", [...sshArguments, remote], {
      stdio: ["pipe", "ignore", "pipe"],
      timeout: PATIENCE,
    });
    let stderr = "";
    child.stderr.on("data", (data: Buffer) => {
      stderr += data;
    });
    // It may end before it has read all; its exit code tells.
    child.stdin.on("error", () => undefined);
    child.stdin.end(text);
    child.on("error", () =>
      reject(new ExternalFailure(`${host}: ssh can't be run: install OpenSSH's client`)),
    );
    child.on("close", (code) => {
      if (code === 0) resolve();
      else
        reject(
          new ExternalFailure(
            `${host}: what is revoked didn't arrive, it ${explainSsh(stderr || "timed out")}`,
          ),
        );
    });
  });
}
