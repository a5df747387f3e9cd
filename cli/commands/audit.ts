import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { PROVIDERS, providerSchema } from "../../modules/clouds/known-clouds/index.ts";
import { type Finding, formatFinding, tally } from "../../modules/common/findings/index.ts";
import { BadInput, badInput, type Problem } from "../../modules/common/input/index.ts";
import { today } from "../../modules/common/today/index.ts";
import { VERSION } from "../../modules/common/toolkit/index.ts";
import { auditFolders } from "../../modules/operations/audit/index.ts";
import { ALL_RULES, evaluateAnyPlan, isPlan } from "../../modules/policy/index.ts";
import {
  type AuditReport,
  htmlOf,
  junitOf,
  sarifOf,
} from "../../modules/reports/findings-report/index.ts";
import { composition } from "../composition.ts";
import { FindingsFound } from "../exit.ts";
import { writeResult } from "../write-result.ts";

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** What to print of one report, or of several folders' reports. */
const FORMATS = {
  text: textOf,
  json: ([first, ...others]) => json(others.length > 0 ? [first, ...others] : first),
  sarif: (reports) => json(sarifOf(...reports)),
  junit: (reports) => junitOf(...reports),
  html: ([first, ...others]) => {
    if (!first || others.length > 0)
      throw badInput("--format html", "a page is of one instance: give one folder");
    return htmlOf(first);
  },
} satisfies Record<string, (reports: readonly AuditReport[]) => string>;

const HELP = `
Needs no credential and no network, and believes no finding that was handed over.
A folder is an instance's own, named like the instance, with two folders of build/instances/<name>/ in it:
  cp -r instances/lab handed/lab && cp -r build/instances/lab/plan build/instances/lab/stacks handed/lab/
The command makes the Blueprint, the documents and the hosts' files anew, compares them with those in the folder, checks the
plan's record and its binary plan, and evaluates every rule. It lists what it couldn't see.

Examples:
  polder audit handed/lab
  polder audit handed/*                   many at once; a folder that can't be read doesn't stop the others
  polder audit handed/lab --as-of 2027-03-01 --format html --output audit.html
  polder audit handed/lab --format sarif --output polder.sarif
  terraform show -json x.tfplan > plan.json && polder audit --plan plan.json    a plan that polder didn't make
docs/audit.md tells what each format holds.`;

interface AuditCommandOptions {
  readonly plan?: string;
  readonly asOf?: string;
  readonly format: keyof typeof FORMATS;
  readonly output: string;
}

const day = (text: string): string => {
  const date = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined;
  if (!date || Number.isNaN(date.getTime()) || !date.toISOString().startsWith(text))
    throw new InvalidArgumentError("got no day like 2027-01-31.");
  return text;
};

/** `polder audit`: evaluates what somebody handed over. */
export function auditCommand(): Command {
  return new Command("audit")
    .argument("[folders...]", "instances' folders as they were handed over")
    .option(
      "--plan <file>",
      "evaluate a plan that polder didn't make, by the rules that need no Blueprint",
    )
    .option("--as-of <day>", "evaluate as of this day; by default today", day)
    .addOption(
      new Option("--format <format>", "what to print")
        .choices(Object.keys(FORMATS))
        .default("text"),
    )
    .option("--output <file>", "where to", "-")
    .addHelpText("after", HELP)
    .action(async (folders: readonly string[], options: AuditCommandOptions) => {
      const { reports, unreadable } = await reportsOn(folders, options);
      if (reports.length > 0) writeResult(FORMATS[options.format](reports), options.output);
      if (unreadable.length > 0) throw new BadInput(unreadable);
      const { fail } = tally(reports.flatMap(({ findings }) => findings));
      if (fail > 0)
        throw new FindingsFound(`${fail} ${fail === 1 ? "finding fails" : "findings fail"}`);
    });
}

async function reportsOn(
  folders: readonly string[],
  { plan, asOf = today() }: AuditCommandOptions,
): Promise<{ readonly reports: readonly AuditReport[]; readonly unreadable: readonly Problem[] }> {
  if ((folders.length === 0) === (plan === undefined))
    throw badInput("audit", "got neither folders nor --plan, or both; one of the two is allowed");
  const of = { asOf, version: VERSION };
  if (plan !== undefined) {
    const findings = evaluateAnyPlan(readPlanFile(plan), allSchemas(), asOf);
    const notSeen = [
      "why each resource is there: without a Blueprint, flows, names, sizes, residency and the hosts' files have nothing to be compared with",
      "that this JSON is the binary plan's: `terraform show -json` made it, on another machine",
    ];
    const report = { ...of, subject: plan, findings, rules: reported(findings), notSeen };
    return { reports: [report], unreadable: [] };
  }
  const { audited, unreadable } = await auditFolders(folders, { asOf, ...composition });
  const reports = audited.map(({ instance, findings, notSeen }) => ({
    ...of,
    subject: instance,
    findings,
    rules: reported(findings),
    notSeen,
  }));
  return { reports, unreadable };
}

/** A plan's provider isn't known before it is read: every cloud's schema as one. */
const allSchemas = () => ({
  provider_schemas: Object.assign(
    {},
    ...PROVIDERS.map((provider) => providerSchema(provider).provider_schemas),
  ),
});

function readPlanFile(file: string) {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw badInput(
      file,
      error instanceof SyntaxError
        ? "is no JSON: `terraform show -json x.tfplan` prints it"
        : "can't be read",
    );
  }
  if (!isPlan(value))
    throw badInput(
      file,
      "is no plan: `terraform show -json x.tfplan` prints one, with resource_changes",
    );
  return value;
}

const reported = (findings: readonly Finding[]) => {
  const ids = new Set(findings.map(({ id }) => id));
  return ALL_RULES.filter(({ id }) => ids.has(id)).map(({ id, level, what, why, norms }) => ({
    id,
    level,
    what,
    why,
    norms,
  }));
};

/** The gravest last, where a person's eye is; of several, how all stand together at the end. */
function textOf(reports: readonly AuditReport[]): string {
  const rank = ["pass", "waived", "not-tested", "fail"];
  const lines = reports.flatMap(({ subject, asOf, findings, notSeen }) => [
    ...notSeen.map((text) => `not seen   ${text}`),
    ...findings
      .filter(({ verdict, warns }) => verdict !== "pass" || warns)
      .sort((a, b) => rank.indexOf(a.verdict) - rank.indexOf(b.verdict))
      .map(formatFinding),
    `audit of ${subject} as of ${asOf}: ${counted(findings)}`,
  ]);
  const all = `${reports.length} instances: ${counted(reports.flatMap(({ findings }) => findings))}`;
  return [...lines, ...(reports.length > 1 ? [all] : []), ""].join("\n");
}

function counted(findings: readonly Finding[]): string {
  const count = tally(findings);
  return `${count.pass} pass, ${count.fail} fail, ${count["not-tested"]} not-tested, ${count.waived} waived`;
}
