// Runs one rule of an instance, in a process that polder starts for it: without any of polder's environment, without the
// right to write a file or to start a program, and its code in a context of its own that has nothing of Node.js. One
// question comes by standard input, one answer goes by standard output; both are JSON.
import { readFileSync } from "node:fs";
import { createContext, Script } from "node:vm";

/** What it is asked. */
export interface Question {
  /** The rule as a script that puts its module into `rule`. */
  readonly code: string;
  /** Absent: only what the rule says of itself. */
  readonly input?: unknown;
  readonly asOf?: string;
}

/** `result`: the rule's own properties, or its findings. `failed`: why there are none. */
export type Answer = { readonly result: unknown } | { readonly failed: string };

/** ms that a rule may think. */
const TIME = 20_000;

/** Runs inside the rule's context: all that goes in and out of it is text. */
const HARNESS = `(question) => {
  const { input, asOf } = JSON.parse(question);
  // A folder without "type": "module" wraps the export once more.
  const exported = rule.default && rule.default.default || rule.default;
  if (input === undefined) {
    if (typeof exported !== "object" || exported === null) return "null";
    return JSON.stringify({ ...exported, check: typeof exported.check });
  }
  for (const name of ["stacks", "plans"]) if (input[name]) input[name] = new Map(input[name]);
  return JSON.stringify(exported.check(input, asOf)) || "null";
}`;

function answer({ code, ...question }: Question): Answer {
  try {
    const context = createContext(Object.create(null), {
      codeGeneration: { strings: false, wasm: false },
    });
    new Script(code).runInContext(context, { timeout: TIME });
    const ask = new Script(HARNESS).runInContext(context) as (text: string) => unknown;
    context["question"] = JSON.stringify(question);
    context["ask"] = ask;
    const result = new Script("ask(question)").runInContext(context, { timeout: TIME });
    return { result: JSON.parse(String(result)) };
  } catch (error) {
    return { failed: String(error).split("\n")[0] ?? "no reason" };
  }
}

process.stdout.write(JSON.stringify(answer(JSON.parse(readFileSync(0, "utf8")) as Question)));
