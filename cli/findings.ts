import { type Finding, formatFinding, tally } from "../modules/common/findings/index.ts";
import { FindingsFound } from "./exit.ts";
import { out } from "./terminal.ts";

/** Prints what isn't a plain pass, what passes with a warning too, then the count. @throws FindingsFound when something failed. */
export function reportFindings(findings: readonly Finding[], next: string): void {
  for (const finding of findings)
    if (finding.verdict !== "pass" || finding.warns) out(formatFinding(finding));
  const count = tally(findings);
  out(
    `policy: ${count.pass} pass, ${count.fail} fail, ${count["not-tested"]} not-tested, ${count.waived} waived`,
  );
  if (count.fail > 0) throw new FindingsFound(next);
}
