export { type Access, access } from "./access.ts";
export { HetznerApi, type Item, KINDS, type Kind, type OfferedType } from "./api.ts";
