import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildFolder } from "../modules/common/toolkit/index.ts";
import { stackFolder } from "../modules/operations/working-folder/index.ts";
import { polder, type TestInstance, testInstance } from "./testing/polder.ts";

// A stand-in for a state server such as GitLab's: memory, TLS, a password, locks. Terraform is real.
const states = new Map<string, string>();
const locks = new Map<string, string>();
/** The methods that take a lock and give it back: Terraform's own, or GitLab's. */
let methods = ["LOCK", "UNLOCK"];
const password = "state-password-5Rk2";
const folder = mkdtempSync(join(tmpdir(), "polder-http-state-"));
const certificate = join(folder, "cert.pem");
let server: Server;
let instance: TestInstance;
let env: Record<string, string>;

beforeAll(async () => {
  const key = join(folder, "key.pem");
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "2",
      "-keyout",
      key,
      "-out",
      certificate,
      ...subject,
    ],
    { stdio: "ignore" },
  );
  server = createServer(
    { key: readFileSync(key), cert: readFileSync(certificate) },
    (request, response) => {
      const [, user] = (request.headers.authorization ?? "").split(" ");
      const path = request.url ?? "";
      let body = "";
      request.on("data", (data: Buffer) => {
        body += data;
      });
      request.on("end", () => {
        const answer = (status: number, text = "") => response.writeHead(status).end(text);
        if (Buffer.from(user ?? "", "base64").toString() !== `polder:${password}`)
          return answer(401);
        const name = path.replace(/\/lock$|\?.*$/g, "");
        // GitLab's answer to a method that it doesn't know.
        const [lock, unlock] = methods;
        if (["LOCK", "UNLOCK"].includes(request.method ?? "") && lock !== "LOCK")
          return answer(405);
        if (request.method === lock && path.endsWith("/lock")) {
          const held = locks.get(name);
          if (held) return answer(423, held);
          locks.set(name, body);
          return answer(200);
        }
        if (request.method === unlock && path.endsWith("/lock"))
          return answer(locks.delete(name) ? 200 : 409);
        if (request.method === "POST") states.set(name, body);
        const state = states.get(name);
        return state === undefined
          ? answer(404)
          : answer(200, request.method === "GET" ? state : "");
      });
    },
  );
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  instance = testInstance("gemeente-klein", "t-http");
  instance.edit(
    (text) => `${text}\nstate: { backend: http, address: "https://127.0.0.1:${port}/state" }\n`,
  );
  env = { TF_HTTP_USERNAME: "polder", TF_HTTP_PASSWORD: password, SSL_CERT_FILE: certificate };
});
afterAll(() => {
  server.close();
  instance.forget();
  rmSync(folder, { recursive: true, force: true });
});

const run = (step: string, more: Readonly<Record<string, string>> = {}) =>
  polder([step, instance.folder], { env: { ...env, ...more } });

test("state goes to the server that the file names, locked, and nowhere else; a plan that came as an artifact is applied", async () => {
  const planned = await run("plan");
  expect([planned.code, planned.stderr]).toEqual([0, expect.any(String)]);
  // What a pipeline hands on: the plan, and the documents.
  for (const stack of readdirSync(join(buildFolder("t-http"), "stacks"))) {
    const folder = stackFolder(buildFolder("t-http"), stack);
    for (const file of readdirSync(folder))
      if (file !== "cdk.tf.json") rmSync(join(folder, file), { recursive: true });
  }
  const applied = await run("apply");
  expect([applied.code, applied.stdout], applied.stderr).toEqual([
    0,
    expect.stringContaining("applied plan"),
  ]);
  expect([...states.keys()]).toEqual(["/state/t-http-addresses"]);
  expect(JSON.parse(states.get("/state/t-http-addresses") ?? "{}").resources.length).toBe(6);
  expect(locks.size).toBe(0);
  expect(existsSync(join(instance.folder, "state"))).toBe(false);
});

test("a state that another run holds is waited for, then told", async () => {
  locks.set(
    "/state/t-http-addresses",
    JSON.stringify({ ID: "x", Who: "someone@elsewhere", Operation: "apply" }),
  );
  const held = await run("plan");
  expect(held.code).toBe(3);
  expect(held.stderr).toContain("another run holds the state");
  locks.clear();
});

test("who has the folder knows what was applied", async () => {
  rmSync(buildFolder("t-http"), { recursive: true });
  const second = await run("plan");
  expect([second.code, second.stdout]).toEqual([0, expect.not.stringContaining("nobody reviewed")]);
});

test("a server with other methods for locks is told so, and taken as the file says", async () => {
  methods = ["POST", "DELETE"];
  const refused = await run("plan");
  expect([refused.code, refused.stderr]).toEqual([
    3,
    expect.stringMatching(
      /405.* → the state's server knows another method for locks.*POST and DELETE/,
    ),
  ]);
  expect(refused.stderr).not.toContain("another run holds the state");
  instance.edit((text) =>
    text.replace(/\/state" \}/, '/state", lockMethod: POST, unlockMethod: DELETE }'),
  );
  const planned = await run("plan");
  expect([planned.code, planned.stderr, locks.size]).toEqual([0, expect.any(String), 0]);
  instance.edit((text) => text.replace('/state"', '/elsewhere"'));
  const moved = await run("plan");
  instance.edit((text) => text.replace('/elsewhere"', '/state"'));
  expect([moved.code, moved.stderr]).toEqual([3, expect.stringMatching(/→ .* another place/)]);
});

test("without the password: one line, no stack trace", async () => {
  const refused = await run("plan", { TF_HTTP_PASSWORD: "wrong" });
  expect(refused.code).toBe(3);
  expect(refused.stderr).not.toMatch(/ {4}at /);
  expect(refused.stderr).not.toContain(password);
});

test("the end empties it", async () => {
  const ended = await polder(["decommission", instance.folder, "--confirm", "t-http"], { env });
  expect([ended.code, ended.stdout]).toEqual([0, expect.stringContaining("t-http is gone")]);
  expect(JSON.parse(states.get("/state/t-http-addresses") ?? "{}").resources).toEqual([]);
});
