import { closeSync, existsSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";

/** Writes a file so that a reader, also after a full disk or a kill, sees the old one or all of it. */
export function writeAtomically(path: string, text: string, mode = 0o600): void {
  try {
    writeFileSync(`${path}.new`, text, { mode });
    renameSync(`${path}.new`, path);
  } finally {
    rmSync(`${path}.new`, { force: true });
  }
}

/**
 * Whether a file could be written so now: all of it but the last step. For what can't be made a second time.
 *
 * @param bytes about as many as will be written
 * @throws Error as writeAtomically would
 */
export function tryWriting(path: string, bytes: number): void {
  // A folder can be opened for no writing.
  if (existsSync(path)) closeSync(openSync(path, "r+"));
  try {
    writeFileSync(`${path}.new`, Buffer.alloc(bytes), { mode: 0o600 });
  } finally {
    rmSync(`${path}.new`, { force: true });
  }
}
