export { type TurnLimits, turnLimits } from "./limits.ts";
export { turnPart } from "./part.ts";
