import { createHmac } from "node:crypto";
import { z } from "zod";
import type { Admin } from "../admin.ts";
import { askGate } from "../gate-log.ts";

const line = z.object({ action: z.literal("relay key"), key: z.string() });

/** What the gate calls a secret. */
export const relayKeyOf = (secret: string): string =>
  createHmac("sha256", secret).update("polder relay key 1").digest("hex").slice(0, 16);

/**
 * By which secret Prosody makes logins for relays now: what it holds in memory, and not what lies in its file.
 *
 * @throws Error when no answer comes
 */
export const askRelayKey = (admin: Pick<Admin, "run">, host: string): Promise<string> =>
  askGate(admin, host, { read: (text) => line.safeParse(text).data?.key, what: "key of relays" });
