export { type Audited, auditFolder } from "./audit.ts";
