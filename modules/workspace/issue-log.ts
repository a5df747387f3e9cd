import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  addToIssueLog,
  type Entry,
  type IssueLog,
  readIssueLog,
  type Writer,
} from "../meetings/issue-log/index.ts";
import { writeAtomically } from "./write-atomically.ts";

/** What was issued and revoked, in the instance's folder. */
export const issueLogFile = (folder: string): string => join(folder, "issued.jsonl");

/** @throws BadInput when a line isn't as it was written. */
export function loadIssueLog(folder: string): IssueLog {
  const file = issueLogFile(folder);
  return readIssueLog(existsSync(file) ? readFileSync(file, "utf8") : "", file);
}

/** Adds lines to the log as it stands, all or none. */
export function writeIssueLog(folder: string, entries: readonly Entry[], writer: Writer): IssueLog {
  const file = issueLogFile(folder);
  const log = addToIssueLog(loadIssueLog(folder), entries, writer, file);
  writeAtomically(file, log.text, 0o644);
  return log;
}
