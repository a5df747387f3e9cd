export {
  type Adoption,
  type Cloud,
  type Imported,
  type Leftover,
  type Making,
  type OfferedFlavour,
  type PutText,
  type Strangers,
  standsIn,
} from "./cloud.ts";
export { endpointProblem, isLoopback } from "./endpoint.ts";
export type { PlanRead } from "./plan-read.ts";
