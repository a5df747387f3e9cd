export { processSettings, TEMPORARY, TLS } from "./config.ts";
export { type Limits, limitsOf } from "./limits.ts";
export { nginxPart } from "./part.ts";
export { CONFIG, DROP_IN, dropIn, nginxCheck, UNIT } from "./service.ts";
