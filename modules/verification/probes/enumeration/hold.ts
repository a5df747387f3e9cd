import type { Invitation } from "../../enumeration/index.ts";
import { Session } from "./session.ts";
import type { Door } from "./socket.ts";

let held: Session | undefined;

/** Whom a member sees in a meeting, by nick. */
interface Seen {
  readonly seen: readonly string[];
}

/** Joins a meeting and stays in it until {@link leaveMeeting}. @throws Error when that fails */
export async function holdMeeting({
  door,
  moderator: { room, token },
}: {
  readonly door: Door;
  readonly moderator: Invitation;
}): Promise<Seen> {
  held?.close();
  held = await Session.enter(door, room, token);
  const joined = await held.join(room);
  if (joined !== "joined") throw new Error(`the moderator can't join: ${joined}`);
  held.stay();
  return { seen: [...held.occupants] };
}

/** Leaves it. @throws Error when it was put out meanwhile */
export async function leaveMeeting({ room }: { readonly room: string }): Promise<Seen> {
  const session = held;
  held = undefined;
  if (!session) throw new Error("no meeting is held");
  try {
    if (!(await session.isIn(room))) throw new Error("the moderator was put out meanwhile");
    return { seen: [...session.occupants] };
  } finally {
    session.close();
  }
}
