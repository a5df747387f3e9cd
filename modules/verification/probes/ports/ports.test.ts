import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { scan } from "./scan.ts";
import { isLoopback, readSockets } from "./sockets.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
async function listen(): Promise<number> {
  const server = createServer((socket) => socket.on("error", () => undefined));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const at = server.address();
  return typeof at === "object" && at ? at.port : 0;
}

describe("the scan", () => {
  it("finds what listens, and counts what refuses", async () => {
    const [one, two] = [await listen(), await listen()];
    const [low, high] = [Math.min(one, two), Math.max(one, two)];
    const [result] = await scan(
      [
        {
          address: "127.0.0.1",
          ports: [
            [low, low],
            [high, high],
            [1, 3],
          ],
        },
      ],
      { inFlight: 2, timeout: 1_000 },
    );
    expect(result).toEqual({ address: "127.0.0.1", open: [low, high], refused: 3, tried: 5 });
  });

  it("tries every port of every target", async () => {
    const targets = ["127.0.0.1", "127.0.0.2"].map((address) => ({
      address,
      ports: [[1, 500]] as const,
    }));
    const results = await scan(targets, { inFlight: 100, timeout: 500 });
    expect(results.map(({ tried }) => tried)).toEqual([500, 500]);
  });
});

describe("what `ss` prints", () => {
  it("is read line by line", () => {
    const sockets = readSockets(
      [
        'udp   UNCONN 0 0      127.0.0.1:323        0.0.0.0:*    users:(("chronyd",pid=50,fd=5))',
        'tcp   LISTEN 0 128      0.0.0.0:22         0.0.0.0:*    users:(("sshd",pid=60,fd=6))',
        'tcp   LISTEN 0 511         [::]:443           [::]:*    users:(("nginx",pid=7,fd=8),("nginx",pid=8,fd=8))',
        "udp   UNCONN 0 0 [fe80::1]%host0:546           [::]:*",
        "",
      ].join("\n"),
    );
    expect(sockets).toEqual([
      { protocol: "udp", address: "127.0.0.1", port: 323, process: "chronyd" },
      { protocol: "tcp", address: "0.0.0.0", port: 22, process: "sshd" },
      { protocol: "tcp", address: "::", port: 443, process: "nginx" },
      { protocol: "udp", address: "fe80::1", port: 546, process: "?" },
    ]);
    expect(sockets.map(isLoopback)).toEqual([true, false, false, false]);
  });
});
