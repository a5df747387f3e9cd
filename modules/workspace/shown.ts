import { isAbsolute, relative } from "node:path";

/** A path as a person would type it: relative when it is below the working directory. */
export function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") || isAbsolute(short) ? path : short;
}
