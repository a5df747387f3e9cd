import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { CloudFailure, nextPage, OpenStackApi } from "./api.ts";
import type { CloudEntry } from "./clouds.ts";

const SECRET = "geheim-4711";
/** Nobody is better for half a second of rest here. */
const SOON = { wait: 0.01 };
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** A stub of an API on loopback: a catalog of one service, and what `answer` does with the rest. */
async function stub(service: string, answer: RequestListener): Promise<CloudEntry> {
  let base = "";
  const server = createServer((request, response) => {
    if (request.url !== "/v3/auth/tokens") return void answer(request, response);
    response.writeHead(201, { "x-subject-token": "t" });
    const endpoints = [{ interface: "public", url: `${base}/api` }];
    response.end(
      JSON.stringify({ token: { project: { id: "p" }, catalog: [{ type: service, endpoints }] } }),
    );
  });
  return raw(server).then((url) => {
    base = url;
    return entryAt(url);
  });
}

async function raw(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const entryAt = (url: string): CloudEntry => ({
  auth: { auth_url: `${url}/v3`, username: "u", password: SECRET, project_name: "p" },
});

async function failure(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(CloudFailure);
  const { message } = error as CloudFailure;
  expect(message).not.toContain("geheim");
  expect(message).not.toContain("\n");
  return message;
}

describe("the next page", () => {
  test.each([
    ["nova's and cinder's list of links", { servers_links: [{ rel: "next", href: "/b" }] }, "/b"],
    [
      "neutron's, at the last page",
      { servers_links: [{ rel: "previous", href: "/a" }] },
      undefined,
    ],
    ["designate's links", { links: { self: "/a", next: "/b" } }, "/b"],
    ["designate's, at the last page", { links: { self: "/a" } }, undefined],
    ["no links", {}, undefined],
  ])("%s", (_, page, next) => {
    expect(nextPage(page, "servers")).toBe(next);
  });

  test("is read at the endpoint's own address, whatever the link says: the token goes nowhere else", async () => {
    const asked: string[] = [];
    const entry = await stub("compute", (request, response) => {
      asked.push(request.url ?? "");
      const more = request.url?.includes("marker")
        ? []
        : [{ rel: "next", href: "http://elsewhere.invalid/api/servers/detail?marker=1" }];
      response.end(JSON.stringify({ servers: [{ id: asked.length }], servers_links: more }));
    });
    const api = await OpenStackApi.connect(entry);
    expect(await api.list("servers")).toEqual([{ id: 1 }, { id: 2 }]);
    expect(asked).toEqual(["/api/servers/detail", "/api/servers/detail?marker=1"]);
  });
});

describe("an API that fails is one line, without a secret", () => {
  test("no connection", async () => {
    const server = createServer();
    const url = await raw(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await failure(OpenStackApi.connect(entryAt(url), SOON))).toMatch(
      /no connection: is the cloud's API up/,
    );
  });

  test("a status; the body, which may repeat what was sent, isn't told", async () => {
    const url = await raw(createServer((_, response) => response.writeHead(401).end(SECRET)));
    expect(await failure(OpenStackApi.connect(entryAt(url)))).toMatch(
      /\/v3\/auth\/tokens: HTTP 401 Unauthorized$/,
    );
  });

  test("no answer in time", async () => {
    const url = await raw(createServer(() => {}));
    expect(await failure(OpenStackApi.connect(entryAt(url), { timeout: 0.1 }))).toMatch(
      /no answer in 0\.1 s/,
    );
  });

  test("half an answer, then silence", async () => {
    const entry = await stub("compute", (_, response) => void response.write('{"servers": ['));
    const api = await OpenStackApi.connect(entry, { timeout: 1 });
    expect(await failure(api.list("servers"))).toMatch(/no answer in 1 s/);
  });

  test("half an answer, then the connection is cut", async () => {
    const entry = await stub("compute", (_, response) => {
      response.write('{"servers": [');
      setTimeout(() => response.destroy(), 50);
    });
    const api = await OpenStackApi.connect(entry, SOON);
    expect(await failure(api.list("servers"))).toMatch(/no connection/);
  });

  test("a page that is no JSON", async () => {
    const url = await raw(createServer((_, response) => response.end("<html>log in</html>")));
    expect(await failure(OpenStackApi.connect(entryAt(url)))).toMatch(/the answer is no JSON/);
  });

  test("a token for no project", async () => {
    const url = await raw(
      createServer((_, response) =>
        response.setHeader("x-subject-token", "t").end('{"token": {}}'),
      ),
    );
    expect(await failure(OpenStackApi.connect(entryAt(url)))).toMatch(
      /gave no token for a project$/,
    );
  });
});

test.each([
  ["429", 429, "0.1"],
  ["503", 503, undefined],
])("a busy API (%s) is asked again, up to five times", async (_, status, after) => {
  let busy = 2;
  const entry = await stub("compute", (_, response) => {
    if (busy-- <= 0) return void response.end('{"servers": [{"id": 1}]}');
    response.writeHead(status, after === undefined ? {} : { "retry-after": after }).end();
  });
  const api = await OpenStackApi.connect(entry, SOON);
  expect(await api.list("servers")).toEqual([{ id: 1 }]);
  busy = Number.POSITIVE_INFINITY;
  expect(await failure(api.list("servers"))).toMatch(/detail: HTTP (429|503) /);
});

test("a cloud without a service holds nothing of it", async () => {
  const api = await OpenStackApi.connect(await stub("compute", () => {}));
  expect(api.has("dns")).toBe(false);
  expect(await api.list("zones")).toEqual([]);
});
