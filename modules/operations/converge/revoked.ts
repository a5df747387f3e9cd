import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runRemotely } from "./remote.ts";

/** Where the gate looks for what is revoked, every 2 s. Not in the configuration: it changes between converges. */
const FOLDER = "/var/lib/polder-gate";

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
export async function shipRevoked(
  sshArguments: readonly string[],
  host: string,
  text: string,
): Promise<void> {
  const command = ["sudo", "-n", ...putRevoked(FOLDER, "prosody", Buffer.byteLength(text))];
  await runRemotely(sshArguments, command, text, `${host}: what is revoked didn't arrive, it`);
}
