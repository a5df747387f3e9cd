export { appliedFile, noteApplied, readApplied } from "./applied.ts";
export { readJson } from "./read-json.ts";
export {
  type Composition,
  expectedOf,
  IMPORT_FILE,
  inputOf,
  policyInput,
  prepareStateFolder,
  prepareToApply,
  renderedHosts,
  type StackOptions,
  type Synthesis,
  stackFolder,
  stateFolderIn,
  UNREAD_FILE,
  withoutOverrides,
  writeLockFile,
  writeStacks,
  writtenInput,
} from "./working-folder.ts";
