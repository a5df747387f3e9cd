import { createHash } from "node:crypto";
import { request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";

export interface HttpQuestion {
  readonly address: string;
  readonly port: number;
  /** Absent: plain HTTP. `ca` in PEM; absent: the public authorities; `name` is SNI and checked. */
  readonly tls?: { readonly name: string; readonly ca?: string | undefined } | undefined;
  readonly host: string;
  readonly path: string;
  readonly method?: string;
  /** Asks for a WebSocket, as a browser does that signals (RFC 6455, 4.1). */
  readonly socket?: boolean;
}

const SOCKET = {
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
  "Sec-WebSocket-Protocol": "xmpp",
} as const;

export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names; several of one name joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** SHA-256 of the body, hex. */
  readonly digest: string;
  /** Why there is no answer; then the status is 0. */
  readonly failed?: string;
}

/** Time for one answer, ms, and the most of a body that is read, bytes. */
const WAIT = 5_000;
const MOST = 256 * 1024;

/** Asks once; never follows a redirect, never rejects. */
export function askHttp(question: HttpQuestion): Promise<HttpAnswer> {
  const { tls } = question;
  return new Promise((resolve) => {
    const fail = (why: string) =>
      resolve({ status: 0, headers: {}, body: "", digest: "", failed: why });
    const options = {
      host: question.address,
      port: question.port,
      path: question.path,
      method: question.method ?? "GET",
      headers: { Host: question.host, ...(question.socket ? SOCKET : {}) },
      timeout: WAIT,
      agent: false as const,
    };
    const call = tls
      ? tlsRequest({
          ...options,
          servername: tls.name,
          ...(tls.ca === undefined ? {} : { ca: tls.ca }),
        })
      : plainRequest(options);
    call.on("timeout", () => call.destroy(new Error(`no answer within ${WAIT} ms`)));
    call.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    call.on("response", (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on("data", (data: Buffer) => {
        size += data.length;
        if (size <= MOST) parts.push(data);
        else call.destroy(new Error(`more than ${MOST} bytes`));
      });
      response.on("error", (error) => fail(error.message));
      response.on("end", () => {
        const body = Buffer.concat(parts);
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(
            Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
          ),
          body: body.toString(),
          digest: createHash("sha256").update(body).digest("hex"),
        });
      });
    });
    call.end();
  });
}
