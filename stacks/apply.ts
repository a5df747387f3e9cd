import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../modules/findings/index.ts";
import { judge } from "../modules/policy/index.ts";
import { type LoadedInstance, writeWhole } from "../modules/workspace/index.ts";
import { cloudOf } from "./clouds/index.ts";
import { buildFolder } from "./environment.ts";
import { packOf } from "./pack.ts";
import {
  appliedSerials,
  type DeployOptions,
  engine,
  type PlanRecord,
  planFolder,
  readPlan,
} from "./plan.ts";
import { policyInput } from "./working-folder.ts";

export interface Applied {
  readonly record: PlanRecord;
  readonly findings: readonly Finding[];
  /** False when the policy failed, and nothing was done. */
  readonly applied: boolean;
}

/**
 * Applies exactly the plan that `polder plan` recorded, after judging the policy again at `asOf`.
 * The plan is used up by it. Interrupted or failed, the next plan goes on from what was made.
 *
 * @throws TerraformFailure when there is no valid plan, or the cloud refuses.
 */
export async function applyInstance(
  loaded: LoadedInstance,
  options: DeployOptions & { readonly destroy?: boolean },
): Promise<Applied> {
  process.umask(0o077);
  const { instance } = loaded.blueprint;
  const { record, plans } = readPlan(loaded);
  const outdir = buildFolder(instance);
  const judged = judge(
    policyInput(loaded, { outdir, protect: !options.destroy }, plans),
    options.asOf,
    await packOf(loaded),
  );
  const strangers = options.destroy
    ? []
    : (await cloudOf(loaded.blueprint).strangers(loaded, plans)).findings;
  const findings = [...judged, ...strangers];
  // Destruction is what the policy exists to stop; whoever decommissions has typed the name instead.
  const failed = findings.some((finding) => finding.verdict === "fail");
  if (failed && !options.destroy) return { record, findings, applied: false };
  const serials: Record<string, number> = { ...appliedSerials(instance) };
  const note = () =>
    writeWhole(
      join(outdir, "applied.json"),
      JSON.stringify(
        { digest: record.digest, asOf: options.asOf, engine: record.engine, serials },
        null,
        2,
      ),
    );
  // The cluster first: an address that is given back must be let go of before. What the cluster
  // needs of new addresses is there, else it wouldn't be planned.
  const order = [...record.stacks].reverse();
  const folder = planFolder(instance);
  try {
    for (const { name } of order) {
      const terraform = engine(loaded, name, options);
      try {
        await terraform.apply(join(folder, `${name}.tfplan`));
      } finally {
        serials[name] = await terraform.stateSerial();
      }
    }
  } finally {
    // Used up, also when it failed half way: what is left to do is another plan.
    rmSync(join(folder, "record.json"), { force: true });
    note();
  }
  return { record, findings, applied: true };
}
