import { z } from "zod";
import { pseudonymOf } from "../../../hosts/gate/index.ts";
import type { Held, Invitation, Occupants } from "../../enumeration/index.ts";
import type { Admin } from "../admin.ts";
import { askGate } from "../gate-log.ts";
import type { VantagePoint } from "../vantage-point.ts";
import type { Door } from "./socket.ts";

const line = z.object({
  action: z.literal("census"),
  room: z.string(),
  occupants: z.number(),
  nicks: z.string(),
});

/**
 * Whom the server holds in a room.
 *
 * @param pseudonym the room's, as the security log calls it
 * @throws Error when no answer comes
 */
const askCensus = (admin: Pick<Admin, "run">, host: string, pseudonym: string): Promise<Held> =>
  askGate(admin, host, {
    read: (text) => {
      const { data } = line.safeParse(text);
      return data?.room === pseudonym ? { count: data.occupants, nicks: data.nicks } : undefined;
    },
    what: "census of the meeting",
  });

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
  vantagePoint: VantagePoint,
  { admin, host, pseudonymKey }: Inside,
  { door, moderator }: { readonly door: Door; readonly moderator: Invitation },
): Promise<Occupants> {
  const { seen: before } = await vantagePoint.ask("holdMeeting", { door, moderator });
  const held = await askCensus(admin, host, pseudonymOf(pseudonymKey, moderator.room));
  const { seen: after } = await vantagePoint.ask("leaveMeeting", { room: moderator.room });
  return { before, after, held };
}
