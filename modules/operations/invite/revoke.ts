import { join } from "node:path";
import { BadInput } from "../../common/input/index.ts";
import { buildFolder } from "../../common/toolkit/index.ts";
import { type Entry, issuedIn, revokedText, sumOf } from "../../meetings/issue-log/index.ts";
import { type NotRead, readRoom, readRoomKeys } from "../../meetings/rooms/index.ts";
import { hostsWith } from "../../planning/blueprint/index.ts";
import { openVault, type Vault, whoseIdentity } from "../../secrets/vaults/index.ts";
import {
  issueLogFile,
  type LoadedInstance,
  loadIssueLog,
  writeAtomically,
  writeIssueLog,
} from "../../workspace/index.ts";
import {
  type ConvergeOptions,
  shipRevoked,
  sshArguments,
  sshUser,
  writeSshFiles,
} from "../converge/index.ts";
import { exclusively } from "../lock/index.ts";

export interface RevokeOptions extends Pick<ConvergeOptions, "user" | "sshIdentity" | "testbed"> {
  /** The age identity of an admin with issuer: true. */
  readonly identityFile: string;
  /** A token's id stands for its whole meeting. */
  readonly wholeRoom: boolean;
  readonly now: Date;
}

const WHY: Readonly<Record<NotRead, string>> = {
  mistyped: "is mistyped: a character too few, too many or wrong",
  unknown: "is no room that this instance issued, or its key is gone",
  ended: "has ended by itself: nobody gets in any more",
};

/** The room that a link, or what somebody typed, names. What stands behind # isn't looked at. */
function roomIn(text: string): string {
  const link = /^https:\/\/[^/?#]+\/([^/?#]*)/.exec(text);
  return link?.[1] ?? text;
}

/** What is to be revoked. @throws BadInput when it was never issued, or has ended. */
function entryFor(
  loaded: LoadedInstance,
  instance: Vault,
  what: string,
  { wholeRoom, now }: RevokeOptions,
): Entry {
  const { blueprint, folder } = loaded;
  const refuse = (message: string): never => {
    throw new BadInput([{ file: "polder revoke", message: `"${what}" ${message}` }]);
  };
  const seconds = now.getTime() / 1000;
  if (/^[0-9a-z]{26}$/.test(what)) {
    const token =
      issuedIn(loadIssueLog(folder).lines).find(({ id }) => id === what) ??
      refuse(`is no id in ${issueLogFile(folder)}`);
    if (token.until <= seconds) refuse(WHY.ended);
    return wholeRoom
      ? { kind: "room-revoked", room: token.room, until: token.roomUntil }
      : { kind: "token-revoked", id: token.id, until: token.until };
  }
  const keys = readRoomKeys(instance.need("gate/rooms.keys"));
  const room = readRoom(roomIn(what), blueprint.domain, keys, seconds);
  if (typeof room === "string") return refuse(WHY[room]);
  return { kind: "room-revoked", room: sumOf(room.name), until: room.until };
}

/**
 * Revokes a token or a room: writes it into the issue log, then sends the list to the control hosts, whose gate
 * reads it every 2 s. A second call writes no second line, but sends the list again.
 *
 * @param what a token's id, a room's link, or its name as somebody typed it
 * @returns lines for a person
 * @throws BadInput; ExternalFailure when the list didn't reach a host.
 */
export async function revoke(
  loaded: LoadedInstance,
  what: string,
  options: RevokeOptions,
): Promise<string[]> {
  const { blueprint, folder } = loaded;
  const { identityFile, now } = options;
  const by = await whoseIdentity(loaded, identityFile);
  return exclusively(blueprint.instance, async () => {
    const [issuer, instance] = await Promise.all([
      openVault(loaded, { identityFile, kind: "issuer" }),
      openVault(loaded, { identityFile }),
    ]);
    const entry = entryFor(loaded, instance, what, options);
    const known = loadIssueLog(folder).lines.some(
      (line) => JSON.stringify(line.entry) === JSON.stringify(entry),
    );
    const keys = issuer.need("issuer/log-signing.key");
    const { lines } = known
      ? loadIssueLog(folder)
      : writeIssueLog(folder, [entry], { by, now, keys });
    const text = revokedText(lines, now.getTime() / 1000);
    writeAtomically(join(buildFolder(blueprint.instance), "revoked"), text);
    const said = known ? "was revoked before" : "is revoked";
    const whose = entry.kind === "room-revoked" ? "the room" : "the token";
    if (blueprint.addresses.state !== "allocated")
      return [`${whose} ${said}; no host is there yet: the first converge takes it along`];
    writeSshFiles(loaded, sshUser(loaded, options), instance);
    const control = hostsWith(blueprint, "control");
    for (const { id } of control)
      await shipRevoked(
        sshArguments(loaded, buildFolder(blueprint.instance), id),
        `${whose} ${said}, but ${id}`,
        text,
      );
    return [`${whose} ${said}: ${control.map(({ id }) => id).join(", ")} will know within 2 s`];
  });
}
