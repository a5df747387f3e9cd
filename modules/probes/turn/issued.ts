import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Admin } from "../admin.ts";

/** How long the server may take to write it down, ms. */
const WAIT = 10_000;
/** Lines of the security log that are looked through. */
const LINES = "2000";

const line = z.object({ action: z.literal("relay key"), key: z.string() });

/** By which secrets the gate said that it makes logins, oldest first. */
function keysIn(log: string): string[] {
  return log.split("\n").flatMap((text) => {
    if (!text.includes('"relay key"')) return [];
    const { data } = line.safeParse(JSON.parse(text));
    return data ? [data.key] : [];
  });
}

/** What the gate calls a secret. */
export const relayKeyOf = (secret: string): string =>
  createHmac("sha256", secret).update("polder relay key 1").digest("hex").slice(0, 16);

/**
 * Asks Prosody, as root on its host, by which secret it makes logins for relays now: what it holds in
 * memory, and not what lies in its file.
 *
 * @throws Error when no answer comes
 */
export async function askRelayKey(admin: Pick<Admin, "run">, host: string): Promise<string> {
  const run = async (...command: string[]): Promise<string> => {
    const { code, stdout, stderr } = await admin.run(host, command);
    if (code !== 0) throw new Error(`${host}: ${stderr.trim().split("\n").at(-1) || command[0]}`);
    return stdout;
  };
  const written = async (): Promise<string[]> =>
    keysIn(await run("journalctl", "-t", "polder-gate", "-o", "cat", "-n", LINES));
  const before = (await written()).length;
  await run("systemctl", "kill", "--kill-whom=main", "--signal=USR1", "prosody.service");
  for (const end = Date.now() + WAIT; Date.now() < end; await sleep(200)) {
    const now = await written();
    const last = now.at(-1);
    if (last !== undefined && now.length > before) return last;
  }
  throw new Error(
    `${host}: the gate wrote down no key of relays in ${WAIT / 1_000} s: polder converge, should its programs be older, or run it again`,
  );
}
