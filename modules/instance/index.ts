export { WEAKENINGS } from "./cross-checks.ts";
export { instanceJsonSchema } from "./json-schema.ts";
export type { ReadOptions } from "./options.ts";
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
