import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { BadInput, explain, pathText } from "../../common/input/index.ts";
import { TOOLKIT } from "../../common/toolkit/index.ts";
import type { PolicyInput, Rule } from "../../policy/index.ts";
import { ownRuleIds, RULES_FOLDER, shown } from "../../workspace/index.ts";
import type { Answer, Question } from "./own-rule.ts";

/** What a rule says of itself. */
const ruleSchema = z.object({
  id: z.string(),
  level: z.enum(["error", "warning"]),
  what: z.string().min(1),
  why: z.string().min(1),
  norms: z.array(z.string().min(1)).optional(),
  looksAt: z.enum(["stacks", "plan", "stacks, plan", "blueprint"]),
  waivable: z.boolean(),
  check: z.literal("function", { error: "a function of input and day is required" }),
});

const findingsSchema = z.array(
  z.object({
    verdict: z.enum(["pass", "fail", "not-tested"]),
    subject: z.string().min(1),
    message: z.string().regex(/^[^\n\r]+$/),
    warns: z.literal(true).optional(),
  }),
);

/** One of an instance's own rules, and the SHA-256 of all of its code. */
export interface OwnRule extends Rule {
  readonly code: string;
}

/** Node's own name for it, which changed. */
const PERMISSION = process.allowedNodeEnvironmentFlags.has("--permission")
  ? "--permission"
  : "--experimental-permission";
const PROGRAM = join(TOOLKIT, "dist/own-rule.mjs");
/** ms until a rule's process is killed, and bytes that it may answer. */
const LIMITS = { timeout: 30_000, maxBuffer: 1 << 26 } as const;

/** Asks a rule, in a process of its own. @throws Error with its own reason when it has no answer */
function ask(question: Question): unknown {
  const ran = spawnSync(
    process.execPath,
    ["--no-warnings", PERMISSION, `--allow-fs-read=${PROGRAM}`, PROGRAM],
    { ...LIMITS, input: JSON.stringify(question), env: {}, encoding: "utf8" },
  );
  if (ran.status !== 0)
    throw new Error(
      ran.error?.message ??
        `its process ended with ${ran.signal ?? ran.status}: ${ran.stderr.trim().split("\n").at(-1)}`,
    );
  const answer = JSON.parse(ran.stdout) as Answer;
  if ("failed" in answer) throw new Error(answer.failed);
  return answer.result;
}

/**
 * An instance's own rules, each from `rules/<id>.ts` beside its file. Each runs in a process of its own, which can
 * write nothing and can only answer with findings: nothing that it does reaches polder's rules.
 *
 * @throws BadInput for a file that holds no rule.
 */
export async function loadOwnRules(folder: string): Promise<OwnRule[]> {
  const rules: OwnRule[] = [];
  for (const id of ownRuleIds(folder)) rules.push(await loadRule(folder, id));
  return rules;
}

const isRuleLike = (value: unknown): boolean =>
  z.object({ id: z.unknown().nonoptional() }).safeParse(value).success ||
  z.object({ check: z.literal("function") }).safeParse(value).success;

/** A rule's file, and what it imports, as one script. Compiled only: nothing of it runs here. */
async function compile(path: string): Promise<string> {
  // Loaded where there is something to compile alone: it takes a twentieth of a second.
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "rule",
    platform: "neutral",
    target: "node20",
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

async function loadRule(folder: string, id: string): Promise<OwnRule> {
  const path = join(folder, RULES_FOLDER, `${id}.ts`);
  const refuse = (message: string): never => {
    throw new BadInput([{ file: shown(path), message }]);
  };
  let [code, exported]: [string, unknown] = ["", undefined];
  try {
    code = await compile(path);
    exported = ask({ code });
  } catch (error) {
    const [first] = (error as { errors?: { text: string }[] }).errors ?? [];
    const why = first?.text ?? (error instanceof Error ? error.message : String(error));
    refuse(`can't be run: ${why.split("\n")[0]}`);
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
  const { check: _, ...rule } = result.data as Omit<Rule, "check"> & { check: string };
  if (rule.id !== id) refuse(`id: got "${rule.id}", but the file is called ${id}.ts`);
  return {
    ...rule,
    code: createHash("sha256").update(code).digest("hex"),
    check: (input, asOf) => {
      const seen = findingsSchema.parse(ask({ code, input: asJson(input), asOf }));
      return seen.map(({ warns, ...finding }) => ({ id, ...finding, ...(warns && { warns }) }));
    },
  };
}

/** The input as JSON has it: the documents and the plans as pairs. */
const asJson = ({ stacks, plans, ...rest }: PolicyInput) => ({
  ...rest,
  stacks: [...stacks],
  ...(plans && { plans: [...plans] }),
});
