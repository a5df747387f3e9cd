import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const PROGRAM = readFileSync(join(import.meta.dirname, "programs/jitsi_rest.py"), "utf8");

/** Shortened answers of a Jicofo 1.1-100-g7ebb13dc3 and a videobridge 2.3-312-ga29d97d13. */
const STATS = { conferences: 1, bridge_selector: { bridge_count: 3, operational_bridge_count: 2 } };
const METRICS = `# TYPE jitsi_jvb_drain_mode gauge
jitsi_jvb_drain_mode 0.0
jitsi_jvb_local_endpoints 2.0
jitsi_jvb_stress{region="a",} 0.5
`;

let server: Server;
let stats: unknown = STATS;
const asked: string[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const texts: Record<string, string> = { "/stats": JSON.stringify(stats), "/metrics": METRICS };
    const text = texts[request.url ?? ""];
    response.writeHead(text === undefined ? 404 : 200).end(text);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
});
afterAll(() => server.close());

function run(verb: string, port = (server.address() as AddressInfo).port) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const child = spawn("python3", ["-", verb, `${port}`]);
    let [out, err] = ["", ""];
    child.stdout.on("data", (data) => (out += data));
    child.stderr.on("data", (data) => (err += data));
    child.once("close", (code) => resolve({ code, out, err }));
    child.stdin.end(PROGRAM);
  });
}

describe("what is asked of Jitsi's REST", () => {
  it("is a Jicofo's present state, and not its metrics, which are half a minute old", async () => {
    expect(JSON.parse((await run("focus")).out)).toEqual({ meetings: 1, bridges: 2 });
    expect(asked).not.toContain("/metrics");
  });

  it("is each number of a bridge that has no labels", async () => {
    expect(JSON.parse((await run("metrics")).out)).toEqual({
      jitsi_jvb_drain_mode: 0,
      jitsi_jvb_local_endpoints: 2,
    });
  });

  it("is null where nothing listens", async () => {
    const free = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => free.once("listening", resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    for (const verb of ["focus", "metrics"])
      expect(await run(verb, port)).toEqual({ code: 0, out: "null\n", err: "" });
  });

  it("is an error where the answer is another program's", async () => {
    stats = { conferences: 1 };
    const { code, err } = await run("focus");
    expect({ code, err }).toEqual({
      code: 1,
      err: "the answer to focus has no 'bridge_selector'\n",
    });
  });
});
