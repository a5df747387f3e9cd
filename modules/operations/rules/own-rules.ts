import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { tsImport } from "tsx/esm/api";
import { z } from "zod";
import { BadInput, explain, pathText } from "../../common/input/index.ts";
import type { Rule } from "../../policy/index.ts";
import { ownRuleIds, RULES_FOLDER, shown } from "../../workspace/index.ts";

/** The part of a rule that can be checked before it runs. */
const ruleSchema = z.object({
  id: z.string(),
  level: z.enum(["error", "warning"]),
  what: z.string().min(1),
  why: z.string().min(1),
  norm: z.string().min(1).optional(),
  looksAt: z.enum(["stacks", "plan", "stacks, plan", "blueprint"]),
  waivable: z.boolean(),
  check: z.custom<Rule["check"]>((value) => typeof value === "function", {
    error: "a function of input and day is required",
  }),
});

const findingsSchema = z.array(
  z.object({
    verdict: z.enum(["pass", "fail", "not-tested"]),
    subject: z.string().min(1),
    message: z.string().regex(/^[^\n\r]+$/),
    warns: z.literal(true).optional(),
  }),
);

/**
 * An instance's own rules, each from `rules/<id>.ts` beside its file. They run with the rights of
 * the person who plans, as the rest of the instance's repository does, and get a copy of the input: they can add
 * findings, not change what the other rules evaluate.
 *
 * @throws BadInput for a file that holds no rule.
 */
export async function loadOwnRules(folder: string): Promise<Rule[]> {
  const rules: Rule[] = [];
  for (const id of ownRuleIds(folder)) rules.push(await loadRule(folder, id));
  return rules;
}

const isRuleLike = (value: unknown): boolean =>
  typeof value === "object" && value !== null && ("id" in value || "check" in value);

async function loadRule(folder: string, id: string): Promise<Rule> {
  const path = join(folder, RULES_FOLDER, `${id}.ts`);
  const refuse = (message: string): never => {
    throw new BadInput([{ file: shown(path), message }]);
  };
  let exported: unknown;
  try {
    const module = (await tsImport(pathToFileURL(path).href, import.meta.url)) as {
      default?: { default?: unknown };
    };
    // A folder without `"type": "module"` wraps the export once more.
    exported = module.default?.default ?? module.default;
  } catch (error) {
    refuse(`can't be run: ${String(error).split("\n")[0]}`);
  }
  const result = ruleSchema.safeParse(exported, { reportInput: true });
  if (!result.success) {
    const [issue] = result.error.issues;
    refuse(
      !isRuleLike(exported)
        ? "exports no rule: `export default { id, level, what, why, looksAt, waivable, check }`"
        : `${pathText((issue?.path ?? []) as string[])}: ${issue ? explain(issue, (exported as Record<string, unknown>)[String(issue.path[0])]) : "no rule"}`,
    );
  }
  const rule = result.data as Rule;
  if (rule.id !== id) refuse(`id: got "${rule.id}", but the file is called ${id}.ts`);
  return {
    ...rule,
    check: (input, asOf) => {
      const seen = findingsSchema.parse(rule.check(structuredClone(input), asOf));
      return seen.map(({ warns, ...finding }) => ({ id, ...finding, ...(warns && { warns }) }));
    },
  };
}
