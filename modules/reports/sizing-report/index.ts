export { calibrationChart, costChart, loadChart, type Priced } from "./charts.ts";
export {
  type Cost,
  type CostData,
  costOf,
  demandText,
  euro,
  type Source,
  sourceOf,
} from "./cost.ts";
export { type SizePage, sizePage } from "./page.ts";
export { type Procurement, type ProcurementContext, procurementOf } from "./procurement.ts";
export type { SpecItem, SpecSheet } from "./spec-items.ts";
export { type SpecData, specSheets } from "./spec-machines.ts";
export { specMarkdown, specYaml } from "./spec-text.ts";
