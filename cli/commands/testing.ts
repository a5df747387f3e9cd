import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { vi } from "vitest";
import type { Ran } from "../../lab/testing/polder.ts";
import { asked, runPolder } from "../program.ts";
import { ROOT } from "../root.ts";

interface Options {
  /** Beside the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  /** Read from standard input; a process alone has one. */
  readonly input?: string;
}

/**
 * Starts `polder` as a user does, from a folder: half a second of the processor each time. For what only a process has:
 * its start, its streams, its exit code.
 */
export const processFrom =
  (folder: string, { env, input }: Options = {}) =>
  (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(join(ROOT, "cli/polder"), args, {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, ...env },
      ...(input !== undefined && { input }),
    });
    return { status, stdout, stderr };
  };

/** Remembers what a command may change of its process. @returns puts it back */
function processAsItIs(): () => void {
  const [cwd, umask, exitCode, env] = [
    process.cwd(),
    process.umask(),
    process.exitCode,
    { ...process.env },
  ];
  const emitters = [process, process.stdout, process.stderr];
  const listeners = emitters.map(
    (emitter) => new Map(emitter.eventNames().map((name) => [name, emitter.rawListeners(name)])),
  );
  return () => {
    process.chdir(cwd);
    process.umask(umask);
    process.exitCode = exitCode;
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
    Object.assign(process.env, env);
    emitters.forEach((emitter, i) => {
      for (const name of emitter.eventNames())
        for (const listener of emitter.rawListeners(name))
          if (!listeners[i]?.get(name)?.includes(listener))
            emitter.off(name as string, listener as () => void);
    });
  };
}

/** Catches what is written to standard output or standard error. */
function caught(name: "stdout" | "stderr") {
  let text = "";
  const spy = vi.spyOn(process[name], "write").mockImplementation((chunk, ...more) => {
    text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    const written = more.find((one) => typeof one === "function");
    if (written) process.nextTick(written);
    return true;
  });
  return { text: () => text, release: () => spy.mockRestore() };
}

/**
 * Lets work that thinks the process its own do what it likes with it, and puts all back: working folder, umask, exit code,
 * environment, listeners, and the two outputs, which are caught.
 *
 * @param work gives what the process would end with
 */
export async function inOwnProcess(
  folder: string,
  env: Readonly<Record<string, string>>,
  work: () => Promise<number>,
): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
  const restore = processAsItIs();
  const [stdout, stderr] = [caught("stdout"), caught("stderr")];
  try {
    process.chdir(folder);
    Object.assign(process.env, env);
    const status = await work();
    return { status, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    stdout.release();
    stderr.release();
    restore();
  }
}

/** Commands have one process between them: the next one waits for the last, also when its test has ended in time. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs `polder` from a folder in this process, by what cli/main.ts calls, and leaves the process as it was. Standard input,
 * signals and a closed standard output are not to be had here: `processFrom` starts one.
 */
export const polderFrom =
  (folder: string, { env = {} }: Pick<Options, "env"> = {}) =>
  (...args: string[]) => {
    const ran = last.then(async () => {
      // A module that is read for the first time may listen for as long as the process lives.
      await asked(args)?.load();
      return inOwnProcess(folder, env, () => runPolder(args));
    });
    last = ran.catch(() => undefined);
    return ran;
  };

/** The same, with what it ended with by the name that `polder` of the lab's tests gives it. */
export const ranFrom =
  (folder: string, options?: Pick<Options, "env">) =>
  async (...args: string[]): Promise<Ran> => {
    const { status, ...printed } = await polderFrom(folder, options)(...args);
    return { code: status, ...printed };
  };
