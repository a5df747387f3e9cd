import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Held, Invitation, Occupants } from "../../enumeration/index.ts";
import { pseudonymOf } from "../../gate/index.ts";
import type { Admin } from "../admin.ts";
import type { Outside } from "../outside.ts";
import type { Door } from "./socket.ts";

/** How long the server may take to write it down, ms. */
const WAIT = 10_000;
/** Lines of the security log that are looked through: the run's own refusals come between. */
const LINES = "2000";

const line = z.object({
  action: z.literal("census"),
  room: z.string(),
  occupants: z.number(),
  nicks: z.string(),
});

/** What the gate wrote of a room, oldest first; other lines are of no concern here. */
function censusesIn(log: string, pseudonym: string): Held[] {
  return log.split("\n").flatMap((text) => {
    if (!text.includes('"census"')) return [];
    const { data } = line.safeParse(JSON.parse(text));
    return data?.room === pseudonym ? [{ count: data.occupants, nicks: data.nicks }] : [];
  });
}

/**
 * Asks the server, as root on its host, whom it holds in a room: a signal, and the line that it writes
 * into the security log.
 *
 * @param pseudonym the room's, as that log calls it
 * @throws Error when no answer comes
 */
async function askCensus(
  admin: Pick<Admin, "run">,
  host: string,
  pseudonym: string,
): Promise<Held> {
  const run = async (...command: string[]): Promise<string> => {
    const { code, stdout, stderr } = await admin.run(host, command);
    if (code !== 0) throw new Error(`${host}: ${stderr.trim().split("\n").at(-1) || command[0]}`);
    return stdout;
  };
  const written = async (): Promise<Held[]> =>
    censusesIn(await run("journalctl", "-t", "polder-gate", "-o", "cat", "-n", LINES), pseudonym);
  const before = (await written()).length;
  await run("systemctl", "kill", "--kill-whom=main", "--signal=USR1", "prosody.service");
  for (const end = Date.now() + WAIT; Date.now() < end; await sleep(200)) {
    const now = await written();
    const last = now.at(-1);
    if (last && now.length > before) return last;
  }
  throw new Error(
    `${host}: the gate wrote down no census of the meeting in ${WAIT / 1_000} s: polder converge, should its programs be older, or run it again`,
  );
}

export interface Inside {
  readonly admin: Pick<Admin, "run">;
  /** The control host's id. */
  readonly host: string;
  /** `gate/pseudonym.key`: which lines of the security log are the meeting's. */
  readonly pseudonymKey: string;
}

/**
 * Whom a member sees in a meeting, from outside, and whom the server holds in it, from inside.
 *
 * @throws Error when the meeting can't be joined, or the server doesn't tell
 */
export async function occupantsOf(
  outside: Outside,
  { admin, host, pseudonymKey }: Inside,
  { door, moderator }: { readonly door: Door; readonly moderator: Invitation },
): Promise<Occupants> {
  const { seen: before } = await outside.ask("holdMeeting", { door, moderator });
  const held = await askCensus(admin, host, pseudonymOf(pseudonymKey, moderator.room));
  const { seen: after } = await outside.ask("leaveMeeting", { room: moderator.room });
  return { before, after, held };
}
