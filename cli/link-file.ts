import { readFileSync, statSync } from "node:fs";
import { BadInput, badInput } from "../modules/common/input/index.ts";

/**
 * What stands in a file of links, or comes by standard input.
 *
 * @param file `-`: standard input
 * @param absent what is given when there is no such file; none: that is refused
 * @throws BadInput when it isn't there, or others may read it
 */
export function linkFileText(file: string, absent?: string): string {
  const refuse = (message: string): never => {
    throw badInput(file, message);
  };
  try {
    // A pipe belongs to the person who made it.
    if (file !== "-" && (statSync(file).mode & 0o077) !== 0)
      return refuse(
        "others can read it, and its links let people in: chmod 600, then run it again",
      );
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    if (error instanceof BadInput) throw error;
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" && absent !== undefined ? absent : refuse(`can't be read (${code})`);
  }
}
