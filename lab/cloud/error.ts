/**
 * What went wrong, in one line that says what to do next.
 *
 * `exitCode` is polder's: 2 for bad input (an environment variable, a project's name), 3 when the
 * machine or the lab failed.
 */
export class LabError extends Error {
  override readonly name: string = "LabError";
  readonly exitCode: 2 | 3;

  constructor(message: string, exitCode: 2 | 3 = 3) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The caller's AbortSignal fired. A lab that was starting is down, with what it had finished. */
export class LabInterrupted extends LabError {
  override readonly name = "LabInterrupted";

  constructor() {
    super("interrupted: what was finished is kept, and `polder lab up` goes on from there");
  }
}
