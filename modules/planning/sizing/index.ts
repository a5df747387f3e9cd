export {
  asPromised,
  type Calibration,
  type Comparison,
  type CoreModel,
  calibrationSchema,
  compare,
  coreModel,
  coresFor,
  type Fit,
  fitCurve,
  type MeasuredMachine,
  type OwnCalibration,
  ownCalibrationSchema,
  PROMISE,
  plannedCores,
  scoreOf,
  weightOf,
} from "./calibration.ts";
export {
  type Catalogue,
  catalogueSchema,
  type Offer,
  offersOf,
  type Servers,
  serversSchema,
} from "./catalogue.ts";
export { type FigureName, type Figures, figureOf, figuresSchema } from "./figures.ts";
export { type InternetTraffic, internetOf } from "./internet.ts";
export { type Load, loadOf } from "./load.ts";
export { type Planner, type PlanOptions, plannerOn, planSizing, type Size } from "./plan.ts";
export {
  averageShare,
  type Day,
  daySchema,
  HOURS_A_MONTH,
  type Hour,
  monthlyCost,
  type Schedule,
  type Span,
  scheduleOf,
  spansOf,
} from "./schedule.ts";
export { SINGLE_GIVES_UP } from "./single.ts";
export {
  bridgeShards,
  type Constraint,
  type FleetGroup,
  flavoursOf,
  fleetText,
  mainGroup,
  monthlyOf,
  type PlanData,
  type Role,
  type RoleSize,
  type ShardSize,
  type Sizing,
  sizeOfRole,
  Unplannable,
} from "./sizing.ts";
export { whatIf } from "./what-if.ts";
