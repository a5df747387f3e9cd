export { monitorFragment } from "./fragment.ts";
export { watchFragment } from "./watch.ts";
