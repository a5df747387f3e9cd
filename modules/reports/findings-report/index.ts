export { htmlOf, PAGE_STYLE } from "./html.ts";
export { junitOf } from "./junit.ts";
export type { AuditReport, ReportedRule } from "./report.ts";
export { sarifOf } from "./sarif.ts";
