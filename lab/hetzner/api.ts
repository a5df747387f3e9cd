import { createHash } from "node:crypto";
import { mkdirSync, readdirSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { firstFree, POOL, type Pool } from "./addresses.ts";
import { IMAGES, ISOS, LOCATIONS, SERVER_TYPES } from "./catalogue.ts";
import { ApiError } from "./error.ts";
import { firewalls } from "./kinds/firewalls.ts";
import { networks } from "./kinds/networks.ts";
import { neverMade } from "./kinds/never-made.ts";
import { placementGroups } from "./kinds/placement-groups.ts";
import { primaryIps } from "./kinds/primary-ips.ts";
import { servers } from "./kinds/servers.ts";
import { sshKeys } from "./kinds/ssh-keys.ts";
import { volumes } from "./kinds/volumes.ts";
import { zones } from "./kinds/zones.ts";
import { operatorAnswer } from "./operator.ts";
import { type FreeAddress, type Pace, Project } from "./project.ts";
import { page, selector, sorted } from "./query.ts";
import { Bucket, type Limit } from "./rate-limit.ts";
import { type Answer, type Call, listed, ok, type Route } from "./route.ts";

export interface Options {
  /** Where projects are kept; another start with the same folder goes on. */
  readonly folder: string;
  /** @default one that is free */
  readonly port?: number;
  readonly pace?: Pace;
  readonly limit?: Limit;
  /** @default ranges for documentation */
  readonly pool?: Pool;
  /** Token of the cloud's operator; see operator.ts. @default there is no operator */
  readonly operator?: string;
  /** Whether the answer to a request is lost: it is done, and who asked sees the connection end. */
  readonly loses?: (method: string, path: string) => boolean;
}

/** A stand-in that runs. */
export interface StandIn {
  /** To be named in HCLOUD_ENDPOINT. */
  readonly endpoint: string;
  readonly close: () => Promise<void>;
}

/** Seconds. Long enough that a client must wait for it. */
const PACE: Pace = { create: 1, other: 0.2 };
const LIMIT: Limit = { requests: 3600, perSecond: 1 };
const MOST_BYTES = 1024 * 1024;

const CATALOGUE: Readonly<
  Record<string, readonly { readonly id: number; readonly name: string }[]>
> = { locations: LOCATIONS, server_types: SERVER_TYPES, images: IMAGES, isos: ISOS };

const ROUTES: readonly Route[] = [
  ...servers,
  ...volumes,
  ...primaryIps,
  ...networks,
  ...firewalls,
  ...placementGroups,
  ...sshKeys,
  ...zones,
  ...neverMade,
  ...Object.entries(CATALOGUE).flatMap(([name, list]): Route[] => [
    [`GET /${name}`, () => listed(name, list)],
    [
      `GET /${name}/:`,
      ({ at: [id = ""] }) => {
        const found = list.find((one) => String(one.id) === id);
        if (!found) throw new ApiError("not_found", `${name}: ${id} not found`);
        return ok({ [name.slice(0, -1)]: found });
      },
    ],
  ]),
  [
    "GET /actions",
    ({ project, query }) => {
      if (!query.has("id"))
        throw new ApiError("deprecated_api_endpoint", "actions are listed by their ids alone", {
          announcement:
            "https://docs.hetzner.cloud/changelog#2023-07-20-actions-list-endpoint-is-deprecated",
        });
      return listed("actions", project.actions());
    },
  ],
  [
    "GET /actions/:",
    ({ project, at: [id = ""] }) => {
      const action = project.actions().find((one) => String(one.id) === id);
      if (!action) throw new ApiError("not_found", `action ${id} not found`);
      return ok({ action });
    },
  ],
  [
    "GET /datacenters",
    () => {
      throw new ApiError("deprecated_api_endpoint", "datacenters were removed", {
        announcement: "https://docs.hetzner.cloud/changelog#2026-07-01-removing-datacenters",
      });
    },
  ],
];

const TABLE = ROUTES.map(([where, handle]) => {
  const [method = "", path = ""] = where.split(" ");
  return { method, path: new RegExp(`^${path.replaceAll(":", "([^/]+)")}$`), handle };
});

/** Filters that a list takes beside its pages: each is a field, or a label selector. */
const FILTERS = ["name", "type", "status", "ip", "architecture", "fingerprint", "id"];

/** A field as a filter takes it: an IPv6 network by its address alone. */
const filterValue = (value: unknown): string => String(value).replace(/::\/64$/, "::");

function filtered(items: readonly object[], query: URLSearchParams): object[] {
  const isWanted = query.has("label_selector") && selector(query.get("label_selector") ?? "");
  return items.filter((item) => {
    const fields = item as Record<string, unknown>;
    return (
      FILTERS.every(
        (name) => !query.has(name) || query.getAll(name).includes(filterValue(fields[name])),
      ) &&
      (!isWanted || isWanted((fields["labels"] ?? {}) as Record<string, string>))
    );
  });
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > MOST_BYTES) throw new ApiError("json_error", "too large");
    parts.push(part as Buffer);
  }
  const text = Buffer.concat(parts).toString("utf8");
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ApiError("json_error", "the body is no JSON");
  }
}

