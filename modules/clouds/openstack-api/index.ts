export type { Item, Listing } from "./api.ts";
export { openstack } from "./cloud.ts";
export { type CloudEntry, cloudsFile, readCloud } from "./clouds.ts";
export { connect } from "./project.ts";
