export { loadOwnRules } from "./own-rules.ts";
export { packOf } from "./pack.ts";
