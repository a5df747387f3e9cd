import { Command, InvalidArgumentError } from "commander";
import { ExternalFailure } from "../../modules/common/external-failure/index.ts";
import { probeEnumeration } from "../../modules/operations/probe/index.ts";
import { readLinks } from "../../modules/verification/enumeration/index.ts";
import { FindingsFound, Interrupted } from "../exit.ts";
import { linkFileText } from "../link-file.ts";
import { load } from "../load.ts";
import { note, out } from "../terminal.ts";
import { testbed } from "../testbed.ts";

interface Options {
  readonly links: string;
  readonly allNames?: boolean;
  readonly inside?: boolean;
  readonly rate?: number;
  readonly seed?: number;
  readonly identity?: string;
}

const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`got no whole number from ${least} to ${most}.`);
    return value;
  };

/** `polder probe enumeration`: the attack of 2024, from outside. */
export function probeEnumerationCommand(): Command {
  return new Command("enumeration")
    .description("Try to find meetings from outside, as was done in 2024")
    .argument("<instance>", "its folder's name or path")
    .requiredOption("--links <file>", "the file of links, mode 0600, or - for standard input")
    .option("--all-names", "try all ten thousand likely names, not 300 of them: once a release")
    .option(
      "--rate <number>",
      "handshakes a second (else nine tenths of what one address may)",
      wholeNumber(1, 1_000),
    )
    .option("--inside", "as an admin, ask the control host, too, who is in the meeting")
    .option("--seed <number>", "draw the names of an earlier run again", wholeNumber(0, 2 ** 31))
    .option(
      "--identity <file>",
      "your age identity, for --inside, and where certificates are of the instance's own authority",
    )
    .addHelpText(
      "after",
      `
Needs invitations to two meetings, since somebody without any invitation gets only as far as the
handshake. polder invite issues them, and writes the file by --links. It is YAML; links are secrets, so they never stand in a
command line:
  moderator: https://...     of the meeting that nobody may find; makes it live
  guest: https://...         of the same meeting; must be told to wait
  attacker: https://...      a guest's of another meeting, who looks around
  ended: [https://...]       meetings that are over
  revoked: [https://...]
  not begun: [https://...]
Without the last three it works, and says not-tested for them.

  polder probe enumeration lab --links links.yaml
  polder probe enumeration lab --links - <links.yaml

First valid tokens must work, and the probe must find six differences (oracles) that it plants between
itself and the server: one more attribute, one byte more, 2 ms more, each in a session and at the
handshake. If it misses one, it would miss a real one, too, and all checks read not-tested. It takes at
most five minutes, fourteen with --all-names, and stays under the limit of one address; run one at a time.
Ctrl-C ends it at once, with what was seen (exit code 130). docs/enumeration.md tells what is
tried and what the numbers mean. Exit code 1: something was found, or couldn't be tried.`,
    )
    .action(async (name: string, options: Options) => {
      const loaded = load(name);
      for (const line of loaded.notes) note(line);
      const links = readLinks(linkFileText(options.links), options.links, loaded.blueprint.domain);
      const controller = new AbortController();
      const stop = () => controller.abort();
      process.on("SIGINT", stop).on("SIGTERM", stop).on("SIGHUP", stop);
      try {
        const { findings, page, file } = await probeEnumeration(loaded, links, {
          now: new Date(),
          identity: options.identity,
          allLikely: options.allNames ?? false,
          inside: options.inside ?? false,
          rate: options.rate,
          seed: options.seed ?? Math.floor(Math.random() * 2 ** 31),
          progress: note,
          testbed,
          signal: controller.signal,
        });
        for (const line of page) out(line);
        note(`wrote ${file}`);
        if (controller.signal.aborted)
          throw new Interrupted(
            "interrupted: what reads not-tested wasn't seen; nothing is left running",
          );
        const count = (verdict: string) => findings.filter((one) => one.verdict === verdict).length;
        if (count("fail") + count("not-tested") > 0)
          throw new FindingsFound(
            `${count("fail")} found, ${count("not-tested")} not tested: docs/enumeration.md`,
          );
      } catch (error) {
        if (controller.signal.aborted && error instanceof ExternalFailure)
          throw new Interrupted("interrupted, and nothing was seen; nothing is left running");
        throw error;
      } finally {
        process.off("SIGINT", stop).off("SIGTERM", stop).off("SIGHUP", stop);
      }
    });
}
