export { FOLDER, gateSettings, PLUGINS, publicHosts, REVOKED_FOLDER } from "./config.ts";
export { gateFiles } from "./files.ts";
export { gateHosts } from "./hosts.ts";
export { limitsOf } from "./limits.ts";
export { pseudonymOf } from "./pseudonym.ts";
