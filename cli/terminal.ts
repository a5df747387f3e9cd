import { EXIT, report } from "./exit.ts";

// `polder show lab | head`: the reader may stop reading; that is no failure of polder's.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // EIO: the terminal was closed.
    if (error.code === "EPIPE" || error.code === "EIO") return;
    if (stream === process.stderr) process.exit(EXIT.outside);
    process.exitCode = report(Object.assign(error, { path: "standard output" }), note);
    process.exit();
  });
}

/** One line to standard output: results. */
export const out = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** One line to standard error: progress and errors, so that results can be piped. */
export const note = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** ms between lines that count up, where nobody watches them come. */
const APART = 10_000;

/**
 * Prints progress. A terminal shows each line; in a file or a pipe those that only count up ("40 % of …") come ten seconds
 * apart, so that they don't hide what else is printed.
 *
 * @param now milliseconds
 */
export function progressTo(
  stream: { readonly isTTY?: boolean; write(text: string): unknown },
  now: () => number = Date.now,
): (line: string) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (line) => {
    if (!stream.isTTY && /\b\d+ %/.test(line)) {
      if (now() - last < APART) return;
      last = now();
    }
    stream.write(`${line}\n`);
  };
}

/** Nobody reads lines of 200 characters; a pipe gets 100, so that what it holds never depends on a window. */
export const screenWidth = (): number =>
  process.stdout.isTTY ? Math.min(Math.max(process.stdout.columns || 100, 72), 120) : 100;
