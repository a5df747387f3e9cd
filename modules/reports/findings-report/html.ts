import { type Finding, GRAVEST_FIRST, tally } from "../../common/findings/index.ts";
import { escapeXml } from "../drawing/index.ts";
import type { AuditReport } from "./report.ts";

/** How a page of findings looks, on a screen and on A4. */
export const PAGE_STYLE = `
:root { --ink: #1b2733; --soft: #4b5b6b; --line: #c8d4df; --ground: #fff; --head: #f1f6fa; --bad: #9b1c1c; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9fb0c0; --line: #41566a; --ground: #0f161d; --head: #17212b; --bad: #ff9c9c; }
}
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 62rem; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; break-after: avoid; }
.soft { color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
caption { text-align: left; color: var(--soft); padding-bottom: .3rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .7rem .35rem .5rem; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
thead th { background: var(--head); border-bottom-width: 2px; }
td:first-child, thead th:first-child { white-space: nowrap; overflow-wrap: normal; }
.fail { color: var(--bad); font-weight: 600; }
tr { break-inside: avoid; }
@page { size: A4; margin: 15mm 13mm; }
@media print { body { max-width: none; padding: 0; font-size: 10.5pt; } table { font-size: 8.5pt; } }
`;

const HEADINGS: Readonly<Record<Finding["verdict"], string>> = {
  fail: "What doesn't hold",
  waived: "What doesn't hold, and somebody accepted",
  "not-tested": "What wasn't tested",
  pass: "What holds",
};

/** Findings as one page for people: summary first, the gravest on top, no script, prints on A4. */
export function htmlOf(report: AuditReport): string {
  const { findings, subject, asOf, version, rules, notSeen } = report;
  const esc = escapeXml;
  const count = tally(findings);
  const said = new Map(rules.map((rule) => [rule.id, rule]));
  const sentence =
    count.fail > 0
      ? `${count.fail} of ${findings.length} findings don't hold.`
      : `All ${findings.length - count.waived - count["not-tested"]} findings that were tested hold.`;
  const sections = GRAVEST_FIRST.map((verdict) => {
    const own = findings.filter((finding) => finding.verdict === verdict);
    if (own.length === 0) return "";
    const rows = own.map((finding) => {
      const rule = said.get(finding.id);
      const by = finding.waiver
        ? `<br>${esc(`${finding.waiver.owner} until ${finding.waiver.expires}: ${finding.waiver.reason}`)}`
        : "";
      return `<tr><td class="${verdict}">${finding.warns ? "warning" : verdict}</td><th scope="row">${esc(finding.id)}</th><td>${esc(finding.subject)}</td><td>${esc(finding.message)}${by}</td><td>${esc(rule?.why ?? "")}${rule?.norms ? `<br><span class="soft">${esc(rule.norms.join(", "))}</span>` : ""}</td></tr>`;
    });
    return `<h2>${HEADINGS[verdict]}</h2><div class="scroll" role="region" aria-label="${HEADINGS[verdict]}" tabindex="0"><table><caption>${own.length} findings</caption><thead><tr><th scope="col">Verdict</th><th scope="col">Rule</th><th scope="col">Where</th><th scope="col">What was seen</th><th scope="col">What it protects</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
  });
  const unseen =
    notSeen.length > 0
      ? `<h2>What this audit could not see</h2><ul>${notSeen.map((text) => `<li>${esc(text)}</li>`).join("")}</ul>`
      : "";
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Audit of ${esc(subject)}</title><style>${PAGE_STYLE}</style></head><body><main><h1>Audit of ${esc(subject)}</h1><p>${sentence} ${count.pass} hold, ${count.fail} don't, ${count["not-tested"]} weren't tested, ${count.waived} are waived.</p><p class="soft">Evaluated as of ${asOf} by polder ${esc(version)}.</p>${unseen}${sections.join("")}</main></body></html>\n`;
}
