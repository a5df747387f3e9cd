import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { type StandIn, start } from "../../../lab/hetzner/index.ts";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import { BadInput } from "../../common/input/index.ts";
import { access } from "./access.ts";
import { HetznerApi } from "./api.ts";

const TOKEN = "geheim47".repeat(8);
const folder = mkdtempSync(join(tmpdir(), "hetzner-api-"));
const servers: (Server | StandIn)[] = [];
afterEach(async () => {
  for (const one of servers.splice(0)) {
    if ("closeAllConnections" in one) one.closeAllConnections();
    await one.close();
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function raw(answer: RequestListener): Promise<HetznerApi> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return new HetznerApi({ endpoint, token: TOKEN });
}

async function standIn(limit?: { requests: number; perSecond: number }) {
  const one = await start({
    folder,
    pace: { create: 0.2, other: 0.2 },
    ...(limit && { limit }),
  });
  servers.push(one);
  const { endpoint } = one;
  const send = (method: string, path: string, body: object) =>
    fetch(`${endpoint}/${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify(body),
    });
  return { api: new HetznerApi({ endpoint, token: TOKEN }), send };
}

const failure = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(ExternalFailure);
  const { message } = error as Error;
  expect(message).not.toContain("geheim");
  expect(message).not.toContain("\n");
  return message;
};

describe("what the environment says", () => {
  const refused = (env: Record<string, string>): string => {
    try {
      access(env);
    } catch (error) {
      if (error instanceof BadInput) return error.message;
      throw error;
    }
    return "accepted";
  };
  test.each([
    [{}, /HCLOUD_TOKEN: not set, a token .* 64 letters and digits is needed: Hetzner's console/],
    [{ HCLOUD_TOKEN: "geheim" }, /HCLOUD_TOKEN: no token/],
    [{ HCLOUD_TOKEN: TOKEN, HCLOUD_ENDPOINT: "api" }, /HCLOUD_ENDPOINT: an address like/],
    [{ HCLOUD_TOKEN: TOKEN, HCLOUD_ENDPOINT: "ftp://api/v1" }, /HCLOUD_ENDPOINT/],
  ])("%j is refused, without the token", (env, message) => {
    expect(refused(env as Record<string, string>)).toMatch(message);
    expect(refused(env as Record<string, string>)).not.toContain("geheim");
  });

  test("without an address it is Hetzner's own", () => {
    expect(access({ HCLOUD_TOKEN: TOKEN }).endpoint).toBe("https://api.hetzner.cloud/v1");
  });
});

test("all pages are read", async () => {
  const { api, send } = await standIn();
  for (let i = 0; i < 53; i++) await send("POST", "firewalls", { name: `f${i}` });
  expect(await api.list("firewalls")).toHaveLength(53);
});

test("locks are lifted of what is meant alone, and waited for", async () => {
  const { api, send } = await standIn();
  for (const name of ["ours", "theirs"]) {
    const made = await send("POST", "volumes", { name, size: 10, location: "fsn1" });
    const { volume } = (await made.json()) as { volume: { id: number } };
    await send("POST", `volumes/${volume.id}/actions/change_protection`, { delete: true });
  }
  expect(await api.unlock(({ name }) => name === "ours")).toBe(1);
  expect(await api.unlock(({ name }) => name === "ours")).toBe(0);
  const volumes = await api.list("volumes");
  expect(volumes.map(({ name, protection }) => [name, protection])).toEqual([
    ["ours", { delete: false }],
    ["theirs", { delete: true }],
  ]);
});

test("a busy API is asked again when it says that it has room", async () => {
  const { api } = await standIn({ requests: 2, perSecond: 2 });
  for (let i = 0; i < 4; i++) expect(await api.list("zones")).toEqual([]);
});

describe("an API that fails is one line, without what was sent", () => {
  test("a refusal: its code, not its message", async () => {
    const api = await raw((_, response) => {
      const error = { code: "unauthorized", message: `no such token ${TOKEN}` };
      response.writeHead(401).end(JSON.stringify({ error }));
    });
    expect(await failure(api.list("servers"))).toMatch(/\/servers\?.*: HTTP 401 unauthorized$/);
  });

  test("an answer that is no JSON", async () => {
    const api = await raw((_, response) => response.end("<html>"));
    expect(await failure(api.list("servers"))).toMatch(/the answer is no JSON$/);
  });

  test("no connection", async () => {
    const api = new HetznerApi({ endpoint: "http://127.0.0.1:9/v1", token: TOKEN });
    expect(await failure(api.list("servers"))).toMatch(/no connection: is the cloud's API up\?$/);
  });

  test("an action that failed", async () => {
    const api = await raw((request, response) => {
      const isList = request.method === "GET";
      const action = { id: 1, status: "error", error: { code: "x", message: "disk is gone" } };
      const volumes = [{ id: 7, name: "v", protection: { delete: true } }];
      response.end(JSON.stringify(isList ? { volumes, servers: [], meta: {} } : { action }));
    });
    expect(await failure(api.unlock(({ name }) => name === "v"))).toMatch(/disk is gone$/);
  });
});
