export { type Applied, type ApplyOptions, applyInstance } from "./apply.ts";
