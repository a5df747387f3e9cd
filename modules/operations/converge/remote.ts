import { spawn } from "node:child_process";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import { explainSsh } from "./connections.ts";

/** Milliseconds for the way there and back, the jump included. */
const PATIENCE = 30_000;

/** A word for a remote shell. */
const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/**
 * Runs a program on a host.
 *
 * @param sshArguments such that `ssh <these> command` logs in there
 * @param input its standard input
 * @param failure how its error begins: what didn't happen, and the host as the subject of what follows
 * @returns its standard output
 * @throws ExternalFailure when it can't be run or ends otherwise than with 0
 */
export function runRemotely(
  sshArguments: readonly string[],
  command: readonly string[],
  input: string,
  failure: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("ssh", [...sshArguments, command.map(quoted).join(" ")], {
      stdio: ["pipe", "pipe", "pipe"],
      timeout: PATIENCE,
      // A group of its own: Ctrl-C is for us to hand on.
      detached: true,
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (data: Buffer) => {
      stdout += data;
    });
    child.stderr.on("data", (data: Buffer) => {
      stderr += data;
    });
    // It may end before it has read all; its exit code tells.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    child.on("error", () =>
      reject(
        new ExternalFailure(`${failure} isn't reached: ssh can't be run: install OpenSSH's client`),
      ),
    );
    child.on("close", (code) => {
      if (code === 0) resolve(stdout);
      else reject(new ExternalFailure(`${failure} ${explainSsh(stderr || "timed out")}`));
    });
  });
}
