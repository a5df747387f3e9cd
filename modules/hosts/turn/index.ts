export { listening } from "./config.ts";
export { type TurnLimits, turnLimits } from "./limits.ts";
export { turnPart } from "./part.ts";
