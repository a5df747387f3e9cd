export { terraformEnvironment } from "./environment.ts";
export { completeImported } from "./imported.ts";
export {
  type DeployOptions,
  engine,
  type Planned,
  type PlanRecord,
  planFolder,
  planInstance,
  readPlan,
  refuseOtherRules,
} from "./plan.ts";
