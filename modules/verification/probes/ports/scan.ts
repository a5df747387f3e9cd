import { spawn } from "node:child_process";
import { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { TOOLKIT } from "../../../common/toolkit/index.ts";

export interface ScanTarget {
  readonly address: string;
  readonly ports: readonly (readonly [from: number, to: number])[];
}

export interface ScanResult {
  readonly address: string;
  /** Ports that took a connection. */
  readonly open: readonly number[];
  /** How many refused by a reset: the host is there, a filter didn't drop. */
  readonly refused: number;
  readonly tried: number;
}

export interface ScanLimits {
  /** Connections under way at once. */
  readonly inFlight: number;
  /** Time for one connection, ms. A filter that drops costs all of it. */
  readonly timeout: number;
}

/** `open`, `refused` by a reset, or `silent`: dropped, or unreachable. */
export function tryConnect(
  address: string,
  port: number,
  timeout: number,
): Promise<"open" | "refused" | "silent"> {
  return new Promise((resolve) => {
    const socket = new Socket();
    const end = (verdict: "open" | "refused" | "silent") => {
      clearTimeout(timer);
      // A reset instead of a farewell: no half-closed connection is left at either end.
      if (verdict === "open") socket.resetAndDestroy();
      else socket.destroy();
      resolve(verdict);
    };
    // Answers that came while this program was busy with others count: they are read first.
    const timer = setTimeout(() => setImmediate(() => end("silent")), timeout);
    socket.once("connect", () => end("open"));
    socket.on("error", (error: NodeJS.ErrnoException) =>
      end(error.code === "ECONNREFUSED" ? "refused" : "silent"),
    );
    socket.connect({ host: address, port });
  });
}

const PROGRAM = join(TOOLKIT, "modules/verification/probes/programs/scan.py");

/** A line of the program's. */
type Line = { readonly progress: readonly [number, number] } | { readonly results: ScanResult[] };

/**
 * Connects to every port of every target, all targets mixed so that none is hit at once by all.
 *
 * @param progress called about every five seconds with the connections done so far and in all
 * @throws Error when the scan couldn't be done to its end
 */
export function scan(
  targets: readonly ScanTarget[],
  limits: ScanLimits,
  progress: (done: number, all: number) => void = () => undefined,
): Promise<ScanResult[]> {
  return new Promise((resolve, reject) => {
    const child = spawn("python3", [PROGRAM], { stdio: ["pipe", "pipe", "pipe"] });
    let results: ScanResult[] | undefined;
    let complaint = "";
    child.stderr.on("data", (data: Buffer) => {
      complaint = `${complaint}${data}`.slice(-2_000);
    });
    createInterface({ input: child.stdout }).on("line", (text) => {
      const line = JSON.parse(text) as Line;
      if ("progress" in line) progress(...line.progress);
      else results = line.results;
    });
    child.stdin.on("error", () => undefined);
    child.once("error", (error) => reject(new Error(`the scan needs python3: ${error.message}`)));
    child.once("close", (code, signal) => {
      if (code === 0 && results) resolve(results);
      else
        reject(new Error(complaint.trim().split("\n").at(-1) || `it ended with ${signal ?? code}`));
    });
    child.stdin.end(JSON.stringify({ targets, limits }));
  });
}
