export { buildFolder, TOOLKIT, WORKSPACE } from "./folders.ts";
export { type ToolkitIdentity, toolkitIdentity, VERSION } from "./identity.ts";
