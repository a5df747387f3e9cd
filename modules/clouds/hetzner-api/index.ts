export { access } from "./access.ts";
export { HetznerApi, KINDS } from "./api.ts";
export { hetzner } from "./cloud.ts";
