import { instanceJsonSchema } from "../../modules/planning/instance/index.ts";

interface Field {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Field>>;
  readonly items?: Field;
  readonly anyOf?: readonly Field[];
  readonly oneOf?: readonly Field[];
}

const code = (value: unknown): string =>
  `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;

function range(low: number | undefined, high: number | undefined, what: string): string {
  if (low === undefined && high === undefined) return what;
  if (high === undefined || high === Number.MAX_SAFE_INTEGER) return `${what}, ${low} or more`;
  return `${what}, ${low} to ${high}`;
}

/** What a field may be, in words. */
function allowed(field: Field): string {
  const choices = field.anyOf ?? field.oneOf;
  if (choices) return [...new Set(choices.map(allowed))].join(", ");
  if (field.enum) return field.enum.map(code).join(", ");
  if (field.const !== undefined) return code(field.const);
  switch (field.type) {
    case "integer":
      return range(field.minimum, field.maximum, "whole number");
    case "number":
      return range(field.minimum, field.maximum, "number");
    case "boolean":
      return "`true`, `false`";
    case "array":
      return range(field.minItems ?? 0, field.maxItems, "list");
    case "object":
      return "block";
    default:
      return "text";
  }
}

function rows(field: Field, name: string, needed: boolean, settled: unknown): string[] {
  const fallback = field.default ?? settled;
  const byDefault =
    fallback === undefined ||
    (typeof fallback === "object" && !Array.isArray(fallback) && field.properties)
      ? needed
        ? "**required**"
        : "none"
      : code(fallback);
  const own = `| ${code(name)} | ${field.description ?? ""} | ${allowed(field)} | ${byDefault} |`;
  const item = field.items?.properties ? field.items : undefined;
  const choices = (field.oneOf ?? field.anyOf ?? []).filter((choice) => choice.properties);
  const inner = field.properties ? [field] : item ? [item] : choices;
  const seen = new Set<string>();
  const below = inner.flatMap((part) =>
    Object.entries(part.properties ?? {}).flatMap(([key, child]) => {
      if (seen.has(key)) return [];
      seen.add(key);
      const must = part.required?.includes(key) === true;
      const value = (fallback as Record<string, unknown> | undefined)?.[key];
      const merged = choices.length > 1 ? { ...child, ...mergeConst(choices, key) } : child;
      return rows(merged, `${name}${item ? "[]" : ""}.${key}`, must, value);
    }),
  );
  return [own, ...below];
}

/** A key that tells the members of a union apart is any of their values. */
function mergeConst(choices: readonly Field[], key: string): Field {
  const values = choices.flatMap((choice) => choice.properties?.[key]?.const ?? []);
  return values.length > 1 ? { anyOf: values.map((value) => ({ const: value })) } : {};
}

/** Every field of the instance file as a Markdown table, from the schema itself. */
export function fieldTable(): string {
  const schema = instanceJsonSchema() as Field;
  const body = Object.entries(schema.properties ?? {}).flatMap(([key, field]) =>
    rows(field, key, schema.required?.includes(key) === true, undefined),
  );
  return ["| Field | What it is | Allowed | Default |", "|---|---|---|---|", ...body].join("\n");
}
