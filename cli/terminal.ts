import { EXIT, report } from "./exit.ts";

// `polder show lab | head`: whoever reads may stop reading; that is no fault of ours.
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

/** Nobody reads lines of 200 characters; a pipe gets 100, so that what it holds never depends on a window. */
export const screenWidth = (): number =>
  process.stdout.isTTY ? Math.min(Math.max(process.stdout.columns || 100, 72), 120) : 100;
