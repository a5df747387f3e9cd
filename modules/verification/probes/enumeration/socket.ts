import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { WebSocket } from "ws";
import { type Element, StanzaReader } from "../xmpp/stanzas.ts";

/** Where a domain's signalling is reached. */
export interface Door {
  readonly address: string;
  readonly port: number;
  readonly domain: string;
  /** Absent: plain, as on loopback. `ca` in PEM; absent: the public authorities. */
  readonly tls?: { readonly ca?: string | undefined } | undefined;
}

/** An answer to a handshake that is no WebSocket. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
  /** As they came, names and values in turn. */
  readonly headers: readonly string[];
  readonly body: string;
}

export interface Frame {
  readonly text: string;
  readonly element: Element;
  /** When it came, by `performance.now`. */
  readonly at: number;
}

/** Time for one answer, ms. */
const WAIT = 5_000;

/** A WebSocket of XMPP's (RFC 7395): each frame is one whole element. */
export class Socket {
  private readonly socket: WebSocket;
  private readonly arrived: Frame[] = [];
  private wake = (): void => undefined;
  /** How it ended; absent: it is open. */
  closed: string | undefined;
  /** When it ended. */
  closedAt = 0;
  onFrame: (frame: Frame) => void = () => undefined;
  onClose: () => void = () => undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => {
      const at = performance.now();
      const text = String(data);
      const [element] = new StanzaReader().read(text);
      const frame = { text, at, element: element ?? { ...NOTHING, text } };
      this.onFrame(frame);
      this.arrived.push(frame);
      this.wake();
    });
    socket.on("close", (code, reason) => {
      this.closed = `${code} ${reason}`.trim();
      this.closedAt = performance.now();
      this.onClose();
      this.wake();
    });
    socket.on("error", () => undefined);
  }

  send(text: string): void {
    this.socket.send(text);
  }

  /** What came and wasn't taken yet. */
  taken(): Frame[] {
    return this.arrived.splice(0);
  }

  /** The next frame; nothing when the socket has ended, or after `wait` ms. */
  async next(wait = WAIT): Promise<Frame | undefined> {
    const until = performance.now() + wait;
    for (;;) {
      const frame = this.arrived.shift();
      const left = until - performance.now();
      if (frame || this.closed !== undefined || left <= 0) return frame;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Waits until the other side has ended it, at most `wait` ms. */
  async end(wait: number): Promise<void> {
    const until = performance.now() + wait;
    while (this.closed === undefined && performance.now() < until)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, until - performance.now());
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
  }

  close(): void {
    this.socket.terminate();
  }
}

const NOTHING: Element = { name: "", attributes: {}, children: [], text: "" };

/**
 * Opens one. The query goes into the URL as clients of Jitsi's send it, so it never belongs into an
 * error's message.
 *
 * @throws Error when there is no answer at all
 */
export async function openSocket(
  door: Door,
  query: Readonly<Record<string, string>>,
): Promise<Socket | Refusal> {
  const { address: host, port, domain, tls } = door;
  const text = Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join("&");
  const socket = new WebSocket(`${tls ? "wss" : "ws"}://${domain}/xmpp-websocket?${text}`, "xmpp", {
    perMessageDeflate: false,
    handshakeTimeout: WAIT,
    createConnection: () =>
      tls
        ? connectTls({ host, port, servername: domain, ...(tls.ca ? { ca: tls.ca } : {}) })
        : connectTcp({ host, port }),
  });
  const wrapped = new Socket(socket);
  return new Promise((resolve, reject) => {
    socket.once("open", () => resolve(wrapped));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      reject(new Error(`no handshake with ${domain}: ${error.code ?? error.message}`)),
    );
    socket.once("unexpected-response", async (_, response) => {
      const parts: Buffer[] = [];
      response.on("data", (data: Buffer) => parts.push(data));
      await once(response, "close");
      resolve({
        status: response.statusCode ?? 0,
        reason: response.statusMessage ?? "",
        headers: response.rawHeaders,
        body: Buffer.concat(parts).toString(),
      });
      socket.terminate();
    });
  });
}
