import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { BadInput } from "../../modules/input/index.ts";
import { localMoment, localText } from "../../modules/invitations/index.ts";
import { issuedIn, keysInUse, logKeyPrint } from "../../modules/issue-log/index.ts";
import { display } from "../../modules/rooms/index.ts";
import type { LoadedInstance } from "../../modules/workspace/index.ts";
import { type Invited, invite, type Meeting } from "../../stacks/invite.ts";
import { issueLogFile, loadIssueLog } from "../../stacks/issue-log.ts";
import { FindingsFound } from "../exit.ts";
import { identityFor } from "../identity.ts";
import { type IdentityOption, load, withIdentity } from "../keys/shared.ts";
import { note, out } from "../terminal.ts";

interface Options extends IdentityOption {
  readonly starts?: string;
  readonly minutes?: number;
  readonly moderators?: number;
  readonly name: readonly string[];
  readonly guests: number;
  readonly zone: string;
  readonly ics?: string;
  readonly check?: boolean;
}

/** Days ahead that a meeting may begin: as long as the keys that it is issued by. */
const AHEAD = 365;

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
  throw new BadInput([{ file: what, message }]);
}

/** What was asked for. @throws BadInput for a time that is over, or a year away; for too many names. */
function meetingOf(options: Options, now: Date): Meeting {
  const { starts, minutes, zone, name, guests, ics } = options;
  if (starts === undefined || minutes === undefined)
    return refuse("polder invite", "--starts and --minutes are needed: when, and how long");
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

function print({ room, from, until, links }: Invited, meeting: Meeting, zone: string): void {
  const clock = (moment: number) => localText(moment, zone);
  out(
    `meeting    ${clock(meeting.starts)} to ${clock(until)} ${zone}; the door opens ${clock(from)}`,
  );
  out(`room       ${display(room.name)}`);
  for (const { role, name, id, link, ics } of links) {
    out(`${role.padEnd(10)} ${name ?? "unnamed"}, id ${id}`);
    out(`  ${link}`);
    if (ics !== undefined) out(`  ${ics}`);
  }
  note(
    "each link is one person's key to the meeting: send it to them alone, over a way that you trust",
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
    .description("Issue a meeting: a room that nobody can guess, and links that let people in")
    .argument("<instance>", "its folder's name or path")
    .option("--starts <time>", "when, by the clocks of --zone: 2026-12-01T10:00")
    .option("--minutes <number>", "how long, at most 1440", upTo(1440))
    .option("--moderators <number>", "how many moderators' links (else one a --name)", upTo(100))
    .option(
      "--name <name>",
      "a moderator's name, as others see it; again for the next",
      personName,
      [],
    )
    .option("--guests <number>", "how many guests' links", upTo(100), 1)
    .option("--zone <name>", "time zone of --starts", "Europe/Amsterdam")
    .option("--ics <file>", "where the guest's calendar entry goes; a second one's to FILE-2")
    .addOption(
      new Option("--check", "check the issue log and say until when keys are needed").conflicts([
        "starts",
        "minutes",
        "ics",
      ]),
    )
    .addHelpText(
      "after",
      `
  polder invite lab --starts 2026-12-01T10:00 --minutes 60 --name "Anna Kok"

You need to be an admin with issuer: true. The links go to standard output and nowhere else; a guest's
stands in a calendar entry, too. The issue log, issued.jsonl in the instance's folder, gets who, when,
role and id: commit it. docs/invitations.md tells what a room's name and a token hold.`,
    );
  return withIdentity(command).action(async (name: string, options: Options) => {
    const loaded = load(name);
    if (options.check) return check(loaded);
    const now = new Date();
    const meeting = meetingOf(options, now);
    const { identityFile } = identityFor(loaded, options.identity);
    print(await invite(loaded, meeting, identityFile, now), meeting, options.zone);
  });
}
