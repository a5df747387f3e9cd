export { allChecks, type Check, type RecordId, serversOf } from "./checks.ts";
export { loadOwnRules } from "./own-rules.ts";
export { packOf, type RulesIdentity, rulesIdentity } from "./pack.ts";
