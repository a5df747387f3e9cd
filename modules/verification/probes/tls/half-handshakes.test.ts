import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { dialTcp } from "../dial.ts";
import { halfHandshakes } from "./half-handshakes.ts";

const open = new Set<Socket>();
let close = () => {};
afterEach(() => {
  for (const socket of open) socket.destroy();
  close();
});

/** A server that does this with each connection. @returns its port */
async function serving(take: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => undefined);
    take(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  close = () => server.close();
  return (server.address() as AddressInfo).port;
}

it("says how long each stood where the service ends them", async () => {
  const port = await serving((socket) => setTimeout(() => socket.destroy(), 200));
  const took = await halfHandshakes(dialTcp("127.0.0.1", port), 5, 30_000);
  expect(took).toHaveLength(5);
  for (const one of took) expect(one).toBeGreaterThan(100);
});

it("says of those that a service leaves open that they are", async () => {
  const port = await serving((socket) => socket.resume());
  expect(await halfHandshakes(dialTcp("127.0.0.1", port), 3, 500)).toEqual([null, null, null]);
});
