export { processSettings, TEMPORARY, TLS } from "./config.ts";
export { nginxFragment } from "./fragment.ts";
export { type Limits, limitsOf } from "./limits.ts";
export { forHosts, HOST_KEY, hostKeyFile, hostsByCertificate } from "./mutual.ts";
export { ARRIVE } from "./page.ts";
export { CONFIG, DROP_IN, dropIn, nginxCheck, UNIT } from "./service.ts";
export { controlOf } from "./shards.ts";
