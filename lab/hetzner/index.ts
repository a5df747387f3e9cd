export { type Options, projectName, type StandIn, start } from "./api.ts";
