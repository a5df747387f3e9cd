import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import { TOOLKIT } from "../../common/toolkit/index.ts";
import type { Question, TaskName, TaskReply, TaskResult } from "./tasks.ts";

/** Where an attacker stands who has nothing but the network. */
export interface VantagePoint {
  /** In words, for reports. */
  readonly where: string;
  /** @throws Error when the task itself couldn't be done there */
  ask<N extends TaskName>(task: N, question: Question<N>): Promise<TaskResult<N>>;
}

export interface Worker extends VantagePoint {
  /** @param wait ms until it is killed, if it doesn't end by itself */
  close(wait?: number): Promise<void>;
}

/** The command line of a worker here; a vantage point elsewhere puts its own words before it. */
export const workerCommand: readonly string[] = [
  process.execPath,
  join(TOOLKIT, "dist/worker.mjs"),
];

/**
 * Starts a worker.
 *
 * @param command program and arguments that end in a worker, such as {@link workerCommand}
 * @param progress called with what a long task says
 */
export function startWorker(
  where: string,
  command: readonly string[],
  progress: (text: string) => void,
): Worker {
  const [program = "", ...args] = command;
  const child: ChildProcess = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let last = 0;
  let complaint = "";
  child.stderr?.on("data", (data: Buffer) => {
    complaint = `${complaint}${data}`.slice(-2_000);
  });
  const ended = new Promise<void>((resolve) => {
    const end = (why: string) => {
      const [line = ""] = complaint.trim().split("\n").slice(-1);
      for (const { reject } of waiting.values())
        reject(new ExternalFailure(`the vantage point ${where} ended: ${line || why}`));
      waiting.clear();
      resolve();
    };
    child.on("error", (error) => end(error.message));
    child.on("close", (code, signal) => end(signal ?? `code ${code}`));
  });
  child.stdin?.on("error", () => undefined);
  if (child.stdout)
    createInterface({ input: child.stdout }).on("line", (line) => {
      const reply = JSON.parse(line) as TaskReply;
      if ("progress" in reply) return progress(reply.progress);
      const caller = waiting.get(reply.id);
      waiting.delete(reply.id);
      if ("failed" in reply) caller?.reject(new Error(reply.failed));
      else caller?.resolve(reply.result);
    });
  return {
    where,
    ask: <N extends TaskName>(task: N, question: Question<N>) =>
      new Promise<TaskResult<N>>((resolve, reject) => {
        if (child.exitCode !== null || child.signalCode !== null)
          return reject(new ExternalFailure(`the vantage point ${where} has ended`));
        const id = ++last;
        waiting.set(id, { resolve: (value) => resolve(value as TaskResult<N>), reject });
        child.stdin?.write(`${JSON.stringify({ id, task, question })}\n`);
      }),
    close: async (wait = 2_000) => {
      child.stdin?.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), wait);
      await ended;
      clearTimeout(timer);
    },
  };
}
