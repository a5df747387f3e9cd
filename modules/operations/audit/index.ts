export { type Audited, auditFolders } from "./audit.ts";
