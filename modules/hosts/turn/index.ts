export { listening } from "./config.ts";
export { turnFragment } from "./fragment.ts";
export { type TurnLimits, turnLimits } from "./limits.ts";
