export { focusPart } from "./part.ts";
