import { bodiesOf, entriesOf, isObject, itemsOf } from "./document.ts";
import { type Attribute, type Block, isSecret, type ProviderSchema } from "./schema.ts";

/** An attribute that holds a secret (by the schema or by its name) and that the document sets. */
export interface SensitiveAttribute {
  readonly address: string;
  readonly path: string;
}

/**
 * Lists the attributes with secrets that a Terraform document sets: each is a secret that lands in the
 * document, the plan and the state. Never the values. Polder's own stacks must give an empty list.
 */
export function sensitiveAttributesSet(
  terraformJson: unknown,
  schema: ProviderSchema,
): SensitiveAttribute[] {
  if (!isObject(terraformJson)) return [];
  return bodiesOf(terraformJson, schema).flatMap(({ address, value, schema: block }) =>
    block === undefined ? [] : inBlock(value, block).map((path) => ({ address, path })),
  );
}

function inBlock(value: unknown, block: Block): string[] {
  return entriesOf(value).flatMap(([name, inner]) => {
    if (inner === null || inner === undefined) return [];
    const attribute = own(block.attributes, name);
    if (attribute !== undefined) return inAttribute(name, inner, attribute);
    if (name === "dynamic") return inDynamic(inner, block);
    const type = own(block.block_types, name);
    if (type === undefined) return [];
    return itemsOf(name, type, inner).flatMap((item) =>
      inBlock(item.value, type.block).map((path) => `${item.path}.${path}`),
    );
  });
}

function inDynamic(value: unknown, block: Block): string[] {
  return entriesOf(value).flatMap(([name, inner]) => {
    const type = own(block.block_types, name);
    if (type === undefined) return [];
    const bodies: unknown[] = Array.isArray(inner) ? inner : [inner];
    return bodies.flatMap((body) =>
      isObject(body)
        ? inBlock(body["content"], type.block).map((path) => `dynamic.${name}.content.${path}`)
        : [],
    );
  });
}

function inAttribute(name: string, value: unknown, attribute: Attribute): string[] {
  if (isSecret(name, attribute)) return [name];
  const nested = attribute.nested_type?.attributes;
  if (nested === undefined) return [];
  const type = { nesting_mode: attribute.nested_type?.nesting_mode ?? "single", block: {} };
  return itemsOf(name, type, value).flatMap((item) =>
    inBlock(item.value, { attributes: nested }).map((inner) => `${item.path}.${inner}`),
  );
}

function own<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}
