export type { ReviewLine, Risk } from "./line.ts";
export { ENDS_WITH, reviewOf } from "./review.ts";
