export { checkAgainstSchema, type ProblemKind, type SchemaProblem } from "./check.ts";
export type { ProviderSchema } from "./schema.ts";
export { type SensitiveAttribute, sensitiveAttributesSet } from "./sensitive.ts";
export { findTokens, type TokenLeak } from "./tokens.ts";
