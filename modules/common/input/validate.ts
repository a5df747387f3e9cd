import type { z } from "zod";
import { nearest } from "./nearest.ts";
import { BadInput, inFileOrder, type Problem } from "./problem.ts";
import type { Path, YamlFile } from "./yaml.ts";

/** A value as a person would write it, at most 60 characters of it. */
function show(value: unknown): string {
  if (typeof value === "number" && !Number.isFinite(value))
    return Number.isNaN(value) ? ".nan" : value > 0 ? ".inf" : "-.inf";
  if (value === undefined || value === null) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** A path as a message shows it: `admins[1].key`. */
export const pathText = (path: Path): string =>
  path
    .map((part, i) => (typeof part === "number" ? `[${part}]` : i === 0 ? part : `.${part}`))
    .join("");

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, part) => (value as Record<string | number, unknown> | null | undefined)?.[part],
    root,
  );
}

/** The parts of zod's schemas that lead from a schema to the keys below it. */
interface Def {
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly discriminator?: string;
  readonly values?: readonly unknown[];
  readonly keyType?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly entries?: Readonly<Record<string, string>>;
}

/** A schema without its defaults and pipes; of a union, the members that `value` may be meant as. */
function unwrap(type: z.core.$ZodType, value: unknown): Def[] {
  const def = type._zod.def as Def;
  const inner = def.innerType ?? def.in;
  if (inner) return unwrap(inner, value);
  if (!def.options) return [def];
  const key = def.discriminator ?? "";
  const chosen = def.options.filter((option) => {
    const kind = (option._zod.def as Def).shape?.[key]?._zod.def as Def | undefined;
    return kind?.values?.includes(valueAt(value, [key]));
  });
  return (chosen.length > 0 ? chosen : def.options).flatMap((option) => unwrap(option, value));
}

/** The keys that the schema allows at `path` of `root`: for the nearest name to a typo. */
function allowedKeys(schema: z.core.$ZodType, root: unknown, path: Path): readonly string[] {
  let [defs, value] = [unwrap(schema, root), root];
  for (const part of path) {
    value = valueAt(value, [part]);
    defs = defs.flatMap((def) => {
      const next = typeof part === "number" ? def.element : (def.shape?.[part] ?? def.valueType);
      return next ? unwrap(next, value) : [];
    });
  }
  const names = defs.flatMap((def) => [
    ...Object.keys(def.shape ?? {}),
    ...(def.keyType
      ? unwrap(def.keyType, "").flatMap((key) => Object.keys(key.entries ?? {}))
      : []),
  ]);
  return [...new Set(names)];
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a block of keys",
  record: "a block of keys",
};

function oneOf(values: readonly unknown[], got: unknown): string {
  const names = values.map(String);
  if (got === undefined)
    return `missing, required: ${names.length > 1 ? "one of " : ""}${names.join(", ")}`;
  // A number in quotes, or a word that YAML reads as something else.
  if (names.includes(String(got))) {
    const fix = typeof got === "string" ? "without quotes" : "in quotes";
    return `got ${show(got)}, write it ${fix}; allowed: ${names.join(", ")}`;
  }
  const near = typeof got === "string" ? nearest(got, names) : undefined;
  return `got ${show(got)}, allowed: ${names.join(", ")}${near ? `; did you mean "${near}"?` : ""}`;
}

function limit(got: unknown, side: "least" | "most", bound: number | bigint): string {
  if (!Array.isArray(got)) return `got ${show(got)}, at ${side} ${bound} is allowed`;
  const has = got.length === 1 ? "1 entry" : `${got.length} entries`;
  return `got a list of ${has}, at ${side} ${bound} ${side === "least" ? "is needed" : "are allowed"}`;
}

/** Zod's own words, which a schema's own message replaces. */
const isStock = (message: string): boolean =>
  /^(Invalid|Too (small|big)|Unrecognized)\b/.test(message);

/** What was got and what is allowed, for one issue of a schema with the value `got`. */
export function explain(issue: z.core.$ZodIssue, got: unknown): string {
  if (!isStock(issue.message)) return issue.message;
  switch (issue.code) {
    case "invalid_type": {
      const kind = KINDS[issue.expected] ?? `a ${issue.expected}`;
      return got === undefined
        ? `missing, ${kind} is required`
        : `got ${show(got)}, ${kind} is allowed`;
    }
    case "invalid_value":
      return oneOf(issue.values, got);
    case "invalid_union":
      return "options" in issue && Array.isArray(issue.options)
        ? oneOf(issue.options, got)
        : `got ${show(got)}, which is none of the forms that are allowed here`;
    case "too_small":
      return limit(got, "least", issue.minimum);
    case "too_big":
      return limit(got, "most", issue.maximum);
    default:
      return `got ${show(got)}: ${issue.message}`;
  }
}

/**
 * Holds a parsed file against a schema.
 *
 * @throws BadInput with every problem of the file at once, each at its line and column.
 */
export function validate<Schema extends z.ZodType>(
  yaml: YamlFile,
  schema: Schema,
): z.output<Schema> {
  const result = schema.safeParse(yaml.value, { reportInput: true });
  if (result.success) return result.data;
  const problems: Problem[] = [];
  /** Keys that a misspelt one stands for: that they are missing is the same mistake. */
  const meant = new Set<string>();
  for (const issue of result.error.issues) {
    if (issue.code !== "unrecognized_keys") continue;
    const path = issue.path as Path;
    const allowed = allowedKeys(schema, yaml.value, path);
    for (const key of issue.keys) {
      const near = nearest(key, allowed);
      if (near) meant.add(pathText([...path, near]));
      const hint = near ? `; did you mean "${near}"?` : `, allowed here: ${allowed.join(", ")}`;
      problems.push({
        file: yaml.file,
        at: yaml.atKey([...path, key]),
        message: `unknown key "${key}"${hint}`,
      });
    }
  }
  for (const issue of result.error.issues) {
    if (issue.code === "unrecognized_keys") continue;
    const path = issue.path as Path;
    const got = valueAt(yaml.value, path);
    if (got === undefined && meant.has(pathText(path))) continue;
    const name = path.length > 0 ? `${pathText(path)}: ` : "";
    problems.push({ file: yaml.file, at: yaml.at(path), message: name + explain(issue, got) });
  }
  throw new BadInput(inFileOrder(problems));
}
