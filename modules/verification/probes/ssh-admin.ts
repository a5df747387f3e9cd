import { type ChildProcess, spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { type Blueprint, hostOf } from "../../planning/blueprint/index.ts";
import type { Admin, AdminOptions, Ran } from "./admin.ts";
import { dialTcp } from "./dial.ts";
import { loadHostProgram } from "./programs.ts";
import { hostsOf } from "./services.ts";

/** Time for one command, ms. */
const WAIT = 60_000;

/** Time for which a connection is kept open that nobody uses, s. */
const PERSIST = 60;

/** A word for a remote shell. */
const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** A process as a stream: what is written is its input, what it prints is read. */
function streamOf(child: ChildProcess): Duplex {
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin } as never) as Duplex;
  stream.on("close", () => child.kill());
  child.stdin?.on("error", () => undefined);
  return stream;
}

/** What ssh ends with where it reached nobody; -1 is one that didn't start, or was killed. */
const NO_CONNECTION = [255, -1];

interface Queue {
  busy: number;
  readonly waiting: (() => void)[];
  /** Whether there is a connection that sessions can share. */
  shared: boolean;
  /** When the last session ended, ms since 1970. */
  left: number;
}

interface Entered {
  /** The connection is there: others may share it. */
  there(): void;
  leave(): void;
}

export interface SshAdmin extends Admin {
  /** Ends the connections that are kept open. */
  close(): Promise<void>;
}

/**
 * The admin path by the machine's own ssh client.
 *
 * @param argumentsFor options and name of a host, such that `ssh <these> <command>` logs in there; the way over the edge
 *   host is shared by the options given
 * @param control folder for the sockets of connections that are kept open; short: a socket's path
 *   has at most 107 bytes
 */
export function startAdmin(
  blueprint: Blueprint,
  argumentsFor: (host: string, sharing: readonly string[]) => readonly string[],
  control: string,
): SshAdmin {
  const shared = [
    "-o",
    "ControlMaster=auto",
    "-o",
    `ControlPath=${control}/%C`,
    "-o",
    `ControlPersist=${PERSIST}`,
  ];
  const leadingTo = (host: string) => argumentsFor(host, shared);
  const children = new Set<ChildProcess>();
  const start = (args: readonly string[]): ChildProcess => {
    const child = spawn("ssh", args, { stdio: ["pipe", "pipe", "pipe"] });
    children.add(child);
    child.on("close", () => children.delete(child));
    return child;
  };
  const end = (args: readonly string[], { input = "", timeout = WAIT }: AdminOptions = {}) =>
    new Promise<Ran>((resolve) => {
      const child = start(args);
      let [stdout, stderr] = ["", ""];
      const timer = setTimeout(() => child.kill("SIGKILL"), timeout);
      child.stdout?.on("data", (data: Buffer) => {
        stdout += data;
      });
      child.stderr?.on("data", (data: Buffer) => {
        stderr += data;
      });
      child.stdin?.on("error", () => undefined);
      child.stdin?.end(input);
      child.on("error", (error) => resolve({ code: -1, stdout, stderr: error.message }));
      child.on("close", (code) => {
        clearTimeout(timer);
        resolve({ code: code ?? -1, stdout, stderr });
      });
    });
  const edge = hostsOf(blueprint, "edge")[0]?.id ?? "";
  const opened = (child: ChildProcess, marked: boolean): Promise<Duplex> =>
    new Promise((resolve, reject) => {
      let complaint = "";
      child.stderr?.on("data", (data: Buffer) => {
        complaint += data;
      });
      child.on("error", reject);
      child.on("close", () => reject(new Error(complaint.trim().split("\n").at(-1) || "closed")));
      if (!marked) return resolve(streamOf(child));
      child.stdout?.once("data", (data: Buffer) => {
        child.stdout?.pause();
        if (data.length > 1) child.stdout?.unshift(data.subarray(1));
        resolve(streamOf(child));
      });
    });
  // Sessions that one connection to a host may have at once (MaxSessions is 2 on the edge host, 4
  // on the others), less one to spare; a session beyond that waits. The first is alone until it is there: of two that
  // open the connection at once one can't share it, says so among the errors of its command, and counts as another.
  // The one to the edge host, over which all others go, may be opened by any of them: whoever comes too late has one alone.
  const queues = new Map<string, Queue>();
  const enter = async (host: string): Promise<Entered> => {
    const queue = queues.get(host) ?? { busy: 0, waiting: [], shared: false, left: 0 };
    queues.set(host, queue);
    const most = () => (!queue.shared || host === edge ? 1 : 3);
    while (queue.busy >= most()) await new Promise<void>((resolve) => queue.waiting.push(resolve));
    if (queue.busy === 0 && Date.now() - queue.left > (PERSIST / 2) * 1_000) queue.shared = false;
    queue.busy++;
    const wake = () => {
      for (const resolve of queue.waiting.splice(0)) resolve();
    };
    return {
      there: () => {
        queue.shared = true;
        wake();
      },
      leave: () => {
        queue.busy--;
        queue.left = Date.now();
        wake();
      },
    };
  };
  const run: Admin["run"] = async (host, command, options) => {
    const { there, leave } = await enter(host);
    const remote = ["sudo", "-n", ...command.map(quote)];
    const ran = await end([...shared, ...leadingTo(host), "--", ...remote], options);
    if (!NO_CONNECTION.includes(ran.code)) there();
    leave();
    return ran;
  };
  const relay = loadHostProgram("relay");
  return {
    run,
    python: (host, program, options) =>
      run(host, ["python3", "-c", loadHostProgram(program)], options),
    ssh: (host, options, command) =>
      end([...options, ...shared, ...leadingTo(host), ...command.map(quote)], {
        timeout: 20_000,
      }),
    dial: async (host, address, port) => {
      const { there, leave } = await enter(host);
      const remote = ["sudo", "-n", "python3", "-c", quote(relay), address, String(port)];
      const child = start([...shared, ...leadingTo(host), "--", ...remote]);
      child.stdout?.once("data", there);
      child.on("close", leave);
      return opened(child, true);
    },
    forward: (host, port) => {
      const { ipv4, publicAddress } = hostOf(blueprint, host);
      if (host === edge) return dialTcp(publicAddress?.ipv4 ?? ipv4, port)();
      return opened(start([...shared, "-W", `${ipv4}:${port}`, ...leadingTo(edge)]), false);
    },
    close: async () => {
      for (const child of children) child.kill();
      for (const host of blueprint.hosts)
        await end(["-O", "exit", ...shared, ...leadingTo(host.id)], { timeout: 2_000 });
    },
  };
}
