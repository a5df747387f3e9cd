export { offlineEnvironment, terraformEnvironment } from "./environment.ts";
export { completeImported } from "./imported.ts";
export { appliedBlueprint, lastPlan, type NotedPlan, notedRecord, notePlan } from "./noted.ts";
export { type DeployOptions, engine, type Planned, planInstance } from "./plan.ts";
export { digestOf, type PlanRecord, planFolder, readPlan, refuseOtherRules } from "./record.ts";
