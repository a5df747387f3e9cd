import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { calendarText } from "../modules/invitations/index.ts";
import { sumOf } from "../modules/issue-log/index.ts";
import { makeRoom, type RoomName, randomText, readRoomKeys } from "../modules/rooms/index.ts";
import { openVault, whoseIdentity } from "../modules/secrets/index.ts";
import {
  keyIdOf,
  LONGEST,
  linkOf,
  loadFeatures,
  type Role,
  signToken,
  type Ticket,
} from "../modules/tokens/index.ts";
import { type LoadedInstance, writeWhole } from "../modules/workspace/index.ts";
import { exclusively } from "./exclusive.ts";
import { writeIssueLog } from "./issue-log.ts";
import { buildFolder } from "./working-folder.ts";

/** Seconds that the door is open before a meeting begins. */
const EARLY = 900;

export interface Meeting {
  /** Seconds since 1970. */
  readonly starts: number;
  /** 1 to 1,440. */
  readonly minutes: number;
  /** Names of the moderators, one link each. */
  readonly moderators: readonly string[];
  /** How many guests' links. */
  readonly guests: number;
  /** Where the first guest's calendar entry goes; undefined: into the instance's build folder. */
  readonly ics?: string | undefined;
}

export interface Link {
  readonly role: Role;
  readonly name: string | undefined;
  /** The token's id, by which it is revoked. */
  readonly id: string;
  readonly link: string;
  /** File of a guest's calendar entry. */
  readonly ics?: string;
}

export interface Invited {
  readonly room: RoomName;
  /** When the tokens count, seconds since 1970. */
  readonly from: number;
  readonly until: number;
  readonly links: readonly Link[];
}

const random = (bytes: number): Uint8Array => randomBytes(bytes);

/** `a.ics`, then `a-2.ics`: a file for each guest's link. */
const numbered = (file: string, i: number): string =>
  i === 0 ? file : file.replace(/(\.[^./]*)?$/, `-${i + 1}$1`);

/**
 * Issues a meeting: a room, and a token for each who is invited. All of it is in the issue log before
 * anybody gets a link.
 *
 * @param identityFile the age identity of an admin with issuer: true
 * @throws BadInput, among others when the issuer vault isn't sealed to them.
 */
export async function invite(
  loaded: LoadedInstance,
  meeting: Meeting,
  identityFile: string,
  now: Date,
): Promise<Invited> {
  const { blueprint, folder } = loaded;
  const { domain } = blueprint;
  const by = await whoseIdentity(loaded, identityFile);
  return exclusively(blueprint.instance, async () => {
    const [issuer, instance] = await Promise.all([
      openVault(loaded, { identityFile, kind: "issuer" }),
      openVault(loaded, { identityFile }),
    ]);
    const [roomKey] = readRoomKeys(instance.need("gate/rooms.keys"));
    const tokenKey = issuer.need("issuer/token-signing.key");
    const { off } = loadFeatures();
    const issued = Math.floor(now.getTime() / 1000);
    const until = meeting.starts + meeting.minutes * 60;
    const from = Math.max(meeting.starts - EARLY, until - LONGEST);
    const room = makeRoom(domain, until, roomKey, random);
    const ticket = (role: Role, name?: string): Ticket => ({
      ...{ domain, room: room.name, role, issued, from, until },
      ...{ id: randomText(random, 26), person: randomText(random, 26) },
      ...(name !== undefined && { name }),
    });
    const tickets = [
      ...meeting.moderators.map((name) => ticket("moderator", name)),
      ...Array.from({ length: meeting.guests }, () => ticket("guest")),
    ];
    const links = await Promise.all(
      tickets.map(async (one) => linkOf(domain, room.name, await signToken(one, off, tokenKey))),
    );
    writeIssueLog(
      folder,
      tickets.map(({ id, role, person }) => ({
        kind: "token",
        ...{ id, role, person, room: sumOf(room.name), from, until, roomUntil: room.until },
        ...{ tokenKey: keyIdOf(tokenKey), roomKey: roomKey.index },
      })),
      { by, now, keys: issuer.need("issuer/log-signing.key") },
    );
    const own = join(buildFolder(blueprint.instance), `${tickets.at(-1)?.id}.ics`);
    return {
      ...{ room, from, until },
      links: tickets.map(({ role, name, id }, i) => {
        const link = links[i] as string;
        if (role === "moderator") return { role, name, id, link };
        const ics = numbered(meeting.ics ?? own, i - meeting.moderators.length);
        const entry = { id, domain, link, from: meeting.starts, until, made: issued };
        writeWhole(ics, calendarText(entry));
        return { role, name, id, link, ics };
      }),
    };
  });
}
