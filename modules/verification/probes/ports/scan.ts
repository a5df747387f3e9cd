import { Socket } from "node:net";

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

/**
 * Connects to every port of every target, all targets mixed so that none is hit at once by all.
 *
 * @param progress called about every five seconds with the connections done so far and in all
 */
export async function scan(
  targets: readonly ScanTarget[],
  limits: ScanLimits,
  progress: (done: number, all: number) => void = () => undefined,
): Promise<ScanResult[]> {
  const results = targets.map(({ address }) => ({
    address,
    open: [] as number[],
    refused: 0,
    tried: 0,
  }));
  const cursors = targets.map(function* ({ ports }) {
    for (const [from, to] of ports) for (let port = from; port <= to; port++) yield port;
  });
  const all = targets
    .flatMap(({ ports }) => ports)
    .reduce((sum, [from, to]) => sum + to - from + 1, 0);
  let done = 0;
  let turn = 0;
  const next = (): readonly [number, number] | undefined => {
    for (let tried = 0; tried < cursors.length; tried++) {
      const at = turn++ % cursors.length;
      const { value, done: over } = cursors[at]?.next() ?? { done: true, value: undefined };
      if (!over && value !== undefined) return [at, value];
    }
    return undefined;
  };
  let reportedAt = Date.now();
  const work = async (): Promise<void> => {
    for (let job = next(); job; job = next()) {
      const [at, port] = job;
      const result = results[at];
      if (!result) continue;
      const verdict = await tryConnect(result.address, port, limits.timeout);
      result.tried++;
      if (verdict === "open") result.open.push(port);
      if (verdict === "refused") result.refused++;
      done++;
      if (Date.now() - reportedAt >= 5_000) {
        reportedAt = Date.now();
        progress(done, all);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limits.inFlight, all) }, work));
  return results.map((result) => ({ ...result, open: result.open.sort((a, b) => a - b) }));
}
