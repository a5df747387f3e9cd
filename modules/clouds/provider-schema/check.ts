import { nearest } from "../../common/input/index.ts";
import {
  type Body,
  blockOf,
  bodiesOf,
  entriesOf,
  isObject,
  itemsOf,
  type JsonObject,
  own,
  providerNames,
  typesOf,
} from "./document.ts";
import { parseTemplate } from "./expressions.ts";
import {
  type Attribute,
  type Block,
  type BlockType,
  isSecret,
  type ProviderSchema,
  type TypeExpression,
} from "./schema.ts";

export type ProblemKind =
  | "unknown-type"
  | "unknown-name"
  | "unknown-reference"
  | "missing"
  | "read-only"
  | "nesting"
  | "items"
  | "type"
  | "template";

/** Something in a Terraform document that the provider would refuse. */
export interface SchemaProblem {
  readonly kind: ProblemKind;
  /** The resource, data source or provider: `openstack_networking_port_v2.control-1`. */
  readonly address: string;
  /** Where inside it: `fixed_ip[0].subnet_id`; empty for the whole. */
  readonly path: string;
  /** What was got, what is allowed, the nearest valid name of a typo. */
  readonly message: string;
}

const words = (text: string): readonly string[] => text.split(" ");
const TOP_LEVEL = words(
  "check data ephemeral import locals module moved output provider removed resource terraform variable",
);
const META = {
  resource: words("connection count depends_on for_each lifecycle provider provisioner"),
  data: words("count depends_on for_each lifecycle provider"),
  provider: words("alias version"),
};

type Report = (kind: ProblemKind, path: string, message: string) => void;

/**
 * Checks a synthesised Terraform document (`cdk.tf.json`, parsed) against the provider's schema,
 * without terraform and without the provider.
 *
 * It sees names, nesting, numbers of blocks, types, references and what is read-only. It does not
 * see the provider's own rules on values (ranges, conflicts); `terraform validate` does. Stricter than
 * Terraform in two things: a string is not a number or a boolean here, though Terraform would convert,
 * and no block is dynamic.
 *
 * @returns every problem, in the order of the document; empty when it fits.
 */
export function checkAgainstSchema(
  terraformJson: unknown,
  schema: ProviderSchema,
): SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  const reportAt =
    (address: string): Report =>
    (kind, path, message) =>
      problems.push({ kind, address, path, message });
  if (!isObject(terraformJson)) {
    reportAt("")("type", "", `got ${describe(terraformJson)}, allowed: a Terraform JSON object`);
    return problems;
  }
  for (const [name] of entriesOf(terraformJson)) {
    if (!TOP_LEVEL.includes(name)) reportAt("")("unknown-name", name, unknownName(name, TOP_LEVEL));
  }
  const bodies = bodiesOf(terraformJson, schema);
  for (const body of bodies) checkBody(body, schema, reportAt(body.address));
  checkReferences(terraformJson, bodies, schema, reportAt);
  return problems;
}

function checkBody(body: Body, schema: ProviderSchema, report: Report): void {
  if (body.schema === undefined) {
    const known = body.kind === "provider" ? providerNames(schema) : typesOf(schema, body.kind);
    report("unknown-type", "", `unknown ${body.kind} type ${unknownName(body.type, known)}`);
    return;
  }
  if (!isObject(body.value)) {
    report("nesting", "", `got ${describe(body.value)}, allowed: an object`);
    return;
  }
  checkBlock(body.value, body.schema, META[body.kind], "", report);
  if (body.kind === "provider") return;
  checkIgnoredNames(body.value, body.schema, report);
  // The plugin SDK declares id as optional, and then refuses it.
  const id = body.schema.attributes?.["id"];
  if (body.kind === "resource" && id?.computed === true && id.optional === true) {
    if (isSet(body.value["id"])) report("read-only", "id", "id is read-only: remove it");
  }
}

function checkBlock(
  value: JsonObject,
  { attributes = {}, block_types = {} }: Block,
  meta: readonly string[],
  at: string,
  report: Report,
): void {
  for (const [name, inner] of entriesOf(value)) {
    if (meta.includes(name)) continue;
    const attribute = own(attributes, name);
    const type = own(block_types, name);
    if (attribute) checkAttribute(name, inner, attribute, at, report);
    else if (type) checkBlocks(name, inner, type, at, report);
    else {
      const allowed = [...settable(attributes), ...Object.keys(block_types)];
      report("unknown-name", `${at}${name}`, unknownName(name, allowed));
    }
  }
  for (const [name, attribute] of Object.entries(attributes))
    if (attribute.required && !isSet(value[name]))
      report("missing", `${at}${name}`, `${name} is required, got nothing`);
}

function checkBlocks(
  name: string,
  value: unknown,
  type: BlockType,
  at: string,
  report: Report,
): void {
  if (!isSet(value)) return;
  const items = itemsOf(name, value);
  const max = type.nesting_mode === "single" ? 1 : (type.max_items ?? Number.POSITIVE_INFINITY);
  if (items.length > max)
    report("items", `${at}${name}`, `got ${items.length} blocks, allowed: at most ${max}`);
  for (const { path, value: block } of items) {
    if (isObject(block)) checkBlock(block, type.block, [], `${at}${path}.`, report);
    // Terraform accepts no expression here either: a block is written out.
    else report("nesting", `${at}${path}`, `got ${describe(block)}, allowed: a block (an object)`);
  }
}

