import { drawNetwork } from "../drawing/index.ts";
import { type AuditReport, junitOf, sarifOf } from "../findings-report/index.ts";
import { dpiaText, processingText, retentionText } from "./drafts.ts";
import type { Evidence, Language } from "./evidence.ts";
import { type NormResult, normResults } from "./norm-results.ts";
import { oscalCatalog, oscalResults } from "./oscal.ts";
import { evidencePage, PAGES } from "./page.ts";
import {
  changeRecord,
  exposureRegister,
  logRegister,
  retentionStatement,
  rightsRegister,
} from "./registers.ts";
import { hostsBom, toolkitBom } from "./sbom.ts";

const LANGUAGES: readonly Language[] = ["nl", "en"];

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** A norm's row of its register: documents and checks are elsewhere in the folder. */
const normRow = ({ norm, verdict, checks, why }: NormResult) => ({
  id: norm.id,
  version: norm.document.version,
  title: norm.title,
  by: norm.by,
  verdict,
  why,
  duty: norm.duty ?? null,
  checks: checks.map(({ check, ...result }) => ({ id: check.id, ...result })),
});

/** Every file of an evidence folder but its sums and their signature, by its path there. Pure. */
export function evidenceFiles(evidence: Evidence): ReadonlyMap<string, string> {
  const { blueprint, findings, checks, asOf, at, toolkit, plan, notSeen, history, head, review } =
    evidence;
  const report: AuditReport = {
    subject: blueprint.instance,
    asOf,
    version: toolkit.version,
    findings,
    rules: checks,
    notSeen: notSeen.map(({ en, report }) => (report === undefined ? en : `${en} (${report})`)),
  };
  const changes = changeRecord({ history, review, ...(plan && { plan }) });
  return new Map([
    ...LANGUAGES.map((language) => [PAGES[language], evidencePage(evidence, language)] as const),
    ["network.svg", `${drawNetwork(blueprint)}\n`],
    ["blueprint.json", json(blueprint)],
    [
      "findings.json",
      json({
        instance: blueprint.instance,
        asOf,
        at,
        toolkit,
        plan: plan ?? null,
        findings,
        checks,
        notSeen,
      }),
    ],
    ["findings.sarif", json(sarifOf(report))],
    ["findings.junit.xml", junitOf(report)],
    ["registers/norms.json", json(normResults(evidence).map(normRow))],
    ["registers/exposure.json", json(exposureRegister(blueprint))],
    ["registers/logs.json", json(logRegister(blueprint))],
    ["registers/retention.json", json(retentionStatement(blueprint))],
    ["registers/rights.json", json(rightsRegister(blueprint))],
    ["registers/changes.json", json({ head, changes })],
    ["oscal/catalog.json", json(oscalCatalog(evidence))],
    ["oscal/assessment-results.json", json(oscalResults(evidence))],
    ["sbom/toolkit.cdx.json", toolkitBom(evidence)],
    ["sbom/hosts.cdx.json", hostsBom(evidence)],
    ...LANGUAGES.flatMap((language) => [
      [`drafts/processing-register.${language}.md`, processingText(evidence, language)] as const,
      [`drafts/dpia.${language}.md`, dpiaText(evidence, language)] as const,
      [`drafts/retention.${language}.md`, retentionText(evidence, language)] as const,
    ]),
  ]);
}
