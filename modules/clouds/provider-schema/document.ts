import type { Block, ProviderSchema } from "./schema.ts";

/** JSON's comment key; CDKTF keeps its metadata there. */
const COMMENT = "//";

export type JsonObject = Readonly<Record<string, unknown>>;

/** One resource, data source or provider of a Terraform document. */
export interface Body {
  readonly kind: "resource" | "data" | "provider";
  /** `openstack_x.name`, `data.openstack_x.name` or `provider.openstack`. */
  readonly address: string;
  /** The resource type, or the provider's local name. */
  readonly type: string;
  readonly value: unknown;
  /** Undefined when the schema doesn't know the type. */
  readonly schema: Block | undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The entries of an object without its comments; Terraform's JSON allows a list of objects too. */
export function entriesOf(value: unknown): [string, unknown][] {
  if (Array.isArray(value)) return value.flatMap(entriesOf);
  if (!isObject(value)) return [];
  return Object.entries(value).filter(([key]) => key !== COMMENT);
}

/** All bodies of a document that a provider's schema describes. */
export function bodiesOf(document: JsonObject, schema: ProviderSchema): Body[] {
  return [
    ...typedBodies(document, schema, "resource"),
    ...typedBodies(document, schema, "data"),
    ...providerBodies(document, schema),
  ];
}

/** The block of a type, from whichever provider has it. */
export function blockOf(
  schema: ProviderSchema,
  kind: "resource" | "data",
  type: string,
): Block | undefined {
  for (const provider of Object.values(schema.provider_schemas)) {
    const types = kind === "data" ? provider.data_source_schemas : provider.resource_schemas;
    const found = own(types ?? {}, type);
    if (found) return found.block;
  }
  return undefined;
}

/** The type names that the schema knows. */
export function typesOf(schema: ProviderSchema, kind: "resource" | "data"): string[] {
  return Object.values(schema.provider_schemas).flatMap((provider) =>
    Object.keys((kind === "data" ? provider.data_source_schemas : provider.resource_schemas) ?? {}),
  );
}

/** The last part of each provider's full name, which is also the prefix of its types. */
export function providerNames(schema: ProviderSchema): string[] {
  return Object.keys(schema.provider_schemas).map((name) => name.split("/").at(-1) ?? name);
}

function typedBodies(
  document: JsonObject,
  schema: ProviderSchema,
  kind: "resource" | "data",
): Body[] {
  return entriesOf(document[kind]).flatMap(([type, named]) =>
    entriesOf(named).map(([name, value]) => ({
      kind,
      address: `${kind === "data" ? "data." : ""}${type}.${name}`,
      type,
      value,
      schema: blockOf(schema, kind, type),
    })),
  );
}

function providerBodies(document: JsonObject, schema: ProviderSchema): Body[] {
  const terraform = Object.fromEntries(entriesOf(document["terraform"]));
  const required = Object.fromEntries(entriesOf(terraform["required_providers"]));
  return entriesOf(document["provider"]).flatMap(([name, value]) => {
    const requirement = required[name];
    const source = isObject(requirement) ? requirement["source"] : undefined;
    const found = Object.entries(schema.provider_schemas).find(([full]) =>
      typeof source === "string"
        ? full === source || full.endsWith(`/${source}`)
        : full.endsWith(`/${name}`),
    );
    const values = Array.isArray(value) ? value : [value];
    return values.map((body: unknown, index) => ({
      kind: "provider" as const,
      address: `provider.${name}${values.length > 1 ? `[${index}]` : ""}`,
      type: name,
      value: body,
      schema: found === undefined ? undefined : (found[1].provider?.block ?? {}),
    }));
  });
}

/** The blocks that are written as one object or as a list of them: `network`, `network[0]`. */
export const itemsOf = (name: string, value: unknown): { path: string; value: unknown }[] =>
  Array.isArray(value)
    ? value.map((item: unknown, index) => ({ path: `${name}[${index}]`, value: item }))
    : [{ path: name, value }];

/** What a record itself has by a name, and not what every object has. */
export const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;
