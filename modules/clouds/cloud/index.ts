export { type Beside, besideFindings, type Foreign, sortForeign } from "./beside.ts";
export {
  type Cloud,
  type ImportBlock,
  type Imported,
  type Leftover,
  type OfferedFlavour,
  type PutText,
  type StatusNames,
  standsIn,
  type Unmanaged,
} from "./cloud.ts";
export { endpointProblem, isLoopback } from "./endpoint.ts";
export type { PlanRead } from "./plan-read.ts";
