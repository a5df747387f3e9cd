export { appliedFile, noteApplied, readApplied } from "./applied.ts";
export { readJson } from "./read-json.ts";
export {
  IMPORT_FILE,
  inputOf,
  policyInput,
  prepareStateFolder,
  type StackOptions,
  type Synthesis,
  stackFolder,
  UNREAD_FILE,
  writeLockFile,
  writeStacks,
} from "./working-folder.ts";
