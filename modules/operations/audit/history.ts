import { existsSync } from "node:fs";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import type { Finding } from "../../common/findings/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import { type LoadedInstance, shown } from "../../workspace/index.ts";
import { approvalFault, approvedBy, demandedApprovals } from "../approve/index.ts";
import { historyFile, historyFolder, type Line, readHistory } from "../history/index.ts";
import { notedRecord, type PlanRecord } from "../plan/index.ts";
import { appliedFile } from "../working-folder/index.ts";

const WHOLE = "history-is-whole";
const SIGNED = "approvals-are-signed";
const APPROVED = "plan-is-approved";

/** What `look` gives, or a failure of what it reads as a text. */
function orFailure<T>(look: () => T): T | { readonly failed: string } {
  try {
    return look();
  } catch (error) {
    if (error instanceof ExternalFailure || error instanceof SyntaxError)
      return { failed: error.message.split("\n")[0] ?? "no reason" };
    throw error;
  }
}

/** The instance as it was when a plan was made: whose keys counted then, and what its profile demanded. */
function asPlanned(loaded: LoadedInstance, lines: readonly Line[], plan: string) {
  const line = lines.find(({ event }) => event.kind === "plan" && event.plan === plan);
  if (!line) return undefined;
  const text = historyFile(loaded.folder, line, "blueprint.json");
  return { folder: loaded.folder, blueprint: JSON.parse(text) as Blueprint };
}

/**
 * What the history proves by itself: that no line and no file of it was changed, taken out or put in, that each record is
 * the one whose digest was planned, approved and applied, that each approval was signed by an admin of then, and that no
 * plan was applied without those that its profile demanded.
 *
 * @param record of the plan that was handed over
 * @param asOf the day on which approvals of a plan that wasn't applied yet are to count, `YYYY-MM-DD`
 */
export function historyFindings(
  loaded: LoadedInstance,
  record: PlanRecord | undefined,
  asOf: string,
  notSeen: string[],
): Finding[] {
  const demanded = demandedApprovals(loaded.blueprint);
  if (!existsSync(historyFolder(loaded.folder))) {
    notSeen.push(
      "history/ wasn't handed over: who planned, approved and applied what can't be seen",
    );
    return demanded === 0
      ? []
      : [
          {
            id: APPROVED,
            verdict: "not-tested",
            subject: loaded.blueprint.instance,
            message: `profile ${loaded.blueprint.residency.profile} demands ${demanded} approvals, and history/, which has them, wasn't handed over`,
          },
        ];
  }
  if (!existsSync(appliedFile(loaded)))
    notSeen.push(
      `${shown(appliedFile(loaded))} wasn't handed over: whether lines were cut off the end of the history can't be seen`,
    );
  const { lines, problems, head } = readHistory(loaded);
  return [
    ...wholeness(loaded, lines, record, problems, head),
    ...lines.flatMap((line) => signature(loaded, lines, line)),
    ...lines.flatMap((line) => approvedBefore(loaded, lines, line)),
    ...handedPlan(loaded, lines, record, asOf),
  ];
}

