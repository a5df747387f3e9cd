import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type HostProgram, loadHostProgram } from "./programs.ts";

const heard: string[] = [];
let server: Server;
let port = 0;
beforeAll(async () => {
  server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      heard.push(String(data));
      socket.write(`got ${data}`);
    });
    socket.on("end", () => socket.end());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());

/** Runs it as the admin path does. */
async function run(name: HostProgram, args: readonly string[], input: string): Promise<string> {
  const child = spawn("python3", ["-c", loadHostProgram(name), ...args]);
  child.stdin.end(input);
  return text(child.stdout);
}

it("tries each place and says what came of it, in the order of the question", async () => {
  const at = { protocol: "tcp", address: "127.0.0.1" };
  const attempts = [
    // tcpmux, where nobody listens; a port that was free a moment ago may be another test's.
    { ...at, port: 1 },
    { ...at, port },
    { ...at, protocol: "udp", port: 9 },
  ];
  const output = await run("attempt", [], JSON.stringify({ name: "edge-1", attempts }));
  expect(JSON.parse(output)).toEqual([
    expect.stringMatching(/^ConnectionRefusedError /),
    "sent",
    "sent",
  ]);
  await expect.poll(() => heard).toContain("edge-1");
});

it("relays both ways behind its mark, and ends when the other side does", async () => {
  expect(await run("relay", ["127.0.0.1", String(port)], "hello")).toBe("+got hello");
});
