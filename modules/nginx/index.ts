export { PROCESS, TEMPORARY, TLS } from "./config.ts";
export { nginxPart } from "./part.ts";
export { CONFIG, DROP_IN, dropIn, nginxCheck, UNIT } from "./service.ts";
