export { heading } from "./heading.ts";
export { mergeParts, type TreePart } from "./merge.ts";
export { type Programs, programText } from "./programs.ts";
export { type Reference, reference, referencesIn } from "./reference.ts";
export type { Check, HostTree, Packages, TreeFile, Unit } from "./tree.ts";
