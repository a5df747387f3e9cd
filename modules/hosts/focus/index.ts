export { jicofoFragment } from "./jicofo.ts";
