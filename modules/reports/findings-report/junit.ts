import type { Finding } from "../../common/findings/index.ts";
import { escapeXml } from "../drawing/index.ts";
import type { AuditReport } from "./report.ts";

const count = (findings: readonly Finding[], ...verdicts: readonly string[]) =>
  findings.filter(({ verdict }) => verdicts.includes(verdict)).length;

const attributes = (findings: readonly Finding[]) =>
  `tests="${findings.length}" failures="${count(findings, "fail")}" errors="0"`;

/**
 * Findings as JUnit's XML: one suite a rule, one case a subject. A waived finding is a skipped case with its reason. Of
 * several reports the suites begin with the name of what was audited.
 */
export function junitOf(...reports: readonly AuditReport[]): string {
  const all = reports.flatMap(({ findings }) => findings);
  const name = reports.length === 1 ? `polder ${reports[0]?.subject}` : "polder";
  const suites = reports.flatMap((report) =>
    suitesOf(report, reports.length > 1 ? `${report.subject} ` : ""),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${escapeXml(name)}" ${attributes(all)}>\n${suites.join("\n")}\n</testsuites>\n`;
}

function suitesOf({ findings, asOf }: AuditReport, prefix: string): string[] {
  return [...new Set(findings.map(({ id }) => id))].map((id) => {
    const own = findings.filter((finding) => finding.id === id);
    const name = escapeXml(`${prefix}${id}`);
    return [
      `  <testsuite name="${name}" ${attributes(own)} skipped="${count(own, "not-tested", "waived")}" timestamp="${asOf}T00:00:00">`,
      ...own.map(
        (finding) =>
          `    <testcase classname="${name}" name="${escapeXml(finding.subject)}">${outcome(finding)}</testcase>`,
      ),
      "  </testsuite>",
    ].join("\n");
  });
}

function outcome({ verdict, message, waiver }: Finding): string {
  if (verdict === "fail") return `<failure message="${escapeXml(message)}"/>`;
  if (verdict === "pass") return `<system-out>${escapeXml(message)}</system-out>`;
  const by = waiver ? ` (waived by ${waiver.owner} until ${waiver.expires}: ${waiver.reason})` : "";
  return `<skipped>${escapeXml(message + by)}</skipped>`;
}
