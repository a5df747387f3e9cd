export { WEAKENINGS } from "./cross-checks.ts";
export { instanceJsonSchema, overridesJsonSchema } from "./json-schema.ts";
export { type Logo, logoProblem, MOST_LOGO_BYTES, readLogo } from "./logo.ts";
export type { ReadOptions } from "./options.ts";
export { type Override, overridesFileSchema } from "./overrides.ts";
export { isWaivable, POLICY_RULE_IDS, type PolicyRuleId } from "./policy-rules.ts";
export { readInstance } from "./read.ts";
export {
  adminsFileSchema,
  type Classification,
  type Instance,
  instanceSchema,
  type MeetingKind,
  type ResidencyProfile,
  type WaiverEntry,
} from "./schema.ts";
export { sshKeyProblem } from "./ssh-key.ts";
