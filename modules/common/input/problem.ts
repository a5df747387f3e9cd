/** Where a problem stands in a file; line and column count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong with what a person wrote. */
export interface Problem {
  readonly file: string;
  /** Absent when the whole file is the problem (it is missing, too big). */
  readonly at?: Position;
  /** What was got and what is allowed, one line. */
  readonly message: string;
}

/** A line longer than this helps nobody. */
const MAX_MESSAGE = 600;

/** What a terminal would obey or turn around, written out: a message repeats what somebody else wrote. */
function harmless(text: string): string {
  const clipped = text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}...` : text;
  return clipped.replace(
    /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (c) => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

/** `file:line:column: message`, the form editors and CI systems turn into links. */
export function formatProblem(problem: Problem): string {
  const place = problem.at
    ? `${problem.file}:${problem.at.line}:${problem.at.column}`
    : problem.file;
  return harmless(`${place}: ${problem.message}`);
}

/** What a person wrote can't be used. Carries every problem found, in the order of the file. */
export class BadInput extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.name = "BadInput";
    this.problems = problems;
  }
}

/** What is wrong in one place alone. */
export const badInput = (file: string, message: string, at?: Position): BadInput =>
  new BadInput([{ file, message, ...(at && { at }) }]);

/** Problems in the order in which a reader meets them. */
export function inFileOrder(problems: readonly Problem[]): Problem[] {
  const line = (p: Problem) => p.at?.line ?? 0;
  const column = (p: Problem) => p.at?.column ?? 0;
  return [...problems].sort(
    (a, b) => a.file.localeCompare(b.file) || line(a) - line(b) || column(a) - column(b),
  );
}
