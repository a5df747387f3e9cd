export { fetchRelease } from "./archive.ts";
export { pinPackages } from "./packages.ts";
