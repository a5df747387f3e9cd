import { lstatSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { badInput } from "../modules/common/input/index.ts";
import { note } from "./terminal.ts";

/**
 * Writes to a new or a regular file, beside it first, so that an interrupt never leaves half a file.
 *
 * @param file `-` is standard output
 * @throws BadInput for a device, a FIFO, a folder or a link: a rename would put a file in its place
 */
export function writeResult(text: string, file: string): void {
  if (file === "-") {
    process.stdout.write(text);
    return;
  }
  const there = lstatSync(file, { throwIfNoEntry: false });
  if (there && !there.isFile()) {
    const message = there.isSymbolicLink()
      ? "is a link: name the file that it leads to"
      : "is no regular file: name another, or - for standard output";
    throw badInput(file, message);
  }
  const partial = `${file}.${process.pid}.part`;
  try {
    writeFileSync(partial, text);
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such folder" : `can't be written (${code})`;
    throw badInput(file, why);
  }
  note(`wrote ${file}`);
}
