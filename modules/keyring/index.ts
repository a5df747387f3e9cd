export { type CatalogueRow, catalogueMarkdown, catalogueOf } from "./catalogue.ts";
export { LIFETIME, RENEW_BEFORE, secretsOf } from "./secrets-of.ts";
export type { SecretKind, SecretSpec } from "./spec.ts";
