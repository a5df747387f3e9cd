export { ANY_PLAN_RULES, evaluateAnyPlan, isPlan } from "./any-plan.ts";
export { evaluate } from "./engine.ts";
export { MANAGEMENT_PORTS, type ManagementPort } from "./management-ports.ts";
export { ALL_RULES, PACKS, withOwnRules } from "./packs.ts";
export { type Action, lostNames, type PlannedChange, plannedChanges } from "./planned-changes.ts";
export type { Level, LooksAt, Pack, PlanJson, PolicyInput, Rule, TerraformJson } from "./types.ts";
