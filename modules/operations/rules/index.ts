export { loadOwnRules } from "./own-rules.ts";
export { packOf, type RulesIdentity, rulesIdentity } from "./pack.ts";
