import { connect } from "node:net";
import type { Duplex } from "node:stream";

/** Opens one connection: from here, or by way of a host. Rejects when it can't. */
export type Dial = () => Promise<Duplex>;

/** A plain TCP connection from this process. `timeout` in ms. */
export const dialTcp =
  (address: string, port: number, timeout = 3_000): Dial =>
  () =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: address, port });
      const timer = setTimeout(() => {
        socket.destroy();
        reject(new Error(`no answer from ${address} port ${port} within ${timeout} ms`));
      }, timeout);
      socket.once("error", (error) => {
        clearTimeout(timer);
        reject(error);
      });
      socket.once("connect", () => {
        clearTimeout(timer);
        socket.removeAllListeners("error").on("error", () => undefined);
        resolve(socket);
      });
    });

/**
 * Sends bytes and collects what comes back until `enough` is true, the other side ends, or
 * `timeout` ms have passed. Never rejects once the connection stands: what came is the answer.
 */
export async function converse(
  dial: Dial,
  send: Buffer,
  enough: (got: Buffer) => boolean,
  timeout = 3_000,
): Promise<Buffer> {
  const stream = await dial();
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    const done = () => {
      clearTimeout(timer);
      stream.destroy();
      resolve(Buffer.concat(parts));
    };
    const timer = setTimeout(done, timeout);
    stream.on("error", done).on("end", done).on("close", done);
    stream.on("data", (data: Buffer) => {
      parts.push(data);
      if (enough(Buffer.concat(parts))) done();
    });
    stream.write(send);
  });
}
