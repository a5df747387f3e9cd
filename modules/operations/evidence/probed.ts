import { ExternalFailure } from "../../common/external-failure/index.ts";
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
  /** A text: why they can't be read. */
  readonly findings: readonly Finding[] | string;
}

function runOf(folder: string, line: Line): Run {
  try {
    return { line, findings: JSON.parse(historyFile(folder, line, "findings.json")) as Finding[] };
  } catch (error) {
    if (error instanceof ExternalFailure) return { line, findings: error.message };
    throw error;
  }
}

/** Whether a run was of a probe; of one that can't be read, its line says which it was of. */
function isOf({ line: { event }, findings }: Run, id: string): boolean {
  if (typeof findings !== "string") return findings.some((finding) => finding.id === id);
  const what = event.kind === "probe" ? event.what.split(",") : [];
  return what.includes(id) || (what.includes("enumeration") && id.startsWith("enumeration-"));
}

/**
 * What the last run of each probe found, from the history. A probe that never ran, or that ran before the last apply or
 * converge, is `not-tested`: it says nothing of what runs now. So is one whose findings aren't as they were noted.
 */
export function probeFindings(
  { blueprint, folder }: LoadedInstance,
  lines: readonly Line[],
): Finding[] {
  const changed = lines.findLast(changes);
  const runs = lines
    .filter(({ event }) => event.kind === "probe")
    .map((line) => runOf(folder, line));
  const find = (id: string, command: string): Finding[] => {
    const last = runs.findLast((run) => isOf(run, id));
    const unseen = (message: string): Finding => ({
      id,
      verdict: "not-tested",
      subject: blueprint.instance,
      message,
    });
    if (!last) return [unseen(`it never ran: \`${command}\``)];
    if (typeof last.findings === "string") return [unseen(last.findings)];
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
  const attack = runs.findLast((run) => isOf(run, findingId("control")));
  return [
    ...PROBES.filter((probe) => probe.subjects(blueprint).length > 0).flatMap(({ id, group }) =>
      find(id, `polder probe ${group} ${instance}`),
    ),
    ...CHECKS.filter(({ id }) => id !== UNASKED).flatMap(({ id }) =>
      find(id, `polder probe enumeration ${instance}`),
    ),
    // Noted only where it fails.
    ...(attack && typeof attack.findings !== "string"
      ? attack.findings.filter(({ id }) => id === UNASKED)
      : []),
  ];
}
