import { createInterface } from "node:readline";
import { type TaskCall, type TaskReply, tasks } from "./tasks.ts";

// The process that stands at a vantage point, such as another network namespace: a call a line on
// standard input, a reply a line on standard output. It ends with its input.

const reply = (one: TaskReply): void => {
  process.stdout.write(`${JSON.stringify(one)}\n`);
};

process.on("uncaughtException", (error: NodeJS.ErrnoException) => {
  // The calling process is gone.
  if (error.code === "EPIPE") process.exit(0);
  process.stderr.write(`${error.stack}\n`);
  process.exit(70);
});
// Ctrl-C reaches the whole group; the caller closes the input when it is done with us.
process.on("SIGINT", () => undefined);

const run = async ({ id, task, question }: TaskCall): Promise<void> => {
  try {
    const work = tasks[task] as (
      question: unknown,
      progress: (text: string) => void,
    ) => Promise<unknown>;
    const result = await work(question, (progress) => reply({ id, progress }));
    reply({ id, result });
  } catch (error) {
    reply({ id, failed: error instanceof Error ? error.message : String(error) });
  }
};

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => void run(JSON.parse(line) as TaskCall));
lines.on("close", () => process.exit(0));
