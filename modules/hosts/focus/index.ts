export { focusFragment } from "./fragment.ts";
export { jicofoFragment } from "./jicofo.ts";
