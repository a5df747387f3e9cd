import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { SHIFT } from "../../enumeration/index.ts";
import { type Door, openSocket, type Refusal, Socket } from "./socket.ts";

/** What is wrong with a live room's answers: another stanza, one byte more, 2 ms later. */
export const FAULTS = ["stanza", "size", "time"] as const;
export type Fault = (typeof FAULTS)[number];

/** Stops all of this process, so exactly: a timer's callback would be later, and easier to find. */
const stop = (ms: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
};

const spoilt = (text: string, fault: Fault): string => {
  if (fault === "size") return `${text} `;
  return fault === "stanza" ? text.replace(/^<[^\s/>]+/, "$& planted='1'") : text;
};

const rawHeaders = (headers: readonly string[], length: number): string => {
  let text = "";
  for (let i = 0; i < headers.length; i += 2) {
    const [name = "", value] = [headers[i], headers[i + 1]];
    const isLength = name.toLowerCase() === "content-length";
    // The body is whole here, so it isn't sent in chunks.
    if (name.toLowerCase() !== "transfer-encoding")
      text += `${name}: ${isLength ? length : value}\r\n`;
  }
  return text;
};

/** Hands on what the server refused with; of a live room, with the fault in its body. */
function refuse(socket: Duplex, refusal: Refusal, fault: Fault | undefined): void {
  const { status, reason, headers, body } = refusal;
  const served = fault === undefined ? body : fault === "stanza" ? `${body}!` : spoilt(body, fault);
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\n${rawHeaders(headers, Buffer.byteLength(served))}\r\n${served}`,
  );
}

/**
 * A proxy on loopback with a planted fault: it passes all on as it is, but gives a live room away. A
 * probe that doesn't find it behind this door hasn't looked.
 */
export async function plantOracle(
  door: Door,
  live: string,
  fault: Fault,
): Promise<{ readonly door: Door; close(): void }> {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const open = new Set<Duplex>();

  const pass = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const query = Object.fromEntries(new URL(request.url ?? "/", "http://planted").searchParams);
    const asked = query["room"] === live;
    if (asked && fault === "time") stop(SHIFT);
    const upstream = await openSocket(door, query);
    if (!(upstream instanceof Socket)) return refuse(socket, upstream, asked ? fault : undefined);
    sockets.handleUpgrade(request, socket, head, (client) => {
      /** Whether what comes next answers a question about the live room. */
      let about = asked;
      client.on("message", (data) => {
        const text = String(data);
        const again = text.includes(`'${live}@`);
        about ||= again;
        if (again && fault === "time") stop(SHIFT);
        upstream.send(text);
      });
      upstream.onFrame = ({ text, element }) => {
        const isAnswer = about && !["open", "stream:features"].includes(element.name);
        client.send(isAnswer ? spoilt(text, fault) : text);
        if (isAnswer) about = false;
      };
      for (const { text } of upstream.taken()) client.send(text);
      client.on("close", () => upstream.close());
      upstream.onClose = () => client.close();
    });
  };
  server.on("upgrade", (request, socket, head) => {
    open.add(socket.on("error", () => undefined).on("close", () => open.delete(socket)));
    pass(request, socket, head).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    door: { address: "127.0.0.1", port, domain: door.domain },
    close: () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
