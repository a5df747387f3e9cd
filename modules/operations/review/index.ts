export type { ReviewLine, Risk } from "./line.ts";
export { endsWith, reviewOf } from "./review.ts";
