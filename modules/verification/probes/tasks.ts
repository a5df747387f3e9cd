import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { dialTcp } from "./dial.ts";
import { type EnumerationQuestion, enumerate } from "./enumeration/enumerate.ts";
import { holdMeeting, leaveMeeting } from "./enumeration/hold.ts";
import { askHttp } from "./http/ask.ts";
import { type ScanLimits, type ScanTarget, scan, tryConnect } from "./ports/scan.ts";
import { askSsh } from "./ssh/kexinit.ts";
import { halfHandshakes } from "./tls/half-handshakes.ts";
import { tlsSession } from "./tls/session.ts";
import { surveyTls } from "./tls/survey.ts";
import { askTurn, fillTurn, relayTurn } from "./turn/ask.ts";

interface At {
  readonly address: string;
  readonly port: number;
}

/** The listener, and the connections that arrived at it: `<protocol> <address>`. */
const listener = { arrivals: new Set<string>(), close: () => {} };

/** Listens on all addresses of this machine, to record every connection that gets through. */
async function listen(_: object): Promise<{ tcp: number; udp: number; addresses: string[] }> {
  listener.close();
  const { arrivals } = listener;
  const tcp = createServer((socket) => {
    // The caller sends its name; a connection that sends nothing counts, too.
    const from = socket.remoteAddress?.replace(/^::ffff:/, "");
    arrivals.add(`tcp ${from}`);
    socket.on("error", () => undefined);
    socket
      .on("data", (data) => arrivals.add(`tcp ${String(data).slice(0, 64)}`))
      .on("end", () => socket.end());
  });
  const udp = createSocket("udp6", (data, { address }) => {
    arrivals.add(`udp ${address.replace(/^::ffff:/, "")}`);
    arrivals.add(`udp ${String(data).slice(0, 64)}`);
  });
  await new Promise<void>((resolve) => tcp.listen(0, "::", resolve));
  await new Promise<void>((resolve) => udp.bind(0, "::", resolve));
  listener.close = () => {
    tcp.close();
    udp.close();
  };
  const at = tcp.address();
  return {
    tcp: typeof at === "object" && at ? at.port : 0,
    udp: udp.address().port,
    addresses: Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ internal, address }) => !internal && !address.startsWith("fe80:"))
      .map(({ address }) => address),
  };
}

const stopping = new AbortController();

/** All that a vantage point can be asked to do on the network. Arguments and results are JSON. */
export const tasks = {
  scan: (
    question: { readonly targets: readonly ScanTarget[]; readonly limits: ScanLimits },
    progress: (text: string) => void,
  ) =>
    scan(question.targets, question.limits, (done, all) =>
      progress(`${Math.floor((100 * done) / all)} % of ${all} connections tried`),
    ),
  /** Also the time that it took, ms. */
  tryConnect: async ({ address, port, timeout }: At & { readonly timeout: number }) => {
    const began = performance.now();
    const verdict = await tryConnect(address, port, timeout);
    return { verdict, took: performance.now() - began };
  },
  surveyTls: ({ address, port, name }: At & { readonly name?: string }) =>
    surveyTls(dialTcp(address, port), name),
  tlsSession: (
    question: At & {
      readonly name: string;
      readonly ca?: string | undefined;
      readonly v12: boolean;
      readonly v13: boolean;
    },
  ) => tlsSession(dialTcp(question.address, question.port), question, question),
  halfHandshakes: ({
    address,
    port,
    count,
    patience,
  }: At & { readonly count: number; readonly patience: number }) =>
    halfHandshakes(dialTcp(address, port), count, patience),
  askHttp,
  askSsh: ({ address, port }: At) => askSsh(dialTcp(address, port)),
  askTurn,
  relayTurn,
  fillTurn,
  enumerate: (question: EnumerationQuestion, progress: (text: string) => void) =>
    enumerate(question, progress, stopping.signal),
  /** Ends what {@link enumerate} is at; it answers with what it has seen. */
  stopEnumeration: async (_: object) => stopping.abort(),
  holdMeeting,
  leaveMeeting,
  listen,
  arrivals: async (_: object) => [...listener.arrivals],
} as const;

export type Tasks = typeof tasks;
export type TaskName = keyof Tasks;
export type Question<N extends TaskName> = Parameters<Tasks[N]>[0];
export type TaskResult<N extends TaskName> = Awaited<ReturnType<Tasks[N]>>;

/** One line to a worker, and the lines that come back. */
export interface TaskCall {
  readonly id: number;
  readonly task: TaskName;
  readonly question: unknown;
}
export type TaskReply =
  | { readonly id: number; readonly progress: string }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failed: string };
