import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cloudOf } from "../../clouds/known-clouds/index.ts";
import { type StateMark, TerraformFailure } from "../../clouds/terraform/index.ts";
import { type Finding, tally } from "../../common/findings/index.ts";
import { BadInput } from "../../common/input/index.ts";
import { buildFolder } from "../../common/toolkit/index.ts";
import { evaluate, lostNames, plannedChanges } from "../../policy/index.ts";
import type { LoadedInstance } from "../../workspace/index.ts";
import { approvedFinding } from "../approve/index.ts";
import { noteInHistory, whoWorks } from "../history/index.ts";
import {
  completeImported,
  type DeployOptions,
  engine,
  notePlan,
  type PlanRecord,
  planFolder,
  readPlan,
  refuseOtherRules,
} from "../plan/index.ts";
import { packOf } from "../rules/index.ts";
import { noteApplied, prepareToApply, writtenInput } from "../working-folder/index.ts";
import { reviewedFiles } from "./reviewed.ts";

export interface Applied {
  readonly record: PlanRecord;
  readonly findings: readonly Finding[];
  /** False when the policy failed, and nothing was done. */
  readonly applied: boolean;
}

/** Of an apply. */
export interface ApplyOptions extends DeployOptions {
  /** What it may take away although it carries calls or holds state; all of it at the end of an instance. */
  readonly destroys: readonly string[] | "all";
}

/**
 * The person who applies names what is destroyed: they may read a plan on another day than the one it was made on,
 * and a pipeline reads none.
 *
 * @throws BadInput with the names that are right
 */
function refuseUnnamed(instance: string, lost: readonly string[], named: readonly string[]): void {
  const missing = lost.filter((part) => !named.includes(part));
  const wrong = named.filter((part) => !lost.includes(part));
  if (missing.length + wrong.length === 0) return;
  const got = named.length > 0 ? `got ${named.join(",")}; ` : "";
  const goes =
    lost.length > 0
      ? `the plan takes away ${lost.join(", ")}, which carry calls or hold state: \`polder apply ${instance} --destroys ${lost.join(",")}\` if that is meant`
      : "the plan takes away nothing that carries calls or holds state: leave it out";
  throw new BadInput([{ file: "--destroys", message: `${got}${goes}; nothing was applied` }]);
}

/**
 * Terraform reports a stale plan itself, but only at the end: until then, every resource that was created since
 * looks unmanaged.
 *
 * @throws TerraformFailure
 */
function refuseStale(instance: string, stack: string, then: StateMark | undefined, now: StateMark) {
  if (then?.serial === now.serial && then.lineage === now.lineage) return;
  const was = then ? `serial ${then.serial}` : "another record";
  throw new TerraformFailure(
    `the plan is stale: ${stack}'s state is at serial ${now.serial}${then && then.lineage !== now.lineage ? " of another lineage" : ""}, the plan was made at ${was}: somebody applied or deployed since; run \`polder plan ${instance}\` again`,
  );
}

/** What the policy found when the plan was made. */
const plannedFindings = (folder: string): Finding[] =>
  JSON.parse(readFileSync(join(folder, "findings.json"), "utf8")) as Finding[];

const noteApply = (
  loaded: LoadedInstance,
  record: PlanRecord,
  { asOf }: ApplyOptions,
  findings: readonly Finding[],
  outcome: "applied" | "refused" | "failed",
): Promise<void> =>
  noteInHistory(loaded, {
    by: whoWorks(),
    event: { kind: "apply", plan: record.digest, asOf, outcome, findings: tally(findings) },
    files: { "findings.json": JSON.stringify(findings, null, 2) },
  });

/**
 * Applies exactly the plan that `polder plan` recorded, after judging the policy again at `asOf`.
 * The plan is used up by it. Interrupted or failed, the next plan goes on from what was made.
 *
 * @throws TerraformFailure when there is no valid plan, or the cloud refuses.
 */
export async function applyInstance(
  loaded: LoadedInstance,
  options: ApplyOptions,
): Promise<Applied> {
  process.umask(0o077);
  const { blueprint } = loaded;
  const { instance } = blueprint;
  const { record, plans } = readPlan(loaded);
  const pack = await packOf(loaded);
  refuseOtherRules(record, pack);
  const outdir = buildFolder(instance);
  const cloud = cloudOf(blueprint, options.testbed);
  const ends = options.destroys === "all";
  const engines = new Map(
    record.stacks.map(({ name }) => [name, engine(loaded, name, options)] as const),
  );
  const stackOptions = { outdir, protect: !ends };
  prepareToApply(loaded, [...engines.keys()], stackOptions, options.synthesis);
  for (const [name, terraform] of engines) {
    await terraform.init();
    refuseStale(instance, name, record.states[name], await terraform.stateMark());
  }
  const folder = planFolder(instance);
  const files = await reviewedFiles(folder, engines);
  try {
    const evaluated = evaluate(
      writtenInput(loaded, stackOptions, options, plans),
      options.asOf,
      pack,
    );
    const unmanaged = ends ? [] : (await cloud.unmanaged(blueprint, plans, false)).findings;
    await notePlan(loaded, record, plannedFindings(folder));
    const approved = approvedFinding(loaded, record, options.asOf);
    const findings = [...evaluated, ...unmanaged, approved];
    // The policy exists to stop destruction, too: what ends an instance is stopped by a missing approval alone.
    const binding = ends ? [approved] : findings;
    if (binding.some((finding) => finding.verdict === "fail")) {
      await noteApply(loaded, record, options, findings, "refused");
      return { record, findings, applied: false };
    }
    if (options.destroys !== "all")
      refuseUnnamed(instance, lostNames(plannedChanges(blueprint, plans)), options.destroys);
    const serials: Record<string, number> = {};
    let outcome: "applied" | "failed" = "failed";
    // The cluster first: an address that is given back must be let go of before. What the cluster
    // needs of new addresses is there, else it wouldn't be planned.
    try {
      for (const [name, terraform] of [...engines].reverse()) {
        try {
          await terraform.apply(files.fileOf(name));
          await completeImported(blueprint, cloud, terraform);
        } finally {
          serials[name] = (await terraform.stateMark()).serial;
        }
      }
      outcome = "applied";
    } finally {
      // Used up, also when it failed half way: what is left to do is another plan.
      rmSync(join(folder, "record.json"), { force: true });
      const { digest, engine: by } = record;
      noteApplied(loaded, { digest, asOf: options.asOf, engine: by, serials });
      await noteApply(loaded, record, options, findings, outcome);
    }
    return { record, findings, applied: true };
  } finally {
    files.forget();
  }
}
