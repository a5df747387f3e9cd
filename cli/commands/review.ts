import { Command } from "commander";
import { formatFinding, tally } from "../../modules/common/findings/index.ts";
import { today } from "../../modules/common/today/index.ts";
import { approvedFinding, evaluateAgain } from "../../modules/operations/approve/index.ts";
import { appliedBlueprint, lastPlan } from "../../modules/operations/plan/index.ts";
import { reviewOf } from "../../modules/operations/review/index.ts";
import { lostNames, plannedChanges } from "../../modules/policy/index.ts";
import { composition } from "../composition.ts";
import { load } from "../load.ts";
import { out, screenWidth } from "../terminal.ts";
import { ENDS } from "../text/ends.ts";
import { paintFor } from "../text/paint.ts";
import { table } from "../text/table.ts";

const HELP = `
Tells what the last plan does, in words that need no knowledge of Terraform, the gravest first: which calls end, what is
lost, which port opens to whom, who becomes an admin. It reads the instance's folder alone: no credential, no cloud, no
Terraform. The policy is evaluated again, by the polder that you run.
docs/review.md tells what the risks mean.`;

/** `polder review`: what the last plan does, for the person who is to say yes. */
export function reviewCommand(): Command {
  return new Command("review")
    .argument("<instance>", "its folder's name or path")
    .option("--json", "as JSON")
    .addHelpText("after", HELP)
    .action(async (name: string, options: { json?: boolean }) => {
      const loaded = load(name, { ending: true });
      const { blueprint } = loaded;
      const noted = lastPlan(loaded);
      const { record, by, at } = noted;
      const applied = appliedBlueprint(loaded);
      const lines = reviewOf(blueprint, noted.plans, applied);
      const findings = record.destroys
        ? []
        : await evaluateAgain(loaded, noted, today(), composition);
      const approval = approvedFinding(loaded, record, today());
      if (options.json) {
        out(JSON.stringify({ plan: record.digest, by, at, lines, findings, approval }, null, 2));
        return;
      }
      const paint = paintFor(process.stdout, process.env);
      const look = { width: screenWidth(), title: paint.bold };
      const { version, commit } = record.toolkit;
      out(
        `plan ${record.digest.slice(0, 16)} of ${blueprint.instance} (${blueprint.domain}), made by ${by} at ${at} with polder ${version}${commit ? ` ${commit.slice(0, 8)}` : ""}`,
      );
      if (record.destroys) out(ENDS);
      if (lines.length === 0) out("nothing changes");
      else {
        const rows = lines.map(({ risk, text }) => [risk === "high" ? "HIGH" : risk, text]);
        for (const row of table(["risk", "what happens…"], rows, look))
          out(/^ +HIGH/.test(row) ? paint.warn(row) : row);
      }
      if (!applied && lines.length > 0)
        out("nothing was applied before, as far as the history goes: read the instance file, too");
      for (const stack of record.stateChangedElsewhere)
        out(
          `${stack}: its state was changed by something else than \`polder apply\`, a change nobody reviewed`,
        );
      for (const finding of findings)
        if (finding.verdict === "fail" || finding.verdict === "waived" || finding.warns)
          out(formatFinding(finding));
      const count = tally(findings);
      if (!record.destroys)
        out(
          `policy, evaluated again: ${count.pass} pass, ${count.fail} fail, ${count["not-tested"]} not-tested, ${count.waived} waived`,
        );
      out(formatFinding(approval));
      const lost = lostNames(plannedChanges(blueprint, noted.plans));
      const destroys = lost.length > 0 ? ` --destroys ${lost.join(",")}` : "";
      if (approval.verdict === "pass" && count.fail === 0)
        out(
          `next: polder ${record.destroys ? `decommission ${name}` : `apply ${name}${destroys}`}`,
        );
    });
}
