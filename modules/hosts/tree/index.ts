export { heading } from "./heading.ts";
export { mergeParts, type TreePart } from "./merge.ts";
export { type Programs, programText } from "./programs.ts";
export { type Reference, reference, referencesIn } from "./reference.ts";
export {
  bytesOf,
  type Check,
  type HostTree,
  type Packages,
  type TreeFile,
  type Unit,
} from "./tree.ts";
