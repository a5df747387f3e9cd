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
} from "./plan.ts";