/** The token that a request brings. @throws ApiError unauthorized */
function tokenOf(request: IncomingMessage): string {
  const [, token] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "") ?? [];
  if (token?.length !== 64) throw new ApiError("unauthorized", "unable to authenticate");
  return token;
}

/** A token isn't written down: its sum tells projects apart. */
export const projectName = (token: string): string =>
  createHash("sha256").update(token).digest("hex").slice(0, 16);

/** Starts the stand-in on loopback. */
export async function start(options: Options): Promise<StandIn> {
  const { folder, pace = PACE, limit = LIMIT, pool = POOL } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const projects = new Map<string, Project>();
  const buckets = new Map<string, Bucket>();
  const freeAddress: FreeAddress = (type) => {
    const all = [...projects.values()].flatMap((project) => project.all("primary_ips"));
    return firstFree(type, pool, new Set(all.map((ip) => ip["ip"])));
  };
  const projectCalled = (name: string) => {
    const project = projects.get(name) ?? new Project(folder, name, pace, freeAddress);
    projects.set(name, project);
    return project;
  };
  // All that there are: no two have the same address.
  for (const file of readdirSync(folder))
    if (file.endsWith(".json")) projectCalled(file.slice(0, -".json".length));

  const answerTo = async (request: IncomingMessage, response: ServerResponse): Promise<Answer> => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const token = tokenOf(request);
    if (token === options.operator)
      return operatorAnswer(
        request.method,
        url.pathname.slice("/operator".length),
        projects,
        ROUTES,
      );
    const name = projectName(token);
    const project = projectCalled(name);
    const bucket = buckets.get(name) ?? new Bucket(limit);
    buckets.set(name, bucket);
    const { allowed, headers } = bucket.take();
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (!allowed) throw new ApiError("rate_limit_exceeded", "limit of requests reached");
    const path = url.pathname.replace(/^\/v1(?=\/)/, "");
    const route = TABLE.find((one) => one.method === request.method && one.path.test(path));
    if (!route) throw new ApiError("not_found", `the stand-in has no ${request.method} ${path}`);
    const at = (route.path.exec(path) ?? []).slice(1).map(decodeURIComponent);
    const call: Call = { project, at, body: await bodyOf(request), query: url.searchParams };
    const answer = route.handle(call);
    if (request.method !== "GET") project.save();
    if (!answer.list) return answer;
    const all = sorted(filtered(answer.body as object[], url.searchParams), url.searchParams);
    const { items, meta } = page(answer.list, all, url.searchParams);
    return { status: answer.status, body: { [answer.list]: items, meta } };
  };

  const server = createServer((request, response) => {
    void answerTo(request, response)
      .catch((error: unknown): Answer => {
        const known =
          error instanceof ApiError ? error : new ApiError("server_error", String(error));
        const { status, code, message, details } = known;
        return { status, body: { error: { code, message, details } } };
      })
      .then(({ status, body }) => {
        if (options.loses?.(request.method ?? "", request.url ?? ""))
          return void request.socket.destroy();
        // An answer without a body has no content type either: a client would try to parse it.
        if (body === undefined) return void response.writeHead(status).end();
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(body));
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}/v1`, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
