export { checkAgainstSchema, type ProblemKind, type SchemaProblem } from "./check.ts";
export type {
  Attribute,
  Block,
  BlockType,
  NestedType,
  ProviderSchema,
  ProviderTypes,
  TypeExpression,
} from "./schema.ts";
export { type SensitiveAttribute, sensitiveAttributesSet } from "./sensitive.ts";
export { findTokens, type TokenLeak } from "./tokens.ts";
