export {
  type ClassificationRules,
  judgeResidency,
  type ResidencyCheck,
  type ResidencyVerdict,
} from "./judge.ts";
export { type Flavour, type Location, locationSchema } from "./location.ts";
