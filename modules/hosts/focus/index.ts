export { focusFragment } from "./fragment.ts";
