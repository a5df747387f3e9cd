import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dump } from "js-yaml";
import { type CloudEntry, readCloud } from "../../modules/clouds/openstack-api/index.ts";
import { defaultFolder, labPaths } from "../cloud/index.ts";

/** What goes wrong with a request. */
export type Misbehaviour =
  /** This status instead of an answer; the cloud never sees the request. */
  | { readonly status: number; readonly retryAfter?: number }
  /** No answer, ever. */
  | "hang"
  /** The connection is cut before the cloud sees the request. */
  | "cut"
  /** The cloud does what was asked, but its answer is lost. */
  | "lose"
  /** The answer comes this much later. */
  | { readonly delayMs: number };

export interface Fault {
  /** @default every method */
  readonly method?: string;
  /** Matched against `/<port of the service>/<path>`, such as `/9696/v2.0/floatingips`. */
  readonly path: RegExp;
  /** Requests that it befalls. @default all, until it is lifted */
  readonly times?: number;
  readonly does: Misbehaviour;
}

export interface Seen {
  readonly method: string;
  readonly path: string;
  /** Who asks: Terraform's provider, or `polder` itself. */
  readonly byTerraform: boolean;
}

/** A proxy on loopback in front of the lab's real API. What no fault befalls passes through. */
export interface FaultyProxy {
  /** What `polder` needs in its environment to go through it. */
  readonly env: { readonly OS_CLIENT_CONFIG_FILE: string };
  /** Every request so far, also those that failed. */
  readonly seen: readonly Seen[];
  /** Lets requests fail from now on. @returns how many did so far */
  fail(fault: Fault): () => number;
  /** Lifts every fault. */
  lift(): void;
  /** Called at each request, with its number from 1, before anything is done with it. */
  onRequest: ((count: number, seen: Seen) => void) | undefined;
  /** Writes its clouds.yaml with one entry changed: another password, another name. */
  clouds(change: (entry: CloudEntry) => CloudEntry, name?: string): void;
  close(): Promise<void>;
}

/**
 * Starts one for an entry of the lab's clouds.yaml. A request to `/<port>/<path>` goes to that port
 * of the lab; the catalog and all links in answers are rewritten to lead here.
 */
export async function faultyProxy(cloud: string): Promise<FaultyProxy> {
  const entry = readCloud(labPaths(defaultFolder()).cloudsFile, cloud);
  const lab = new URL(entry.auth.auth_url).hostname;
  const seen: Seen[] = [];
  let faults: { fault: Fault; count: number }[] = [];
  const folder = mkdtempSync(join(tmpdir(), "polder-faulty-proxy-"));
  const file = join(folder, "clouds.yaml");

  const handle = async (incoming: IncomingMessage, answer: ServerResponse) => {
    const body = await bytes(incoming);
    const now: Seen = {
      method: incoming.method ?? "GET",
      path: incoming.url ?? "/",
      byTerraform: /Terraform/i.test(incoming.headers["user-agent"] ?? ""),
    };
    seen.push(now);
    proxy.onRequest?.(seen.length, now);
    const hit = faults.find(
      ({ fault, count }) =>
        count < (fault.times ?? Number.POSITIVE_INFINITY) &&
        (fault.method ?? now.method) === now.method &&
        fault.path.test(now.path),
    );
    if (hit) hit.count++;
    const does = hit?.fault.does;
    if (does === "hang") return;
    if (does === "cut") return void incoming.socket.destroy();
    if (typeof does === "object" && "status" in does) {
      const retry: OutgoingHttpHeaders = does.retryAfter
        ? { "retry-after": String(does.retryAfter) }
        : {};
      answer.writeHead(does.status, { "content-type": "application/json", ...retry });
      return void answer.end(`{"error": {"code": ${does.status}, "message": "faulty proxy"}}`);
    }
    if (typeof does === "object") await sleep(does.delayMs);
    const [, port = "", path = "/"] = /^\/(\d+)(\/?.*)$/.exec(now.path) ?? [];
    const { "accept-encoding": _, host: __, ...headers } = incoming.headers;
    const upstream = await forward(
      { host: lab, port, path: path || "/" },
      now.method,
      headers,
      body,
    );
    if (does === "lose") return void incoming.socket.destroy();
    const here = (text: string) =>
      text.replaceAll(new RegExp(`http://${lab}:(\\d+)`, "g"), `${base}/$1`);
    const isText = /json|text/.test(String(upstream.headers["content-type"] ?? ""));
    const content = isText ? Buffer.from(here(String(upstream.body))) : upstream.body;
    const { "transfer-encoding": ___, connection: ____, ...rest } = upstream.headers;
    if (rest.location) rest.location = here(rest.location);
    if (rest["content-length"] !== undefined) rest["content-length"] = String(content.length);
    answer.writeHead(upstream.status, rest);
    answer.end(content);
  };

  const server = createServer((incoming, answer) => {
    // The lab itself is down, or the client went away: the client sees a cut connection.
    handle(incoming, answer).catch(() => incoming.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const proxy: FaultyProxy = {
    env: { OS_CLIENT_CONFIG_FILE: file },
    seen,
    fail(fault) {
      const added = { fault, count: 0 };
      faults.unshift(added);
      return () => added.count;
    },
    lift() {
      faults = [];
    },
    onRequest: undefined,
    clouds(change, name = cloud) {
      const here = { ...entry, auth: { ...entry.auth, auth_url: `${base}/5000/v3` } };
      writeFileSync(file, dump({ clouds: { [name]: change(here) } }), { mode: 0o600 });
    },
    close: () =>
      new Promise((resolve) => {
        rmSync(folder, { recursive: true, force: true });
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  proxy.clouds((same) => same);
  return proxy;
}

async function bytes(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

interface Upstream {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

function forward(
  to: { readonly host: string; readonly port: string; readonly path: string },
  method: string,
  headers: OutgoingHttpHeaders,
  body: Buffer,
): Promise<Upstream> {
  return new Promise((resolve, reject) => {
    // A connection of its own: one that is kept open may be closed by the service at any time.
    const outgoing = request({ ...to, method, headers, agent: false }, (response) => {
      bytes(response).then(
        (body) => resolve({ status: response.statusCode ?? 502, headers: response.headers, body }),
        reject,
      );
    });
    outgoing.on("error", reject).end(body);
  });
}
