export { type Entry, type Issued, sumOf } from "./line.ts";
export { addToIssueLog, type IssueLog, logKeyPrint, readIssueLog, type Writer } from "./log.ts";
export { issuedIn, keysInUse, revokedText } from "./revoked.ts";
