export { type DriftOptions, findDrift } from "./drift.ts";
