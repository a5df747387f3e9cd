import { Command } from "commander";
import { VERSION } from "../../modules/common/toolkit/index.ts";
import {
  ALL_RULES,
  ANY_PLAN_RULES,
  normsOf,
  PACKS,
  type Rule,
} from "../../modules/policy/index.ts";
import { out } from "../terminal.ts";

const HELP = `
Examples:
  polder rules                                        each rule, its level, what it protects, its norm
  polder rules --json | jq '.rules[] | select(.norms[].id == "BIO2") | .id'
docs/policy.md has what each rule demands, docs/policy.md#the-corpus the faults that each must find.`;

const cloudsOf = (rule: Rule): string[] =>
  Object.entries(PACKS).flatMap(([cloud, pack]) => (pack.rules.includes(rule) ? [cloud] : []));

/** What a program reads of a rule. */
const described = (rule: Rule) => ({
  id: rule.id,
  level: rule.level,
  looksAt: rule.looksAt,
  what: rule.what,
  protects: rule.why,
  norm: rule.norm ?? null,
  norms: normsOf(rule.norm),
  clouds: cloudsOf(rule),
  waivable: rule.waivable,
  needsBlueprint: !ANY_PLAN_RULES.includes(rule),
});

/** `polder rules`: the policy's rules, for a person or a machine. */
export function rulesCommand(): Command {
  return new Command("rules")
    .option("--json", "print all of it as JSON")
    .addHelpText("after", HELP)
    .action((options: { json?: boolean }) => {
      const rules = ALL_RULES.map(described);
      if (options.json) {
        out(JSON.stringify({ polder: VERSION, rules }, null, 2));
        return;
      }
      for (const { id, level, looksAt, protects, norm, norms, waivable } of rules) {
        const editions = norms.map((one) => `${one.id} ${one.version}`).join(", ");
        out(`${id}  ${level}, looks at ${looksAt}${waivable ? ", may be waived" : ""}`);
        out(`    ${protects}`);
        if (norm) out(`    ${norm}${editions ? ` (${editions})` : ""}`);
      }
      out(`${rules.length} rules of polder ${VERSION}`);
    });
}
