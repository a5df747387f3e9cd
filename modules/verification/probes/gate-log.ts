import { setTimeout as sleep } from "node:timers/promises";
import type { Admin } from "./admin.ts";

/** How long the gate may take to write it down, ms. */
const WAIT = 10_000;
/** The journal's place of the last entry, as `--show-cursor` prints it. */
const CURSOR = /^-- cursor: (\S+)$/m;

/** Which line of the gate's log is looked for: what it says, if it is the one. */
type Read<T> = (line: unknown) => T | undefined;

/**
 * What the gate writes down once something is done. Only Prosody's own lines count: a line of another unit under the gate's
 * name is no answer.
 *
 * @returns undefined when no such line comes
 * @throws Error when the host can't be asked
 */
export async function gateLogs<T>(
  admin: Pick<Admin, "run">,
  host: string,
  act: (run: (...command: string[]) => Promise<string>) => Promise<unknown>,
  read: Read<T>,
): Promise<T | undefined> {
  const run = async (...command: string[]): Promise<string> => {
    const { code, stdout, stderr } = await admin.run(host, command);
    if (code !== 0) throw new Error(`${host}: ${stderr.trim().split("\n").at(-1) || command[0]}`);
    return stdout;
  };
  const cursor = CURSOR.exec(await run("journalctl", "-q", "-n", "0", "--show-cursor"))?.[1];
  if (cursor === undefined) throw new Error(`${host}: its journal is empty`);
  const log = [
    "journalctl",
    "-q",
    "-o",
    "cat",
    `--after-cursor=${cursor}`,
    "_SYSTEMD_UNIT=prosody.service",
    "SYSLOG_IDENTIFIER=polder-gate",
  ];
  await act(run);
  for (const end = Date.now() + WAIT; Date.now() < end; await sleep(200)) {
    for (const line of (await run(...log)).split("\n").filter(Boolean)) {
      const answer = read(JSON.parse(line));
      if (answer !== undefined) return answer;
    }
  }
  return undefined;
}

/**
 * Asks the gate, as root on its host, what it holds in memory: a signal to Prosody, and the line that the gate
 * writes into its log after that.
 *
 * @param what is asked for, for the error
 * @throws Error when no answer comes
 */
export async function askGate<T>(
  admin: Pick<Admin, "run">,
  host: string,
  { read, what }: { readonly read: Read<T>; readonly what: string },
): Promise<T> {
  const answer = await gateLogs(
    admin,
    host,
    (run) => run("systemctl", "kill", "--kill-whom=main", "--signal=USR1", "prosody.service"),
    read,
  );
  if (answer !== undefined) return answer;
  throw new Error(
    `${host}: the gate logged no ${what} in ${WAIT / 1_000} s: run polder converge if the host's programs are older than polder, or run the probe again`,
  );
}
