export { drawNetwork } from "./draw.ts";
