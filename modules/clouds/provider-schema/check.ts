import { nearest } from "../../common/input/index.ts";
import {
  type Body,
  blockOf,
  bodiesOf,
  entriesOf,
  isObject,
  itemsOf,
  type JsonObject,
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

const TOP_LEVEL = [
  "check",
  "data",
  "ephemeral",
  "import",
  "locals",
  "module",
  "moved",
  "output",
  "provider",
  "removed",
  "resource",
  "terraform",
  "variable",
];
const META = {
  resource: [
    "connection",
    "count",
    "depends_on",
    "for_each",
    "lifecycle",
    "provider",
    "provisioner",
  ],
  data: ["count", "depends_on", "for_each", "lifecycle", "provider"],
  provider: ["alias", "version"],
} as const;

type Report = (kind: ProblemKind, path: string, message: string) => void;

/**
 * Checks a synthesised Terraform document (`cdk.tf.json`, parsed) against the provider's schema,
 * without terraform and without the provider.
 *
 * It sees names, nesting, numbers of blocks, types, references and what is read-only. It does not
 * see the provider's own rules on values (ranges, conflicts); `terraform validate` does. Stricter than
 * Terraform in one thing: a string is not a number or a boolean here, though Terraform would convert.
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
  block: Block,
  meta: readonly string[],
  at: string,
  report: Report,
): void {
  const attributes = block.attributes ?? {};
  const blockTypes = block.block_types ?? {};
  const dynamic = new Set(entriesOf(value["dynamic"]).map(([name]) => name));
  for (const [name, inner] of entriesOf(value)) {
    const path = `${at}${name}`;
    if (meta.includes(name)) continue;
    if (name === "dynamic" && !Object.hasOwn(attributes, name)) {
      checkDynamic(inner, blockTypes, path, report);
    } else if (Object.hasOwn(attributes, name)) {
      const attribute = attributes[name];
      if (attribute !== undefined) checkAttribute(inner, attribute, path, report);
    } else if (Object.hasOwn(blockTypes, name)) {
      const type = blockTypes[name];
      if (type !== undefined) checkBlocks(name, inner, type, at, dynamic.has(name), report);
    } else {
      const allowed = [...settable(attributes), ...Object.keys(blockTypes)];
      report("unknown-name", path, unknownName(name, allowed));
    }
  }
  for (const [name, attribute] of Object.entries(attributes)) {
    if (attribute.required === true && !isSet(value[name])) {
      report("missing", `${at}${name}`, `${name} is required, got nothing`);
    }
  }
  for (const [name, type] of Object.entries(blockTypes)) {
    if ((type.min_items ?? 0) > 0 && !isSet(value[name]) && !dynamic.has(name)) {
      report("missing", `${at}${name}`, `at least ${type.min_items} ${name} block is required`);
    }
  }
}

function checkBlocks(
  name: string,
  value: unknown,
  type: BlockType,
  at: string,
  moreByDynamic: boolean,
  report: Report,
): void {
  if (!isSet(value)) return;
  if (type.nesting_mode === "map" && !isObject(value)) {
    report(
      "nesting",
      `${at}${name}`,
      `got ${describe(value)}, allowed: an object of blocks by label`,
    );
    return;
  }
  const items = itemsOf(name, type, value);
  const max = type.nesting_mode === "single" || type.nesting_mode === "group" ? 1 : type.max_items;
  if (max !== undefined && items.length > max) {
    report("items", `${at}${name}`, `got ${items.length} blocks, allowed: at most ${max}`);
  }
  // A dynamic block adds to the number, so too few is only certain without one.
  if (!moreByDynamic && items.length < (type.min_items ?? 0)) {
    report(
      "items",
      `${at}${name}`,
      `got ${items.length} blocks, allowed: at least ${type.min_items}`,
    );
  }
  for (const item of items) {
    if (isObject(item.value)) {
      checkBlock(item.value, type.block, [], `${at}${item.path}.`, report);
    } else {
      // Terraform accepts no expression here either: a block is written out.
      report(
        "nesting",
        `${at}${item.path}`,
        `got ${describe(item.value)}, allowed: a block (an object)`,
      );
    }
  }
}

function checkDynamic(
  value: unknown,
  blockTypes: Readonly<Record<string, BlockType>>,
  at: string,
  report: Report,
): void {
  for (const [name, inner] of entriesOf(value)) {
    const type = Object.hasOwn(blockTypes, name) ? blockTypes[name] : undefined;
    if (type === undefined) {
      report("unknown-name", `${at}.${name}`, unknownName(name, Object.keys(blockTypes)));
      continue;
    }
    for (const body of Array.isArray(inner) ? inner : [inner]) {
      const content: unknown = isObject(body) ? body["content"] : undefined;
      if (isObject(body) && isSet(body["for_each"]) && isObject(content)) {
        checkBlock(content, type.block, [], `${at}.${name}.content.`, report);
      } else {
        report("nesting", `${at}.${name}`, "a dynamic block needs for_each and content");
      }
    }
  }
}

function checkAttribute(value: unknown, attribute: Attribute, path: string, report: Report): void {
  if (!isSet(value)) return;
  if (attribute.computed === true && attribute.optional !== true && attribute.required !== true) {
    report("read-only", path, `${lastName(path)} is read-only: remove it`);
    return;
  }
  const secret = isSecret(lastName(path), attribute);
  if (attribute.nested_type !== undefined) {
    const { nesting_mode, attributes = {} } = attribute.nested_type;
    if (isWholeExpression(value)) return;
    checkBlocks(
      lastName(path),
      value,
      { nesting_mode, block: { attributes } },
      path.slice(0, path.length - lastName(path).length),
      false,
      report,
    );
  } else if (attribute.type !== undefined) {
    checkType(value, attribute.type, path, secret, report);
  }
}

function checkType(
  value: unknown,
  type: TypeExpression,
  path: string,
  secret: boolean,
  report: Report,
): void {
  if (typeof value === "string" && parseTemplate(value).broken) {
    report("template", path, `got ${describe(value, secret)}, a \${ is never closed: was it cut?`);
    return;
  }
  if (type === "dynamic" || isWholeExpression(value)) return;
  if (!hasForm(value, type)) {
    report("type", path, `got ${describe(value, secret)}, allowed: ${nameOf(type)}`);
    return;
  }
  for (const [key, element] of elementsOf(value, type)) {
    const inner = `${path}${Array.isArray(value) ? `[${key}]` : `.${key}`}`;
    if (element === undefined) report("unknown-name", inner, unknownName(key, fieldsOf(type)));
    else if (isSet(element.value)) checkType(element.value, element.type, inner, secret, report);
  }
  for (const field of missingFields(value, type)) {
    report("missing", `${path}.${field}`, `${field} is required (null will do), got nothing`);
  }
}

/** Whether a value is written as its type asks, not looking inside lists, maps and objects. */
function hasForm(value: unknown, type: TypeExpression): boolean {
  if (type === "dynamic") return true;
  if (typeof type === "string") {
    if (typeof value === "string" && parseTemplate(value).expressions.length > 0) return true;
    return typeof value === (type === "bool" ? "boolean" : type);
  }
  if (type[0] === "map" || type[0] === "object") return isObject(value);
  return Array.isArray(value) && (type[0] !== "tuple" || value.length === type[1].length);
}

type Element = { readonly value: unknown; readonly type: TypeExpression };

/** What a value of a compound type holds, with the type of each; undefined for an unknown field. */
function elementsOf(value: unknown, type: TypeExpression): [string, Element | undefined][] {
  if (typeof type === "string") return [];
  return Object.entries(value as object).map(([key, inner]: [string, unknown]) => {
    const innerType = typeOfElement(type, key);
    return [key, innerType === undefined ? undefined : { value: inner, type: innerType }];
  });
}

function typeOfElement(
  type: Exclude<TypeExpression, string>,
  key: string,
): TypeExpression | undefined {
  if (type[0] === "object") return Object.hasOwn(type[1], key) ? type[1][key] : undefined;
  return type[0] === "tuple" ? type[1][Number(key)] : type[1];
}

function fieldsOf(type: TypeExpression): string[] {
  return typeof type !== "string" && type[0] === "object" ? Object.keys(type[1]) : [];
}

function missingFields(value: unknown, type: TypeExpression): string[] {
  if (typeof type === "string" || type[0] !== "object") return [];
  const optional = type[2] ?? [];
  return Object.keys(type[1]).filter(
    (field) => !Object.hasOwn(value as object, field) && !optional.includes(field),
  );
}

/** A name in ignore_changes that doesn't exist protects nothing. */
function checkIgnoredNames(body: JsonObject, block: Block, report: Report): void {
  const names = [...Object.keys(block.attributes ?? {}), ...Object.keys(block.block_types ?? {})];
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
      if (!declared.includes(address)) {
        report("unknown-reference", path, unknownName(address, declared));
      } else if (block !== undefined && attribute !== undefined) {
        const names = [
          ...Object.keys(block.attributes ?? {}),
          ...Object.keys(block.block_types ?? {}),
        ];
        if (!names.includes(attribute)) {
          report("unknown-reference", path, `${address}: ${unknownName(attribute, names)}`);
        }
      }
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

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isWholeExpression(value: unknown): boolean {
  return typeof value === "string" && parseTemplate(value).whole;
}

function settable(attributes: Readonly<Record<string, Attribute>>): string[] {
  return Object.entries(attributes)
    .filter(([, attribute]) => attribute.optional === true || attribute.required === true)
    .map(([name]) => name);
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}

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

function nameOf(type: TypeExpression): string {
  if (typeof type === "string") return type;
  return type[0] === "object" || type[0] === "tuple" ? type[0] : `${type[0]} of ${nameOf(type[1])}`;
}
