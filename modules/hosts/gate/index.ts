export { FOLDER, gateSettings, PLUGINS, publicHosts, REVOKED_FOLDER } from "./config.ts";
export { gateFiles } from "./files.ts";
export { gateHosts } from "./hosts.ts";
export { limitsOf } from "./limits.ts";
export { luaList } from "./lua-text.ts";
export { pseudonymOf } from "./pseudonym.ts";
