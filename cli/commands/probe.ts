import { Command } from "commander";
import { formatFinding, tally } from "../../modules/common/findings/index.ts";
import { badInput, didYouMean } from "../../modules/common/input/index.ts";
import { type Probed, probeInstance } from "../../modules/operations/probe/index.ts";
import { GROUPS, PROBES, type Probe } from "../../modules/verification/probes/index.ts";
import { FindingsFound } from "../exit.ts";
import { load } from "../load.ts";
import { note, out, progressTo } from "../terminal.ts";
import { standIns, testbed } from "../testbed.ts";
import { type WhoOptions, withWho } from "../who-options.ts";
import { probeEnumerationCommand } from "./probe-enumeration.ts";

interface Options extends WhoOptions {
  readonly alarm: boolean;
  readonly evidence?: boolean;
}

/** The probes that a list of words means, each once. @throws BadInput when a word means none */
function chosen(what: string): readonly Probe[] {
  const words = what.split(",");
  for (const word of words) {
    if (word === "all" || PROBES.some(({ id, group }) => id === word || group === word)) continue;
    const names = ["all", ...GROUPS, ...PROBES.map(({ id }) => id)];
    const hint = didYouMean(word, names, `there are: all, ${GROUPS.join(", ")}`);
    throw badInput("polder probe", `no probe or group "${word}"; ${hint}`);
  }
  return words.includes("all")
    ? PROBES
    : PROBES.filter(({ id, group }) => words.includes(id) || words.includes(group));
}

function print({ findings, file, unlisted }: Probed, evidence: boolean): void {
  const groups = new Set(findings.map(({ group }) => group ?? ""));
  for (const group of groups) {
    out(`${group}`);
    for (const finding of findings.filter((one) => one.group === group)) {
      if (finding.verdict === "pass" && !evidence) continue;
      out(`  ${formatFinding(finding)}`);
      if (evidence) for (const line of finding.evidence ?? []) out(`    ${line}`);
    }
    const count = tally(findings.filter((one) => one.group === group));
    out(`  ${count.pass} pass`);
  }
  const count = tally(findings);
  out(
    `probes: ${count.pass} pass, ${count.fail} fail, ${count["not-tested"]} not-tested (${unlisted.length} not listed), ${count.waived} waived: ${file}`,
  );
}

/** `polder probe`: attacks on the running cluster, each with a proof that there was something to attack. */
export function probeCommand(): Command {
  return withWho(new Command("probe"))
    .enablePositionalOptions()
    .addCommand(probeEnumerationCommand())
    .argument(
      "<what>",
      `all, or groups (${GROUPS.join(", ")}) and single probes, with commas between`,
    )
    .argument("<instance>", "its folder's name or path")
    .option("--no-alarm", "tell the monitor nothing: no alarm begins or ends")
    .option("--evidence", "show what passed, too, and all that was seen")
    .addHelpText(
      "after",
      `
A probe counts only if its positive control saw the component alive; what couldn't be tried reads
not-tested, with the reason. Nothing is changed on the hosts. On a real cloud run it inside an admin
network: it needs the way through the edge host. ssh-edge-closed, and ports-tcp for the edge host, fail
from there, because the edge host answers admins.
  polder probe all lab
  polder probe tls lab --evidence
  polder probe turn,ssh-jump lab
enumeration needs invitations, so it is no part of all: polder probe enumeration --help
docs/probes.md tells what each probe tries. Exit code 1: something failed, or couldn't be tried and
isn't on the committed list.`,
    )
    .action(async (what: string, name: string, options: Options) => {
      const probes = chosen(what);
      const loaded = load(name);
      for (const line of loaded.notes) note(line);
      const controller = new AbortController();
      const stop = () => controller.abort();
      process.on("SIGINT", stop).on("SIGTERM", stop).on("SIGHUP", stop);
      try {
        const probed = await probeInstance(loaded, probes, {
          now: new Date(),
          alarm: options.alarm,
          user: options.user,
          identity: options.identity,
          sshIdentity: options.sshIdentity,
          progress: progressTo(process.stderr),
          testbed,
          standIns,
          signal: controller.signal,
        });
        print(probed, options.evidence ?? false);
        const failed = probed.findings.filter(({ verdict }) => verdict === "fail").length;
        if (failed > 0 || probed.unlisted.length > 0)
          throw new FindingsFound(
            `${failed} probes fail, ${probed.unlisted.length} couldn't be tried and may not be left out: docs/probes.md`,
          );
      } finally {
        process.off("SIGINT", stop).off("SIGTERM", stop).off("SIGHUP", stop);
      }
    });
}
