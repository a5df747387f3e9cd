import { setTimeout as sleep } from "node:timers/promises";
import { LabError, LabInterrupted } from "./error.ts";

/** The APIs of the lab: OpenStack's type of service, and where it answers. */
export const services = {
  identity: { name: "keystone", port: 5000, path: "/v3" },
  placement: { name: "placement", port: 8778, path: "" },
  image: { name: "glance", port: 9292, path: "" },
  compute: { name: "nova", port: 8774, path: "/v2.1" },
  network: { name: "neutron", port: 9696, path: "" },
  dns: { name: "designate", port: 9001, path: "" },
  volumev3: { name: "cinderv3", port: 8776, path: "/v3" },
} as const;

export type Service = keyof typeof services;

/** The address of an API. */
export function urlOf(host: string, service: Service): string {
  const { port, path } = services[service];
  return `http://${host}:${port}${path}`;
}

/** What the APIs answer. Fields are checked where they are used. */
export type Json = { readonly [key: string]: unknown };

export interface Login {
  readonly host: string;
  readonly user: string;
  readonly password: string;
  readonly project: string;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function send(
  url: string,
  request: RequestInit,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const timeout = AbortSignal.timeout(60_000);
  try {
    const response = await fetch(url, {
      ...request,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    if (signal?.aborted) throw new LabInterrupted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason = timeout.aborted
      ? "no answer in 60 s"
      : String((cause as Error).message ?? cause);
    throw new LabError(`${request.method ?? "GET"} ${url}: ${reason}`);
  }
}

/** The sentence in an OpenStack error, or the start of whatever was answered. */
function complaintIn(text: string): string {
  const sentence = /"(?:message|description)": ?"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  return (sentence ?? text).replace(/\s+/g, " ").slice(0, 200);
}

/** A client with a token for one project. Enough for seeding and for tests, no more. */
export class Api {
  private readonly login: Login;
  private readonly token: string;
  readonly projectId: string;

  private constructor(login: Login, token: string, projectId: string) {
    this.login = login;
    this.token = token;
    this.projectId = projectId;
  }

  /** @throws LabError when keystone refuses or doesn't answer */
  static async open(login: Login): Promise<Api> {
    const domain = { name: "Default" };
    const body = {
      auth: {
        identity: {
          methods: ["password"],
          password: { user: { name: login.user, domain, password: login.password } },
        },
        scope: { project: { name: login.project, domain } },
      },
    };
    const url = `${urlOf(login.host, "identity")}/auth/tokens`;
    const request = { method: "POST", body: JSON.stringify(body), headers: jsonHeaders };
    const answer = await send(url, request, login.signal);
    const token = answer.headers.get("x-subject-token");
    if (answer.status !== 201 || !token) {
      throw new LabError(`keystone refuses ${login.user}: ${complaintIn(answer.text)}`);
    }
    const { token: details } = JSON.parse(answer.text) as { token: { project: { id: string } } };
    return new Api(login, token, details.project.id);
  }

  /** One call, whatever it answers. `body` is sent as JSON unless it is bytes. */
  async call(
    service: Service,
    method: string,
    path: string,
    body?: Json | Uint8Array<ArrayBuffer>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const url = `${urlOf(this.login.host, service)}${path}`;
    const type = body instanceof Uint8Array ? "application/octet-stream" : "application/json";
    const request: RequestInit = {
      method,
      headers: {
        accept: "application/json",
        "content-type": type,
        ...headers,
        "x-auth-token": this.token,
      },
    };
    if (body) request.body = body instanceof Uint8Array ? body : JSON.stringify(body);
    // Just after a start a service may find keystone too busy to check a token (503: nothing was
    // done), and may drop a connection that it kept open.
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await send(url, request, this.login.signal);
        if (answer.status !== 503 || attempt === 10) return answer;
      } catch (error) {
        if (error instanceof LabInterrupted || method !== "GET" || attempt === 3) throw error;
      }
      await sleep(500);
    }
  }

  /** One call that must succeed, and the JSON that it answers. */
  async ask(...call: Parameters<Api["call"]>): Promise<Json> {
    const { status, text } = await this.call(...call);
    if (status >= 300) {
      const [service, method, path] = call;
      throw new LabError(
        `${services[service].name} answers ${status} to ${method} ${path}: ${complaintIn(text)}`,
      );
    }
    return text ? (JSON.parse(text) as Json) : {};
  }

  /** The objects in a list: `GET path` answers `{ [key]: [...] }`. */
  async list(service: Service, path: string, key: string): Promise<Json[]> {
    return (await this.ask(service, "GET", path))[key] as Json[];
  }
}

const jsonHeaders = { accept: "application/json", "content-type": "application/json" };

/** A text field of an answer. */
export function text(object: Json | undefined, key: string): string {
  return String(object?.[key] ?? "");
}
