import type { Finding } from "../../common/findings/index.ts";
import { escapeXml } from "../drawing/index.ts";
import type { AuditReport } from "./report.ts";

/** Findings as JUnit's XML: one suite a rule, one case a subject. A waived finding is a skipped case with its reason. */
export function junitOf({ findings, subject, asOf }: AuditReport): string {
  const ids = [...new Set(findings.map(({ id }) => id))];
  const count = (list: readonly Finding[], ...verdicts: readonly string[]) =>
    list.filter(({ verdict }) => verdicts.includes(verdict)).length;
  const attributes = (list: readonly Finding[]) =>
    `tests="${list.length}" failures="${count(list, "fail")}" errors="0" skipped="${count(list, "not-tested", "waived")}"`;
  const suites = ids.map((id) => {
    const own = findings.filter((finding) => finding.id === id);
    return [
      `  <testsuite name="${escapeXml(id)}" ${attributes(own)} timestamp="${asOf}T00:00:00">`,
      ...own.map(
        (finding) =>
          `    <testcase classname="${escapeXml(id)}" name="${escapeXml(finding.subject)}">${outcome(finding)}</testcase>`,
      ),
      "  </testsuite>",
    ].join("\n");
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="polder ${escapeXml(subject)}" ${attributes(findings)}>\n${suites.join("\n")}\n</testsuites>\n`;
}

function outcome({ verdict, message, waiver }: Finding): string {
  if (verdict === "fail") return `<failure message="${escapeXml(message)}"/>`;
  if (verdict === "pass") return `<system-out>${escapeXml(message)}</system-out>`;
  const by = waiver ? ` (waived by ${waiver.owner} until ${waiver.expires}: ${waiver.reason})` : "";
  return `<skipped message="${escapeXml(message + by)}"/>`;
}
