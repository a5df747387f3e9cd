/**
 * A type as Terraform writes it in JSON: `"string"`, `["list", "string"]`. Objects occur too, in what is
 * read-only; what can be written has these forms alone, and a test holds the committed schemas to that.
 */
export type TypeExpression =
  | "string"
  | "number"
  | "bool"
  | readonly ["list" | "set" | "map", TypeExpression];

export interface Attribute {
  readonly type?: TypeExpression;
  readonly nested_type?: NestedType;
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly computed?: boolean;
  readonly sensitive?: boolean;
}

type NestingMode = "single" | "list" | "set";

interface NestedType {
  readonly nesting_mode: NestingMode;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface BlockType {
  readonly nesting_mode: NestingMode;
  readonly block: Block;
  readonly max_items?: number;
}

export interface Block {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly block_types?: Readonly<Record<string, BlockType>>;
}

/** The part of one provider. */
interface ProviderTypes {
  readonly provider?: { readonly block: Block };
  readonly resource_schemas?: Readonly<Record<string, { readonly block: Block }>>;
  readonly data_source_schemas?: Readonly<Record<string, { readonly block: Block }>>;
}

/** What `terraform providers schema -json` prints, or a subset of it (providers/openstack/schema.json). */
export interface ProviderSchema {
  readonly provider_schemas: Readonly<Record<string, ProviderTypes>>;
}

/** Names of secrets. Providers mark few: OpenStack's leaves out application_credential_secret and token. */
const SECRET = /(^|_)(pass|password|passphrase|secret|token|private_key)$/;

/** Whether an attribute holds a secret, by the provider's schema or by the attribute's name. */
export function isSecret(name: string, attribute: Attribute): boolean {
  return attribute.sensitive === true || SECRET.test(name);
}
