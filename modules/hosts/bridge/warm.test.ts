import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { loadPrograms } from "../../workspace/index.ts";
import { programText } from "../configuration/index.ts";

// What a real bridge makes of it is lab/acceptance's to say; here, that a bridge which is asked never stays drained.

const run = promisify(execFile);
let folder = "";
let server: Server | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "polder-warm-"));
  writeFileSync(join(folder, "warm"), programText(loadPrograms(), "bridge/programs/warm.py"));
});
afterEach(() => server?.close());
afterAll(() => rmSync(folder, { recursive: true }));

interface Asked {
  readonly what: string;
  readonly body: string;
}

/**
 * Runs the program against a server that gives these answers, by a part of what it is asked.
 *
 * @param garbled what it answers with something else than HTTP
 */
async function warmed(answers: Readonly<Record<string, number>> = {}, garbled?: string) {
  const asked: Asked[] = [];
  server = createServer((request, response) => {
    const { method, url } = request;
    let body = "";
    request.on("data", (data: Buffer) => {
      body += data;
    });
    request.on("end", () => {
      const what = `${method} ${url}`;
      asked.push({ what, body });
      const [, code = 200] =
        Object.entries(answers).find(([part]) => `${what} ${body}`.includes(part)) ?? [];
      if (what === garbled) request.socket.end("no HTTP\n");
      else response.writeHead(code).end("{}");
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  writeFileSync(join(folder, "warm.json"), JSON.stringify({ port }));
  const ended = run("python3", ["-B", "-S", join(folder, "warm")]);
  const result = await ended.then(
    ({ stderr }) => ({ code: 0, stderr }),
    ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
  );
  return { ...result, asked };
}

it("has a meeting of two made up and ended, and lets the bridge take people when that is over", async () => {
  const { code, stderr, asked } = await warmed();
  expect([code, stderr]).toEqual([0, ""]);
  const meeting = asked[2]?.what.split("/").at(-1) ?? "";
  expect(meeting).toMatch(/^[0-9a-f-]{36}$/);
  const patch = `PATCH /colibri/v2/conferences/${meeting}`;
  expect(asked.map(({ what }) => what)).toEqual([
    "GET /colibri/drain",
    "POST /colibri/v2/conferences",
    patch,
    patch,
    patch,
    patch,
    "POST /colibri/drain/disable",
  ]);
  expect(JSON.parse(asked[1]?.body ?? "")).toMatchObject({
    "meeting-id": meeting,
    create: true,
    endpoints: [{ id: "00000001", create: true }],
  });
  expect(asked[5]?.body).toBe('{"expire": true}');
});

it.each([["POST /colibri/v2/conferences"], ["00000002"], ['"ufrag"'], ['"expire"']])(
  "lets a cold bridge take people when it refuses %s, and says that it is cold",
  async (part) => {
    const { code, stderr, asked } = await warmed({ [part]: 400 });
    expect(code).toBe(0);
    expect(stderr).toBe("the bridge isn't warm: HTTP Error 400: Bad Request\n");
    expect(asked.at(-1)?.what).toBe("POST /colibri/drain/disable");
    const began = asked.some(({ what, body }) => what.startsWith("PATCH") && body.length > 0);
    if (began) expect(asked.at(-2)?.body).toBe('{"expire": true}');
  },
);

it("lets a cold bridge take people when its answer is no HTTP, and says that it is cold", async () => {
  const { code, stderr, asked } = await warmed({}, "POST /colibri/v2/conferences");
  expect(code).toBe(0);
  expect(stderr).toBe("the bridge isn't warm: no HTTP\n\n");
  expect(asked.at(-1)?.what).toBe("POST /colibri/drain/disable");
});

it("fails when the bridge stays drained, so that systemd starts it anew", async () => {
  expect((await warmed({ "drain/disable": 500 })).code).toBe(1);
});
