export { type Options, type StandIn, start } from "./api.ts";
