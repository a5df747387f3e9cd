export { certificateWatchPart } from "./certificate-watch.ts";
export { monitorPart } from "./part.ts";
