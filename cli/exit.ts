import { BadInput } from "../modules/common/input/index.ts";

/** What `polder` exits with. */
export const EXIT = {
  done: 0,
  findings: 1,
  badInput: 2,
  outside: 3,
  bug: 70,
  interrupted: 130,
} as const;

/** A check found something: the findings are printed already, this ends the command with 1. */
export class FindingsFound extends Error {
  override readonly name = "FindingsFound";
  readonly exitCode = EXIT.findings;
}

/** Ended by its user before it was done; what it found until then is printed already. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly exitCode = EXIT.interrupted;
}

/** What the machine may refuse with any file. */
const MACHINE: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full: make room",
  EDQUOT: "the disk quota is used up: make room",
  EACCES: "may not be read or written: run as its owner",
  EPERM: "may not be changed: run as its owner",
  EROFS: "lies on a read-only file system: make it writable",
  ENOTDIR: "has a file where a folder must be: move it away",
  EISDIR: "is a folder where a file must be: move it away",
};

/** Prints an error as its reader needs it (a stack trace for a bug only) and gives the exit code. */
export function report(error: unknown, print: (line: string) => void): number {
  if (error instanceof BadInput || (error instanceof Error && "exitCode" in error)) {
    for (const line of error.message.split("\n")) print(line);
    return error instanceof BadInput ? EXIT.badInput : Number(error.exitCode);
  }
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  // Node makes ENOENT of a read-only file system when it makes a folder with its parents.
  const what = MACHINE[code === "ENOENT" && syscall === "mkdir" ? "EROFS" : (code ?? "")];
  if (what !== undefined) {
    print(`${path ?? "a file"}: ${what}, then run it again`);
    return EXIT.outside;
  }
  print(`this is a bug in polder: ${error instanceof Error ? error.stack : String(error)}`);
  return EXIT.bug;
}