function checkAttribute(
  name: string,
  value: unknown,
  attribute: Attribute,
  at: string,
  report: Report,
): void {
  if (!isSet(value)) return;
  const { type, nested_type: nested } = attribute;
  if (attribute.computed && !attribute.optional && !attribute.required)
    report("read-only", `${at}${name}`, `${name} is read-only: remove it`);
  else if (type !== undefined)
    checkType(value, type, `${at}${name}`, isSecret(name, attribute), report);
  else if (nested && !isWholeExpression(value))
    checkBlocks(name, value, { ...nested, block: nested }, at, report);
}

function checkType(
  value: unknown,
  type: TypeExpression,
  path: string,
  secret: boolean,
  report: Report,
): void {
  const template = typeof value === "string" ? parseTemplate(value) : undefined;
  if (template?.broken) {
    report("template", path, `got ${describe(value, secret)}, a \${ is never closed: was it cut?`);
  } else if (template?.whole) {
    return;
  } else if (typeof type === "string") {
    if ((template?.expressions.length ?? 0) > 0) return;
    if (typeof value !== (type === "bool" ? "boolean" : type))
      report("type", path, `got ${describe(value, secret)}, allowed: ${type}`);
  } else if (type[0] === "map" ? isObject(value) : Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value as object))
      if (isSet(inner)) {
        const place = Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`;
        checkType(inner, type[1], place, secret, report);
      }
  } else report("type", path, `got ${describe(value, secret)}, allowed: ${nameOf(type)}`);
}

/** A name in ignore_changes that doesn't exist protects nothing. */
function checkIgnoredNames(body: JsonObject, block: Block, report: Report): void {
  const names = namesOf(block);
  for (const [key, value] of entriesOf(body["lifecycle"])) {
    if (key !== "ignore_changes" || value === "all" || !Array.isArray(value)) continue;
    value.forEach((entry: unknown, index) => {
      const name = String(entry).split(/[.[]/)[0] ?? "";
      if (!names.includes(name)) {
        report("unknown-name", `lifecycle.ignore_changes[${index}]`, unknownName(name, names));
      }
    });
  }
}

/** Every reference in an expression and in depends_on must point at something in the document. */
function checkReferences(
  document: JsonObject,
  bodies: readonly Body[],
  schema: ProviderSchema,
  reportAt: (address: string) => Report,
): void {
  const declared = bodies.filter((body) => body.kind !== "provider").map((body) => body.address);
  const prefixes = providerNames(schema).join("|");
  if (prefixes === "") return;
  const pattern = new RegExp(
    String.raw`(?<![\w.-])(data\.)?((?:${prefixes})_\w+)\.([A-Za-z_][\w-]*)` +
      String.raw`(?:(?:\[[^\]]*\])?\.([a-z_]\w*))?`,
    "g",
  );
  const check = (text: string, path: string, report: Report) => {
    for (const [, data, type = "", name, attribute] of text.matchAll(pattern)) {
      const address = `${data ?? ""}${type}.${name}`;
      const block = blockOf(schema, data === undefined ? "resource" : "data", type);
      if (!declared.includes(address))
        report("unknown-reference", path, unknownName(address, declared));
      else if (block && attribute !== undefined && !namesOf(block).includes(attribute))
        report("unknown-reference", path, `${address}: ${unknownName(attribute, namesOf(block))}`);
    }
  };
  for (const { address, value } of [...bodies, ...outsideBodies(document)]) {
    const report = reportAt(address);
    for (const [path, text] of stringsIn(value, "")) {
      if (/^depends_on\[/.test(path)) check(text, path, report);
      else
        for (const expression of parseTemplate(text).expressions) check(expression, path, report);
    }
  }
}

function outsideBodies(document: JsonObject): { address: string; value: unknown }[] {
  return ["locals", "module", "output"].flatMap((kind) =>
    entriesOf(document[kind]).map(([name, value]) => ({ address: `${kind}.${name}`, value })),
  );
}

function stringsIn(value: unknown, path: string): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => stringsIn(item, `${path}[${index}]`));
  }
  return entriesOf(value).flatMap(([key, item]) =>
    stringsIn(item, path === "" ? key : `${path}.${key}`),
  );
}

const isSet = (value: unknown): boolean => value !== undefined && value !== null;

const isWholeExpression = (value: unknown): boolean =>
  typeof value === "string" && parseTemplate(value).whole;

const namesOf = ({ attributes = {}, block_types = {} }: Block): string[] => [
  ...Object.keys(attributes),
  ...Object.keys(block_types),
];

const settable = (attributes: Readonly<Record<string, Attribute>>): string[] =>
  Object.keys(attributes).filter(
    (name) => attributes[name]?.optional || attributes[name]?.required,
  );

function unknownName(name: string, allowed: readonly string[]): string {
  const near = nearest(name, allowed);
  const hint =
    near === undefined ? `allowed: ${allowed.join(", ") || "none"}` : `did you mean ${near}?`;
  return `unknown name ${JSON.stringify(name)}, ${hint}`;
}

/** What a value is, for a message; never the value of a secret. */
function describe(value: unknown, secret = false): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (secret) return `a ${typeof value}`;
  const text = String(value);
  return `the ${typeof value} ${JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : value)}`;
}

const nameOf = (type: TypeExpression): string =>
  typeof type === "string" ? type : `${type[0]} of ${nameOf(type[1])}`;
