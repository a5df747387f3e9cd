export { type FigureName, type Figures, figuresSchema } from "./figures.ts";
export { figureOf, type Load, loadOf } from "./load.ts";
export {
  type Constraint,
  planSizing,
  type Role,
  type RoleSize,
  type Sizing,
  Unplannable,
} from "./plan.ts";
