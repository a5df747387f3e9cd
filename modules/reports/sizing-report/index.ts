export { calibrationChart, costChart, loadChart, type Priced } from "./charts.ts";
export { type SizePage, sizePage } from "./page.ts";
export {
  type Alternative,
  type Procurement,
  type ProcurementContext,
  procurementOf,
  type SpecItem,
  type SpecSheet,
  specMarkdown,
  specSheets,
  specYaml,
} from "./spec-sheet.ts";
