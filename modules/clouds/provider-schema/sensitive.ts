import { bodiesOf, entriesOf, isObject, itemsOf, own } from "./document.ts";
import { type Block, isSecret, type ProviderSchema } from "./schema.ts";

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

function inBlock(value: unknown, { attributes = {}, block_types = {} }: Block): string[] {
  return entriesOf(value).flatMap(([name, inner]) => {
    if (inner === null || inner === undefined) return [];
    const attribute = own(attributes, name);
    if (attribute && isSecret(name, attribute)) return [name];
    const block = attribute?.nested_type ?? own(block_types, name)?.block;
    if (!block) return [];
    return itemsOf(name, inner).flatMap((item) =>
      inBlock(item.value, block).map((path) => `${item.path}.${path}`),
    );
  });
}
