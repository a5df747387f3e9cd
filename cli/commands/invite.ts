import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { dump } from "js-yaml";
import { BadInput, badInput } from "../../modules/common/input/index.ts";
import { localMoment, localText } from "../../modules/meetings/invitations/index.ts";
import { issuedIn, keysInUse, logKeyPrint } from "../../modules/meetings/issue-log/index.ts";
import { display } from "../../modules/meetings/rooms/index.ts";
import {
  type Invited,
  invite,
  type LinkTarget,
  type Meeting,
} from "../../modules/operations/invite/index.ts";
import {
  type LinkFile,
  type OtherState,
  readLinkFile,
  STATES,
  withMeeting,
} from "../../modules/verification/enumeration/index.ts";
import {
  issueLogFile,
  type LoadedInstance,
  loadIssueLog,
  writeAtomically,
} from "../../modules/workspace/index.ts";
import { FindingsFound } from "../exit.ts";
import { identityFor } from "../identity.ts";
import { type IdentityOption, withIdentity } from "../keys/shared.ts";
import { linkFileText } from "../link-file.ts";
import { load } from "../load.ts";
import { note, out } from "../terminal.ts";

interface Options extends IdentityOption {
  readonly starts?: string;
  readonly minutes?: number;
  readonly moderators?: number;
  readonly name: readonly string[];
  readonly guests?: number;
  readonly zone: string;
  readonly ics?: string;
  readonly links?: string;
  readonly as?: OtherState;
  readonly check?: boolean;
}

/** Days ahead that a meeting may begin: as long as the keys that it is issued by. */
const AHEAD = 365;

/** States of meetings whose links the probe may be given, besides the two that it is about. */
const OTHERS = STATES.filter((state): state is OtherState => state !== "live");

const upTo =
  (most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > most)
      throw new InvalidArgumentError(`got no whole number from 1 to ${most}.`);
    return value;
  };

const personName = (text: string, before: readonly string[]): readonly string[] => {
  if (!/^[^\p{C}@]{1,64}$/u.test(text) || text.trim() !== text)
    throw new InvalidArgumentError("a name has 1 to 64 characters and is no e-mail address.");
  return [...before, text];
};

function refuse(what: string, message: string): never {
  throw badInput(what, message);
}

/**
 * What was asked for.
 *
 * @throws BadInput for a time that is over, or a year away; for too many names; for what the instance's file
 * doesn't let anybody have: its gate refuses such links
 */
function meetingOf(
  options: Options,
  { meetings: { maxMinutes, guests: guestsCome } }: LoadedInstance["blueprint"],
  now: Date,
): Meeting {
  const { starts, minutes, zone, name, ics, guests = guestsCome ? 1 : 0 } = options;
  if (starts === undefined || minutes === undefined)
    return refuse("polder invite", "--starts and --minutes are needed: when, and how long");
  if (minutes > maxMinutes)
    refuse("--minutes", `got ${minutes}: meetings.maxMinutes of this instance is ${maxMinutes}`);
  if (guests > 0 && !guestsCome)
    refuse("--guests", `got ${guests}: meetings.guests of this instance is false`);
  const begin = localMoment(starts, zone);
  const minute = Math.floor(now.getTime() / 60_000) * 60;
  if (begin < minute)
    refuse(
      "--starts",
      `got "${starts}": it is ${localText(minute, zone)} in ${zone} already; has the meeting begun, invite to now`,
    );
  if (begin > minute + AHEAD * 86_400)
    refuse("--starts", `got "${starts}": more than ${AHEAD} days ahead, longer than keys last`);
  const count = options.moderators ?? Math.max(1, name.length);
  if (name.length > count) refuse("--name", `got ${name.length} names for ${count} moderators`);
  if (ics !== undefined && !existsSync(dirname(ics))) refuse(ics, "there is no such folder");
  const moderators = Array.from(
    { length: count },
    (_, i) => name[i] ?? (count === 1 ? "Moderator" : `Moderator ${i + 1}`),
  );
  return { starts: begin, minutes, moderators, guests, ics };
}

/**
 * The file for `polder probe enumeration`, and what fills a meeting's links into it. All that can be wrong with
 * what stands there is refused here, before anything is issued.
 *
 * @throws BadInput when it holds something else, or has both meetings already
 */
