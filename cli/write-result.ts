import { renameSync, rmSync, writeFileSync } from "node:fs";
import { BadInput } from "../modules/input/index.ts";
import { note } from "./terminal.ts";

/** Writes beside the file first, so that an interrupt never leaves half a file. */
export function writeResult(text: string, file: string): void {
  if (file === "-") {
    process.stdout.write(text);
    return;
  }
  const partial = `${file}.${process.pid}.part`;
  try {
    writeFileSync(partial, text);
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such folder" : `can't be written (${code})`;
    throw new BadInput([{ file, message: why }]);
  }
  note(`wrote ${file}`);
}
