export { type CatalogueRow, catalogueMarkdown, catalogueOf } from "./catalogue.ts";
export { type CertificateFacts, certificateFacts, type Validation } from "./certificate.ts";
export { type ChainWanted, chainProblems } from "./chain.ts";
export { checkCertificates } from "./check-certificates.ts";
export { LIFETIME, RENEW_BEFORE, secretsOf } from "./secrets-of.ts";
export type { SecretKind, SecretSpec } from "./spec.ts";
