import type { Finding } from "../../common/findings/index.ts";
import { badInput } from "../../common/input/index.ts";
import type { Testbed } from "../../common/testbed/index.ts";
import { buildFolder } from "../../common/toolkit/index.ts";
import { evaluate, type PolicyInput } from "../../policy/index.ts";
import type { LoadedInstance } from "../../workspace/index.ts";
import { sshUser } from "../converge/index.ts";
import { noteInHistory } from "../history/index.ts";
import { lastPlan, type NotedPlan, refuseOtherRules } from "../plan/index.ts";
import { packOf } from "../rules/index.ts";
import {
  type Composition,
  expectedOf,
  inputOf,
  renderedHosts,
  stateFolderIn,
} from "../working-folder/index.ts";
import { approvalText, isSigned, signApproval } from "./approval.ts";
import { APPROVAL_FILES, approvedFinding } from "./demanded.ts";

export interface ApproveOptions extends Composition {
  /** The beginning of the digest of the plan that was reviewed, 8 letters or more. */
  readonly plan: string;
  /** Login name of the admin. */
  readonly user?: string | undefined;
  /** File with the person's private SSH key; by default ssh-agent has it. */
  readonly sshIdentity?: string | undefined;
  readonly now: Date;
  readonly testbed: Testbed;
}

export interface Approved {
  /** What the policy found when whoever approves evaluated it again. Where something fails, nothing was signed. */
  readonly findings: readonly Finding[];
  /** Whether the plan ends the instance: then the policy, which exists to prevent that, isn't asked. */
  readonly ends: boolean;
  /** Who signed; undefined where nothing was. */
  readonly user?: string;
  /** Whether it may be applied now. */
  readonly state?: Finding;
}

/** What the policy finds in a noted plan, evaluated anew. @throws TerraformFailure when another polder evaluated it */
export async function evaluateAgain(
  loaded: LoadedInstance,
  noted: NotedPlan,
  asOf: string,
  composition: Composition,
): Promise<Finding[]> {
  const pack = await packOf(loaded);
  refuseOtherRules(noted.record, pack);
  return evaluate(notedInput(loaded, noted, composition), asOf, pack);
}

/** What the rules read of a noted plan: its documents and plans as the history keeps them, all else made anew. */
export function notedInput(
  loaded: LoadedInstance,
  { record, plans, documents }: NotedPlan,
  { synthesis, standIns }: Composition,
): PolicyInput {
  const stateFolder = stateFolderIn(documents);
  const options = {
    outdir: buildFolder(loaded.blueprint.instance),
    protect: !record.destroys,
    ...(stateFolder !== undefined && { stateFolder }),
  };
  const made = inputOf(loaded, documents, expectedOf(loaded, options, synthesis));
  return { ...made, plans, ...renderedHosts(loaded, standIns) };
}

/**
 * Signs the last plan of an instance, after evaluating it again without any credential, and notes that in the history.
 *
 * @throws BadInput for another plan than the last, or a person who is no admin; TerraformFailure, ExternalFailure
 */
export async function approvePlan(
  loaded: LoadedInstance,
  options: ApproveOptions,
): Promise<Approved> {
  const { instance, admins } = loaded.blueprint;
  const noted = lastPlan(loaded);
  const { digest } = noted.record;
  if (!/^[0-9a-f]{8,64}$/.test(options.plan) || !digest.startsWith(options.plan))
    throw badInput(
      "--plan",
      `got "${options.plan}", the last plan of ${instance} is ${digest.slice(0, 16)}: review that one first`,
    );
  const { user, identity } = sshUser(loaded, options);
  const at = options.now.toISOString().replace(/\.\d+Z$/, "Z");
  const day = at.slice(0, 10);
  const ends = noted.record.destroys;
  const findings = ends ? [] : await evaluateAgain(loaded, noted, day, options);
  if (findings.some(({ verdict }) => verdict === "fail")) return { findings, ends };
  const key = admins.find((admin) => admin.user === user)?.key ?? "";
  const text = approvalText({ instance, plan: digest, user, at });
  const signature = signApproval(text, key, identity);
  if (!isSigned(loaded.blueprint, user, text, signature))
    throw badInput(
      "--ssh-identity",
      `isn't the key of ${user}'s entry in \`admins\`: nothing was noted`,
    );
  await noteInHistory(loaded, {
    by: user,
    event: { kind: "approval", plan: digest, user },
    files: { [APPROVAL_FILES.text]: text, [APPROVAL_FILES.signature]: signature },
  });
  return { findings, ends, user, state: approvedFinding(loaded, noted.record, day) };
}
