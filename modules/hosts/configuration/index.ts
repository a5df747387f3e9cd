export {
  bytesOf,
  type Check,
  type HostConfiguration,
  type HostFile,
  type Packages,
  type Unit,
  type Unpacked,
} from "./configuration.ts";
export { heading } from "./heading.ts";
export type { JitsiFragments, MakeFragment, StandIns } from "./jitsi-fragments.ts";
export { type Fragment, mergeFragments } from "./merge.ts";
export { type Programs, programText } from "./programs.ts";
export { type Reference, reference, referencesIn } from "./reference.ts";
