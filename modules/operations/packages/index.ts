export { pinPackages } from "./packages.ts";
