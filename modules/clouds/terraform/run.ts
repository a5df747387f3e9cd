import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { ExternalFailure } from "../../common/external-failure/index.ts";

/** Terraform, or the cloud behind it, failed. One line an error, with what to do. */
export class TerraformFailure extends ExternalFailure {
  override readonly name = "TerraformFailure";
}

export interface RunOptions {
  readonly folder: string;
  /** All of its environment: nothing of ours comes along. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onLine?: (line: string) => void;
  /** Called when a person asks the run to stop, with how often they asked so far. */
  readonly onInterrupt?: (times: number) => void;
  /** Minutes until the run is interrupted as if by Ctrl-C. */
  readonly timeoutMinutes: number;
  /**
   * File for all that it prints, instead of a pipe to us. A program whose reader dies is killed by
   * its next line; with a file it goes on to its end, and Terraform writes its state.
   */
  readonly outputFile?: string;
}

export interface RunResult {
  readonly code: number;
  /** The signal that ended it, when somebody else killed it. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly interrupted: "no" | "by hand" | "by time";
}

/** The signals that end a run by hand: Ctrl-C, a service manager, a terminal that is closed. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Milliseconds between two looks at an output file. */
const LOOK_EVERY = 100;

/** Cuts what comes in pieces into whole lines. */
function lines(onLine: (line: string) => void) {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  return {
    push(data: Buffer) {
      const parts = (rest + decoder.write(data)).split("\n");
      rest = parts.pop() ?? "";
      parts.forEach(onLine);
    },
    end() {
      if (rest !== "") onLine(rest);
      rest = "";
    },
  };
}

/**
 * Runs a program to its end, in a process group of its own: Ctrl-C reaches this process, which hands
 * it on once. Terraform then finishes what it is doing and writes its state; a second one would make
 * it drop everything.
 */
export function run(
  program: string,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const { outputFile } = options;
    const file = outputFile ? openSync(outputFile, "w+", 0o600) : undefined;
    const child: ChildProcess = spawn(program, args, {
      cwd: options.folder,
      env: options.env,
      stdio: ["ignore", file ?? "pipe", file ?? "pipe"],
      detached: true,
    });
    let interrupted: RunResult["interrupted"] = "no";
    let times = 0;
    const stop = (by: "by hand" | "by time") => {
      if (interrupted !== "no") return;
      interrupted = by;
      child.kill("SIGINT");
    };
    const onSignal = () => {
      stop("by hand");
      options.onInterrupt?.(++times);
    };
    for (const signal of SIGNALS) process.on(signal, onSignal);
    const timer = setTimeout(() => stop("by time"), options.timeoutMinutes * 60_000);
    // An API that hangs also keeps Terraform from stopping: after a grace, end it the hard way.
    const hard = setInterval(() => {
      if (interrupted === "by time") child.kill("SIGTERM");
    }, 15_000);

    const stdout: string[] = [];
    const stderr: string[] = [];
    const out = lines((line) => {
      stdout.push(line);
      options.onLine?.(line);
    });
    const err = lines((line) => stderr.push(line));
    child.stdout?.on("data", out.push);
    child.stderr?.on("data", err.push);
    const buffer = Buffer.alloc(65_536);
    let position = 0;
    const look = () => {
      if (file === undefined) return;
      for (let read = 1; read > 0; position += read) {
        read = readSync(file, buffer, 0, buffer.length, position);
        out.push(buffer.subarray(0, read));
      }
    };
    const looking = file === undefined ? undefined : setInterval(look, LOOK_EVERY);

    const end = () => {
      clearTimeout(timer);
      clearInterval(hard);
      clearInterval(looking);
      for (const signal of SIGNALS) process.off(signal, onSignal);
      look();
      if (file !== undefined) closeSync(file);
      out.end();
      err.end();
    };
    child.on("error", (error: NodeJS.ErrnoException) => {
      end();
      reject(
        new TerraformFailure(
          error.code === "ENOENT" && existsSync(options.folder)
            ? `${program} is not on the PATH: install it (https://developer.hashicorp.com/terraform/install or https://opentofu.org/docs/intro/install)`
            : `${program} can't be started in ${options.folder}: ${error.message}`,
        ),
      );
    });
    child.on("close", (code, signal) => {
      end();
      resolve({
        code: code ?? 1,
        signal,
        stdout: stdout.join("\n"),
        stderr: stderr.join("\n"),
        interrupted,
      });
    });
  });
}
