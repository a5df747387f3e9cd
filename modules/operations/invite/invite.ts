import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import { buildFolder } from "../../common/toolkit/index.ts";
import { calendarText, lifeOf } from "../../meetings/invitations/index.ts";
import { sumOf } from "../../meetings/issue-log/index.ts";
import { makeRoom, type RoomName, randomText, readRoomKeys } from "../../meetings/rooms/index.ts";
import { keyIdOf, linkOf, type Role, signToken, type Ticket } from "../../meetings/tokens/index.ts";
import { openVault, whoseIdentity } from "../../secrets/vaults/index.ts";
import {
  type LoadedInstance,
  loadFeatures,
  tryWriting,
  writeAtomically,
  writeIssueLog,
} from "../../workspace/index.ts";
import { exclusively } from "../lock/index.ts";

/** More than a calendar entry, or links of a dozen meetings. */
const FILE_BYTES = 65_536;

export interface Meeting {
  /** Seconds since 1970. */
  readonly starts: number;
  /** 1 to the instance's `meetings.maxMinutes`: the gate refuses a token of a longer one. */
  readonly minutes: number;
  /** Names of the moderators, one link each. */
  readonly moderators: readonly string[];
  /** How many guests' links; 0 where `meetings.guests` is false: the gate refuses them. */
  readonly guests: number;
  /** Where the first guest's calendar entry goes; undefined: into the instance's build folder. */
  readonly ics?: string | undefined;
  /** Another file that the links go into. */
  readonly into?: LinkTarget | undefined;
}

export interface LinkTarget {
  readonly file: string;
  /** Puts them there, once they are issued. @throws Error when it can't be written */
  readonly write: (invited: Invited) => void;
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

/** Puts links where they go. @throws ExternalFailure when they are lost: it says how to take the meeting back */
function handOver({ folder }: LoadedInstance, { links }: Invited, write: () => void): void {
  try {
    write();
  } catch (error) {
    const { code, message, path = "a file" } = error as NodeJS.ErrnoException;
    throw new ExternalFailure(
      `${path}: can't be written (${code ?? message}): the meeting is issued and its links are lost; take it back, then issue another: polder revoke ${folder} ${links[0]?.id} --room`,
    );
  }
}

/**
 * Issues a meeting: a room, and a token for each who is invited. All of it is in the issue log before
 * anybody gets a link, and before that, it was tried whether the links can be written where they go.
 *
 * @param identityFile the age identity of an admin with issuer: true
 * @throws BadInput, among others when the issuer vault isn't sealed to them.
 * @throws ExternalFailure when links that are issued already can't be written
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
    const from = until - lifeOf(meeting.minutes);
    const room = makeRoom(domain, until, roomKey, random);
    const ticket = (role: Role, name?: string): Ticket => ({
      domain,
      room: room.name,
      role,
      issued,
      from,
      until,
      id: randomText(random, 26),
      person: randomText(random, 26),
      ...(name !== undefined && { name }),
    });
    const tickets = [
      ...meeting.moderators.map((name) => ticket("moderator", name)),
      ...Array.from({ length: meeting.guests }, () => ticket("guest")),
    ];
    const links = await Promise.all(
      tickets.map(async (one) => linkOf(domain, room.name, await signToken(one, off, tokenKey))),
    );
    const own = join(buildFolder(blueprint.instance), `${tickets.at(-1)?.id}.ics`);
    const invited: Invited = {
      room,
      from,
      until,
      links: tickets.map(({ role, name, id }, i) => {
        const link = links[i] as string;
        if (role === "moderator") return { role, name, id, link };
        const ics = numbered(meeting.ics ?? own, i - meeting.moderators.length);
        return { role, name, id, link, ics };
      }),
    };
    const files = invited.links.flatMap(({ ics }) => ics ?? []);
    for (const file of [...files, ...(meeting.into ? [meeting.into.file] : [])])
      tryWriting(file, FILE_BYTES);
    writeIssueLog(
      folder,
      tickets.map(({ id, role, person }) => ({
        kind: "token",
        id,
        role,
        person,
        room: sumOf(room.name),
        from,
        until,
        roomUntil: room.until,
        tokenKey: keyIdOf(tokenKey),
        roomKey: roomKey.index,
      })),
      { by, now, keys: issuer.need("issuer/log-signing.key") },
    );
    handOver(loaded, invited, () => {
      for (const { id, link, ics } of invited.links) {
        if (ics === undefined) continue;
        const entry = { id, domain, link, from: meeting.starts, until, made: issued };
        writeAtomically(ics, calendarText(entry));
      }
      meeting.into?.write(invited);
    });
    return invited;
  });
}
