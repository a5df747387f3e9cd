import { Command } from "commander";
import type { Norm } from "../../modules/common/norms/index.ts";
import { VERSION } from "../../modules/common/toolkit/index.ts";
import { allChecks, serversOf } from "../../modules/operations/rules/index.ts";
import { ALL_RULES, ANY_PLAN_RULES, PACKS, type Rule } from "../../modules/policy/index.ts";
import { loadNorms } from "../../modules/workspace/index.ts";
import { out } from "../terminal.ts";

const HELP = `
Examples:
  polder rules                                        each rule, its level, what it protects, its norms
  polder rules --norms                                each norm, the rules and probes that serve it, the owner's duties
  polder rules --json | jq '.rules[] | select(.norms[].document == "BIO2") | .id'
docs/policy.md has what each rule demands, docs/policy.md#the-corpus the faults that each must find.`;

const cloudsOf = (rule: Rule): string[] =>
  Object.entries(PACKS).flatMap(([cloud, pack]) => (pack.rules.includes(rule) ? [cloud] : []));

/** What a program reads of a rule. */
const described = (rule: Rule, norms: ReadonlyMap<string, Norm>) => ({
  id: rule.id,
  level: rule.level,
  looksAt: rule.looksAt,
  what: rule.what,
  protects: rule.why,
  norms: (rule.norms ?? []).flatMap((id) => {
    const norm = norms.get(id);
    if (!norm) return [];
    const { document, number, title } = norm;
    return [{ id, document: document.id, number, version: document.version, title: title.en }];
  }),
  clouds: cloudsOf(rule),
  waivable: rule.waivable,
  needsBlueprint: !ANY_PLAN_RULES.includes(rule),
});

/** What a program reads of a norm. */
function served(norm: Norm) {
  const servers = serversOf(norm, allChecks());
  const ids = (kind: "rule" | "probe" | "record") =>
    servers.filter((server) => server.kind === kind).map(({ id }) => id);
  return { ...norm, rules: ids("rule"), probes: ids("probe"), records: ids("record") };
}

/** `polder rules`: the policy's rules, or the norms and who serves them, for a person or a machine. */
export function rulesCommand(): Command {
  return new Command("rules")
    .option(
      "--norms",
      "list the norms: the rules and probes that serve each, and what is the owner's",
    )
    .option("--json", "print all of it as JSON")
    .addHelpText("after", HELP)
    .action((options: { json?: boolean; norms?: boolean }) => {
      const norms = loadNorms();
      const rules = ALL_RULES.map((rule) => described(rule, norms));
      const rows = [...norms.values()].map(served);
      if (options.json)
        out(
          JSON.stringify(
            { polder: VERSION, ...(options.norms ? { norms: rows } : { rules }) },
            null,
            2,
          ),
        );
      else if (options.norms) printNorms(rows);
      else printRules(rules);
    });
}

function printRules(rules: readonly ReturnType<typeof described>[]): void {
  for (const { id, level, looksAt, protects, norms, waivable } of rules) {
    out(`${id}  ${level}, looks at ${looksAt}${waivable ? ", may be waived" : ""}`);
    out(`    ${protects}`);
    if (norms.length > 0) out(`    ${norms.map((norm) => norm.id).join(", ")}`);
  }
  out(
    `${rules.length} rules of polder ${VERSION}; \`polder rules --norms\` has the norms' editions`,
  );
}

function printNorms(rows: readonly ReturnType<typeof served>[]): void {
  let shown = "";
  for (const { id, document, title, rules, probes, records, duty } of rows) {
    if (document.id !== shown) {
      out(`${document.title}, ${document.version}`);
      out(`  ${document.source}; read on ${document.read}`);
      shown = document.id;
    }
    out(`  ${id}  ${title.en}`);
    if (rules.length > 0) out(`    rules: ${rules.join(", ")}`);
    if (probes.length > 0) out(`    probes: ${probes.join(", ")}`);
    if (records.length > 0) out(`    history: ${records.join(", ")}`);
    if (duty) out(`    owner: ${duty.en}`);
  }
  const machine = rows.filter(({ by }) => by !== "owner").length;
  out(
    `${rows.length} norms, ${machine} served by rules or probes, ${rows.length - machine} by the owner alone`,
  );
}
