import { renameSync, rmSync, writeFileSync } from "node:fs";

/** Writes a file so that a reader, also after a full disk or a kill, sees the old one or all of it. */
export function writeWhole(path: string, text: string, mode = 0o600): void {
  try {
    writeFileSync(`${path}.new`, text, { mode });
    renameSync(`${path}.new`, path);
  } finally {
    rmSync(`${path}.new`, { force: true });
  }
}
