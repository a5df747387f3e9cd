export type { Evidence, ToolkitPackage } from "./evidence.ts";
export { evidenceFiles } from "./files.ts";
export { PAGES } from "./page.ts";
export { NAMESPACE } from "./verify.ts";
