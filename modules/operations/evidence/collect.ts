import { TerraformFailure } from "../../clouds/terraform/index.ts";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import type { Finding } from "../../common/findings/index.ts";
import { BadInput } from "../../common/input/index.ts";
import type { Norm, Text } from "../../common/norms/index.ts";
import { buildFolder, type ToolkitIdentity, toolkitIdentity } from "../../common/toolkit/index.ts";
import type { HostConfiguration, JitsiFragments } from "../../hosts/configuration/index.ts";
import { renderAll } from "../../hosts/render/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import { evaluate } from "../../policy/index.ts";
import { PROBES } from "../../verification/probes/index.ts";
import { type LoadedInstance, loadNorms, loadPrograms } from "../../workspace/index.ts";
import { approvedFinding, notedInput } from "../approve/index.ts";
import { type Line, readHistory } from "../history/index.ts";
import { appliedBlueprint, lastPlan, type NotedPlan } from "../plan/index.ts";
import { type ReviewLine, reviewOf } from "../review/index.ts";
import { allChecks, type Check, packOf } from "../rules/index.ts";
import { type Composition, policyInput } from "../working-folder/index.ts";
import { probeFindings } from "./probed.ts";
import { recordFindings } from "./records.ts";

/** All that is known of a release, before it is put into a form. */
export interface Collected {
  readonly blueprint: Blueprint;
  /** The day as of which the rules were evaluated, `YYYY-MM-DD`. */
  readonly asOf: string;
  /** When, ISO 8601 in UTC. */
  readonly at: string;
  readonly toolkit: ToolkitIdentity;
  /** The plan that was evaluated; absent: there is none that is of the instance's files. */
  readonly plan?: { readonly digest: string; readonly by: string; readonly at: string };
  readonly findings: readonly Finding[];
  /** The rules and probes that this instance has. */
  readonly checks: readonly Check[];
  readonly norms: readonly Norm[];
  /** What couldn't be looked at, and why. */
  readonly notSeen: readonly (Text & { readonly report?: string })[];
  readonly history: readonly Line[];
  /** SHA-256 of the history's last line. */
  readonly head: string;
  /** What the plan changes, beside its risk. */
  readonly review: readonly ReviewLine[];
  /** Empty where they can't be rendered yet. */
  readonly hosts: readonly HostConfiguration[];
}

export interface CollectOptions extends Composition {
  readonly asOf: string;
  readonly now: Date;
}

/** The last plan of the history; a text: why it can't be read as the plan of the instance's files. */
function planOf(loaded: LoadedInstance): NotedPlan | string {
  try {
    return lastPlan(loaded);
  } catch (error) {
    if (error instanceof TerraformFailure || error instanceof ExternalFailure) return error.message;
    throw error;
  }
}

/** Whether the plan has its approvals; one that isn't as it was noted is none. */
function approvalOf(loaded: LoadedInstance, { record }: NotedPlan, asOf: string): Finding {
  try {
    return approvedFinding(loaded, record, asOf);
  } catch (error) {
    if (!(error instanceof ExternalFailure)) throw error;
    const subject = `plan ${record.digest.slice(0, 16)}`;
    return { id: "plan-is-approved", verdict: "fail", subject, message: error.message };
  }
}

function rendered(
  { blueprint }: LoadedInstance,
  standIns: JitsiFragments,
): HostConfiguration[] | string {
  try {
    return renderAll(blueprint, loadPrograms(), standIns);
  } catch (error) {
    if (error instanceof BadInput) return error.message;
    throw error;
  }
}

/**
 * Reads an instance's folder and its history, and evaluates every rule anew. It connects to nothing: what probes found
 * is taken from the history. What isn't there is `not-tested`, with the reason.
 */
export async function collectEvidence(
  loaded: LoadedInstance,
  { asOf, now, ...composition }: CollectOptions,
): Promise<Collected> {
  const { blueprint } = loaded;
  const pack = await packOf(loaded);
  const noted = planOf(loaded);
  const hosts = rendered(loaded, composition.standIns);
  const history = readHistory(loaded);
  const notSeen: Collected["notSeen"][number][] = [];
  const input =
    typeof noted === "string"
      ? policyInput(loaded, { outdir: buildFolder(blueprint.instance) }, composition)
      : notedInput(loaded, noted, composition);
  if (typeof noted === "string")
    notSeen.push({
      nl: "het plan: de regels daarover zijn niet getest",
      en: "the plan: the rules over it weren't tested",
      report: noted,
    });
  if (typeof hosts === "string")
    notSeen.push({
      nl: "de bestanden van de hosts: zij kunnen nog niet worden gemaakt",
      en: "the hosts' files: they can't be rendered yet",
      report: hosts,
    });
  notSeen.push(
    {
      nl: "de cloud zelf: wat er buiten het plan in het project staat, toont polder plan alleen, met een inlog",
      en: "the cloud itself: what the project holds beside the plan is listed by polder plan alone, with a credential",
    },
    {
      nl: "de hosts nu: de probes in deze map zijn van de dag waarop zij liepen",
      en: "the hosts now: the probes in this folder are of the day on which they ran",
    },
  );
  const plan = typeof noted === "string" ? undefined : noted;
  const configurations = typeof hosts === "string" ? [] : hosts;
  const approval = plan && approvalOf(loaded, plan, asOf);
  const findings = [
    ...recordFindings({ loaded, history, plan, approval, hosts: configurations }),
    ...evaluate(input, asOf, pack),
    ...probeFindings(loaded, history.lines),
  ];
  const own = pack.rules.filter(({ id }) => !allChecks().some((check) => check.id === id));
  const ids = new Set([...findings, ...PROBES].map(({ id }) => id));
  return {
    blueprint,
    asOf,
    at: now.toISOString().replace(/\.\d+Z$/, "Z"),
    toolkit: toolkitIdentity(),
    ...(plan && { plan: { digest: plan.record.digest, by: plan.by, at: plan.at } }),
    findings,
    checks: [
      ...allChecks().filter(({ id }) => ids.has(id)),
      ...own.map(({ id, level, what, why, norms = [] }) => ({
        id,
        kind: "rule" as const,
        level,
        what,
        why,
        norms,
      })),
    ],
    norms: [...loadNorms().values()],
    notSeen,
    history: history.lines,
    head: history.head,
    review: plan ? reviewOf(blueprint, plan.plans, appliedBlueprint(loaded)) : [],
    hosts: configurations,
  };
}
