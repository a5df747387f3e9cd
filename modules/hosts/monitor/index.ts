export { monitorPart } from "./part.ts";
export { watchPart } from "./watch.ts";
