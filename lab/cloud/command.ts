import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { LabError, LabInterrupted } from "./error.ts";

export interface CommandOptions {
  readonly signal?: AbortSignal | undefined;
  /** The whole environment; without it only PATH and a C locale. */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * On abort, don't wait for those that the program has started and that still hold its output:
   * the caller ends them.
   */
  readonly leavesChildren?: boolean;
  /** Gets every line of either output. */
  readonly onLine?: (line: string) => void;
}

/** System programs live in sbin, which is not on every user's PATH. */
export const systemEnvironment = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C.UTF-8",
};

/**
 * Runs a program and gives its standard output.
 *
 * It dies with us (setpriv), also when we are killed without a chance to tidy up, and sits in a
 * session of its own, so that Ctrl-C reaches only us and we end it in our own order.
 *
 * @throws LabInterrupted when the signal fires; the program is gone by then
 * @throws LabError with the last line of its standard error when it fails
 */
export async function run(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  if (options.signal?.aborted) throw new LabInterrupted();
  const child = spawn("setpriv", ["--pdeathsig", "KILL", program, ...args], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: options.environment ?? systemEnvironment,
  });
  const kill = () => {
    child.kill("SIGKILL");
    if (options.leavesChildren) {
      child.stdout.destroy();
      child.stderr.destroy();
    }
  };
  options.signal?.addEventListener("abort", kill);
  const out: string[] = [];
  let complaint = "";
  createInterface(child.stdout).on("line", (line) => {
    out.push(line);
    options.onLine?.(line);
  });
  createInterface(child.stderr).on("line", (line) => {
    if (line.trim()) complaint = line.trim();
    options.onLine?.(line);
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    if (options.signal?.aborted) throw new LabInterrupted();
    if (code !== 0) throw new LabError(complaint || `${program} ended with code ${code}`);
    return out.join("\n");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      throw new LabError("setpriv is missing: apt-get install util-linux");
    }
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", kill);
  }
}
