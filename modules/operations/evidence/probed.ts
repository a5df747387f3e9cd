import type { Finding } from "../../common/findings/index.ts";
import { CHECKS, findingId } from "../../verification/enumeration/index.ts";
import { PROBES } from "../../verification/probes/index.ts";
import type { LoadedInstance } from "../../workspace/index.ts";
import { historyFile, type Line } from "../history/index.ts";

const UNASKED = findingId("unasked");

/** A line after which what probes saw before is of something else. */
const changes = ({ event }: Line): boolean =>
  event.kind === "converge" ||
  event.kind === "changed-elsewhere" ||
  event.kind === "cdktf" ||
  (event.kind === "apply" && event.outcome !== "refused");

interface Run {
  readonly line: Line;
  readonly findings: readonly Finding[];
}

/**
 * What the last run of each probe found, from the history. A probe that never ran, or that ran before the last apply or
 * converge, is `not-tested`: it says nothing of what runs now.
 *
 * @throws ExternalFailure when a file of the history isn't as it was noted
 */
export function probeFindings(
  { blueprint, folder }: LoadedInstance,
  lines: readonly Line[],
): Finding[] {
  const changed = lines.findLast(changes);
  const runs = lines
    .filter(({ event }) => event.kind === "probe")
    .map((line): Run => {
      const findings = JSON.parse(historyFile(folder, line, "findings.json")) as Finding[];
      return { line, findings };
    });
  const find = (id: string, command: string): Finding[] => {
    const last = runs.findLast(({ findings }) => findings.some((finding) => finding.id === id));
    const unseen = (message: string): Finding => ({
      id,
      verdict: "not-tested",
      subject: blueprint.instance,
      message,
    });
    if (!last) return [unseen(`it never ran: \`${command}\``)];
    const own = last.findings.filter((finding) => finding.id === id);
    if (!changed || last.line.number > changed.number) return own;
    const { event } = changed;
    return own.map((finding) => ({
      ...unseen(
        `its last run (line ${last.line.number} of the history, ${last.line.at}) came before the last ${event.kind} (line ${changed.number}): \`${command}\` again; it said ${finding.verdict}: ${finding.message}`,
      ),
      subject: finding.subject,
    }));
  };
  const { instance } = blueprint;
  return [
    ...PROBES.filter((probe) => probe.subjects(blueprint).length > 0).flatMap(({ id, group }) =>
      find(id, `polder probe ${group} ${instance}`),
    ),
    ...CHECKS.filter(({ id }) => id !== UNASKED).flatMap(({ id }) =>
      find(id, `polder probe enumeration ${instance}`),
    ),
    // Noted only where it fails.
    ...(runs
      .findLast(({ findings }) => findings.some(({ group }) => group === "enumeration"))
      ?.findings.filter(({ id }) => id === UNASKED) ?? []),
  ];
}
