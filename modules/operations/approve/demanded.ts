import type { Finding } from "../../common/findings/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { LoadedInstance } from "../../workspace/index.ts";
import { historyFile, type Line, readHistory } from "../history/index.ts";
import type { PlanRecord } from "../plan/index.ts";
import { isSigned, readApproval } from "./approval.ts";

/**
 * How many admins must have signed a plan before it is applied. Where it is one, that is another than who made the plan;
 * of two, one may be.
 */
const DEMANDED: Readonly<Record<Blueprint["residency"]["profile"], number>> = {
  lab: 0,
  eea: 0,
  "nl-located": 1,
  "nl-sovereign": 2,
};

/** How many admins must sign a plan of an instance. */
export const demandedApprovals = ({ residency }: Pick<Blueprint, "residency">): number =>
  DEMANDED[residency.profile];

/** Days that an approval counts. */
export const APPROVAL_DAYS = 7;

/** The files of an approval in the history. */
export const APPROVAL_FILES = { text: "approval.txt", signature: "approval.txt.sig" } as const;

/** Whose admins and whose profile decide, and the folder with the history. */
type Signed = Pick<LoadedInstance, "blueprint" | "folder">;

/**
 * What is wrong with an approval in the history; undefined when it counts.
 *
 * @param asOf the day on which it is to count, `YYYY-MM-DD`
 * @throws ExternalFailure when a file of it isn't as it was noted
 */
export function approvalFault(
  { blueprint, folder }: Signed,
  line: Line,
  plan: string,
  asOf: string,
): string | undefined {
  if (line.event.kind !== "approval") return undefined;
  const { user } = line.event;
  const text = historyFile(folder, line, APPROVAL_FILES.text);
  const said = readApproval(text);
  if (!blueprint.admins.some((admin) => admin.user === user)) return `${user} is no admin`;
  if (!isSigned(blueprint, user, text, historyFile(folder, line, APPROVAL_FILES.signature)))
    return `${user}'s signature isn't by the key of their entry in \`admins\``;
  if (said?.user !== user || said.instance !== blueprint.instance || said.plan !== plan)
    return `what ${user} signed isn't the approval of this plan`;
  const days = (Date.parse(asOf) - Date.parse(said.at.slice(0, 10))) / 86_400_000;
  if (!(days <= APPROVAL_DAYS))
    return `${user}'s of ${said.at} is older than ${APPROVAL_DAYS} days`;
  // Clocks and days differ around the world by no more.
  return days < -1 ? `${user}'s of ${said.at} is in the future` : undefined;
}

/** Whose approval of a plan counts, and what is wrong with the others. */
export interface Approvals {
  readonly users: readonly string[];
  readonly faults: readonly string[];
  /** Admins who approved an earlier plan alone. */
  readonly ofOthers: readonly string[];
}

/** Looks at every approval among lines of a history. @param asOf the day on which it is to count, `YYYY-MM-DD` */
function approvalsOf(
  loaded: Signed,
  lines: readonly Line[],
  plan: string,
  asOf: string,
): Approvals {
  const users = new Set<string>();
  const others = new Set<string>();
  const faults: string[] = [];
  for (const line of lines) {
    if (line.event.kind !== "approval") continue;
    if (line.event.plan !== plan) {
      others.add(line.event.user);
      continue;
    }
    const fault = approvalFault(loaded, line, plan, asOf);
    if (fault === undefined) users.add(line.event.user);
    else faults.push(fault);
  }
  return {
    users: [...users],
    faults,
    ofOthers: [...others].filter((user) => !users.has(user)),
  };
}

/** Whether a plan has the approvals that its instance's profile demands. @param asOf the day, `YYYY-MM-DD` */
export const approvedFinding = (
  loaded: LoadedInstance,
  { digest }: Pick<PlanRecord, "digest">,
  asOf: string,
): Finding => approvedBy(loaded, readHistory(loaded).lines, digest, asOf);

/** The same by lines of a history that were read, and by the Blueprint of then. */
export function approvedBy(
  loaded: Signed,
  lines: readonly Line[],
  digest: string,
  asOf: string,
): Finding {
  const { blueprint } = loaded;
  const { profile } = blueprint.residency;
  const [id, subject] = ["plan-is-approved", `plan ${digest.slice(0, 16)}`];
  const demanded = demandedApprovals(blueprint);
  const { users, faults, ofOthers } = approvalsOf(loaded, lines, digest, asOf);
  const planner = lines.find(({ event }) => event.kind === "plan" && event.plan === digest)?.by;
  const counted = demanded === 1 ? users.filter((user) => user !== planner) : users;
  const has = users.length > 0 ? `approved by ${users.join(", ")}` : "nobody approved it";
  if (counted.length >= demanded) {
    const why = demanded === 0 ? `profile ${profile} demands no approval` : `${demanded} demanded`;
    return { id, subject, verdict: "pass", message: `${has}; ${why}` };
  }
  const who = demanded === 1 ? "an admin who didn't make the plan" : `${demanded} admins`;
  const details = [
    ...faults,
    ...(users.length > counted.length ? [`${planner} made the plan`] : []),
    ...ofOthers.map((user) => `${user}'s is of an earlier plan`),
  ].join("; ");
  return {
    id,
    subject,
    verdict: "fail",
    message: `${has}${details ? ` (${details})` : ""}, profile ${profile} wants ${who}: \`polder review ${blueprint.instance}\`, then \`polder approve ${blueprint.instance} --plan ${digest.slice(0, 16)}\``,
  };
}
