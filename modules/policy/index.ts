export { judge } from "./engine.ts";
export { MANAGEMENT_PORTS, type ManagementPort } from "./management-ports.ts";
export { OPENSTACK_PACK, WAIVABLE, withOwnRules } from "./packs.ts";
export type { Level, LooksAt, Pack, PlanJson, PolicyInput, Rule, TerraformJson } from "./types.ts";
