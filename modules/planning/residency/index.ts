export { type DatedRemark, evaluateAsOf, type ResidencyAsOf } from "./as-of.ts";
export { inEea } from "./countries.ts";
export {
  evaluateResidency,
  openChecks,
  type RecordedFact,
  type ResidencyCheck,
  type ResidencyVerdict,
  wayOut,
} from "./evaluate.ts";
export {
  type CloudKind,
  type Fact,
  type Flavour,
  factsOf,
  type Location,
  locationJsonSchema,
  locationSchema,
  type PlatformLocation,
  shownValue,
} from "./location.ts";
export { isResidencyWaiver, PROFILE_NAMES, RESIDENCY_WAIVERS } from "./profiles.ts";
export { classificationSchema, type ResidencyRules, termsSchema } from "./rules.ts";