/** The chain's own problems, and records that aren't those of their digests. */
function wholeness(
  loaded: LoadedInstance,
  lines: readonly Line[],
  record: PlanRecord | undefined,
  problems: ReturnType<typeof readHistory>["problems"],
  head: string,
): Finding[] {
  const wrong = (subject: string, message: string): Finding => ({
    id: WHOLE,
    verdict: "fail",
    subject,
    message,
  });
  const planned = lines.filter(({ event }) => event.kind === "plan");
  const fails = [
    ...problems.map(({ file, at, message }) => wrong(at ? `${file}:${at.line}` : file, message)),
    ...planned.flatMap((line) => {
      const noted = orFailure(() => notedRecord(loaded.folder, line));
      // A file that isn't as it was noted is one of the problems already.
      if ("failed" in noted || noted.edited.length === 0) return [];
      const message = `${noted.edited.join(", ")} of the plan isn't what its digest stands for: the line and the file were changed together`;
      return [wrong(`history line ${line.number}`, message)];
    }),
    ...(record &&
    !planned.some(({ event }) => event.kind === "plan" && event.plan === record.digest)
      ? [
          wrong(
            "record.json",
            `plan ${record.digest.slice(0, 16)}, which was handed over, isn't in the history: each \`polder plan\` notes itself there`,
          ),
        ]
      : []),
  ];
  if (fails.length > 0) return fails;
  const files = new Set(lines.flatMap(({ files: own }) => Object.values(own))).size;
  const message = `${lines.length} lines and ${files} files are as they were written, the last line has SHA-256 ${head}`;
  return [{ id: WHOLE, verdict: "pass", subject: "history", message }];
}

/** Whether one approval is signed by the admin who it names, with the key that the plan had for them. */
function signature(loaded: LoadedInstance, lines: readonly Line[], line: Line): Finding[] {
  if (line.event.kind !== "approval") return [];
  const { plan, user } = line.event;
  const finding = { id: SIGNED, subject: `history line ${line.number}` };
  const fault = orFailure(() => {
    const then = asPlanned(loaded, lines, plan);
    return then
      ? approvalFault(then, line, plan, line.at.slice(0, 10))
      : `the history has no plan ${plan.slice(0, 16)}, which ${user} approved`;
  });
  if (fault === undefined) {
    const message = `${user} signed plan ${plan.slice(0, 16)} with the key of their entry in \`admins\``;
    return [{ ...finding, verdict: "pass", message }];
  }
  const message = typeof fault === "string" ? fault : fault.failed;
  return [{ ...finding, verdict: "fail", message }];
}

/** Whether an applied plan had its approvals before it was applied, by the admins and the profile of then. */
function approvedBefore(loaded: LoadedInstance, lines: readonly Line[], line: Line): Finding[] {
  if (line.event.kind !== "apply" || line.event.outcome === "refused") return [];
  const { plan, asOf } = line.event;
  const subject = `plan ${plan.slice(0, 16)}, applied in history line ${line.number}`;
  const fail = (message: string): Finding[] => [
    { id: APPROVED, verdict: "fail", subject, message },
  ];
  const then = orFailure(() => asPlanned(loaded, lines, plan));
  if (!then) return fail("the history has no plan of this digest");
  if ("failed" in then) return fail(then.failed);
  const [was, is] = [then, loaded].map(({ blueprint }) => demandedApprovals(blueprint));
  if (was === 0 && is === 0) return [];
  const before = lines.filter(({ number }) => number < line.number);
  const found = orFailure(() => approvedBy(then, before, plan, asOf));
  if ("failed" in found) return fail(found.failed);
  // The profile demanded less then than it does now.
  const isLess = found.verdict === "pass" && (was ?? 0) < (is ?? 0);
  return [{ ...found, subject, ...(isLess && { warns: true }) }];
}

/** The handed-over plan, where it wasn't applied yet: nobody's approval is no fault before that. */
function handedPlan(
  loaded: LoadedInstance,
  lines: readonly Line[],
  record: PlanRecord | undefined,
  asOf: string,
): Finding[] {
  if (!record || demandedApprovals(loaded.blueprint) === 0) return [];
  const { digest } = record;
  if (lines.some(({ event }) => event.kind === "apply" && event.plan === digest)) return [];
  const found = orFailure(() => approvedBy(loaded, lines, digest, asOf));
  if ("failed" in found)
    return [{ id: APPROVED, verdict: "fail", subject: "record.json", message: found.failed }];
  return [
    found.verdict === "fail"
      ? {
          ...found,
          verdict: "not-tested",
          message: `wasn't applied yet; an apply is refused as long as ${found.message}`,
        }
      : found,
  ];
}