function linkFile(
  { domain, instance, meetings }: LoadedInstance["blueprint"],
  file: string,
  as: OtherState | undefined,
): LinkTarget {
  if (!meetings.guests)
    refuse("--links", "the probe asks as a guest, and meetings.guests of this instance is false");
  if (file === "-") refuse("--links", "a file is needed: it is read again for the next meeting");
  if (!existsSync(dirname(file))) refuse(file, "there is no such folder");
  const before = readLinkFile(linkFileText(file, "{}"), file, domain);
  const filled = ({ links }: Pick<Invited, "links">): LinkFile => {
    const of = (role: string): string => links.find((one) => one.role === role)?.link ?? "";
    return (
      withMeeting(before, { moderator: of("moderator"), guest: of("guest") }, as) ??
      refuse(file, `has both meetings: say --as ${OTHERS.join(", ")}, or take another file`)
    );
  };
  filled({ links: [] });
  const head = `# They let people in: revoke them after polder probe enumeration ${instance} --links\n`;
  const write = (invited: Invited) =>
    writeAtomically(file, `${head}${dump(filled(invited), { lineWidth: -1 })}`, 0o600);
  return { file, write };
}

function print(
  { room, from, until, links }: Invited,
  meeting: Meeting,
  { zone, links: file }: Options,
): void {
  const clock = (moment: number) => localText(moment, zone);
  out(
    `meeting    ${clock(meeting.starts)} to ${clock(until)} ${zone}; the door opens ${clock(from)}`,
  );
  out(`room       ${display(room.name)}`);
  for (const { role, name, id, link, ics } of links) {
    out(`${role.padEnd(10)} ${name ?? "unnamed"}, id ${id}`);
    if (file === undefined) out(`  ${link}`);
    if (ics !== undefined) out(`  ${ics}`);
  }
  note(
    file === undefined
      ? "each link is one person's key to the meeting: send it to them alone, over a way that you trust"
      : `its links are in ${file}, for polder probe enumeration`,
  );
}

/** Checks every line of the log, without any key. */
function check({ blueprint, folder }: LoadedInstance): void {
  const file = issueLogFile(folder);
  const now = Date.now() / 1000;
  try {
    const { lines, head, key } = loadIssueLog(folder);
    const revoked = lines.filter(({ entry }) => entry.kind.endsWith("-revoked")).length;
    out(
      `${file}: ${lines.length} lines in order and signed; ${issuedIn(lines).length} tokens, ${revoked} revocations`,
    );
    out(`last line  SHA256:${head}`);
    out(`signed by  ${key === undefined ? "nobody yet" : logKeyPrint(key)}`);
    for (const [name, until] of keysInUse(lines, now))
      out(`${name}: needed until ${localText(until, "UTC")} UTC`);
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    out(error.message);
    throw new FindingsFound(
      `${blueprint.instance}: the issue log isn't as it was written: compare it with its copies`,
    );
  }
}

/** `polder invite`: a room, and a link for each who is invited. */
export function inviteCommand(): Command {
  const command = new Command("invite")
    .argument("<instance>", "its folder's name or path")
    .option("--starts <time>", "when, by the clocks of --zone: 2026-12-01T10:00")
    .option("--minutes <number>", "how long, at most meetings.maxMinutes of the file", upTo(1440))
    .option("--moderators <number>", "how many moderators' links (else one a --name)", upTo(100))
    .option(
      "--name <name>",
      "a moderator's name, as others see it; again for the next",
      personName,
      [],
    )
    .option(
      "--guests <number>",
      "how many guests' links (else one, where guests may come)",
      upTo(100),
    )
    .option("--zone <name>", "time zone of --starts", "Europe/Amsterdam")
    .option("--ics <file>", "where the guest's calendar entry goes; a second one's to FILE-2")
    .option(
      "--links <file>",
      "fill the links into the file for polder probe enumeration, and don't print them",
    )
    .addOption(
      new Option("--as <state>", "with --links: a meeting that is in this state then").choices(
        OTHERS,
      ),
    )
    .addOption(
      new Option("--check", "check the issue log and say until when keys are needed").conflicts([
        "starts",
        "minutes",
        "ics",
        "links",
      ]),
    )
    .addHelpText(
      "after",
      `
  polder invite lab --starts 2026-12-01T10:00 --minutes 60 --name "Anna Kok"
  polder invite lab --starts 2026-12-01T10:00 --minutes 60 --links links.yaml    twice, then probe

You need to be an admin with issuer: true. The links go to standard output, or into the file of
--links, and nowhere else; a guest's stands in a calendar entry, too. The issue log, issued.jsonl in
the instance's folder, gets who, when, role and id: commit it. docs/invitations.md tells what a room's
name and a token hold.`,
    );
  return withIdentity(command).action(async (name: string, options: Options) => {
    const loaded = load(name);
    if (options.check) return check(loaded);
    const now = new Date();
    const meeting = meetingOf(options, loaded.blueprint, now);
    const { identityFile } = identityFor(loaded, options.identity);
    if (options.as !== undefined && options.links === undefined)
      refuse("--as", "says what a meeting is to the file of --links, which isn't given");
    const into =
      options.links === undefined
        ? undefined
        : linkFile(loaded.blueprint, options.links, options.as);
    const invited = await invite(loaded, { ...meeting, into }, identityFile, now);
    print(invited, meeting, options);
  });
}
