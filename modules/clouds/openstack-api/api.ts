import { setTimeout as sleep } from "node:timers/promises";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import type { CloudEntry } from "./clouds.ts";

/** The cloud's API failed or can't be reached. */
export class CloudFailure extends ExternalFailure {
  override readonly name = "CloudFailure";
}

/** A JSON object as the API sends it. */
export type Item = Readonly<Record<string, unknown>>;

/** How long one request may take, and how long is waited before it is sent again, in seconds. */
interface Patience {
  readonly timeout: number;
  readonly wait: number;
}
const PATIENCE: Patience = { timeout: 30, wait: 0.5 };
/** How often a request is sent, as often as the provider sends its own. */
const ATTEMPTS = 5;
/** Seconds, whatever the API names. */
const LONGEST_WAIT = 30;

/** What is listed: service type, path below its endpoint, key of the list in the answer. */
const LISTS = {
  servers: ["compute", "/servers/detail", "servers"],
  serverGroups: ["compute", "/os-server-groups", "server_groups"],
  networks: ["network", "/v2.0/networks?project_id=%PROJECT%", "networks"],
  subnets: ["network", "/v2.0/subnets?project_id=%PROJECT%", "subnets"],
  routers: ["network", "/v2.0/routers?project_id=%PROJECT%", "routers"],
  ports: ["network", "/v2.0/ports?project_id=%PROJECT%", "ports"],
  securityGroups: ["network", "/v2.0/security-groups?project_id=%PROJECT%", "security_groups"],
  floatingIps: ["network", "/v2.0/floatingips?project_id=%PROJECT%", "floatingips"],
  volumes: ["volumev3", "/volumes/detail", "volumes"],
  zones: ["dns", "/v2/zones", "zones"],
  records: ["dns", "/v2/recordsets", "recordsets"],
} as const;

export type Kind = keyof typeof LISTS;
export const KINDS = Object.keys(LISTS) as readonly Kind[];

/** What polder never makes, and what somebody may have made beside it. Not every cloud has it, or lets a member list it. */
const BESIDE = {
  snapshots: ["volumev3", "/snapshots/detail", "snapshots"],
  backups: ["volumev3", "/backups/detail", "backups"],
  images: ["image", "/v2/images?owner=%PROJECT%", "images"],
  keypairs: ["compute", "/os-keypairs", "keypairs"],
  loadBalancers: ["load-balancer", "/v2/lbaas/loadbalancers?project_id=%PROJECT%", "loadbalancers"],
} as const;
export type BesideKind = keyof typeof BESIDE;

/** What there is of them, and what the cloud doesn't list. */
export interface BesideListing {
  readonly listing: Readonly<Record<BesideKind, readonly Item[]>>;
  readonly refused: readonly { readonly kind: BesideKind; readonly why: string }[];
}

/** A flavour as the cloud offers it today. */
export interface OfferedFlavour {
  readonly name: string;
  readonly vcpus: number;
  readonly ramMiB: number;
}

/** Everything that a project holds, by kind. */
export type Listing = Readonly<Record<Kind, readonly Item[]>>;

/** One project of an OpenStack cloud, as its member: lists all of it, writes TXT records alone. */
export class OpenStackApi {
  readonly #token: string;
  readonly #endpoints: ReadonlyMap<string, string>;
  readonly #patience: Patience;
  readonly projectId: string;

  private constructor(
    token: string,
    endpoints: ReadonlyMap<string, string>,
    projectId: string,
    patience: Patience,
  ) {
    this.#token = token;
    this.#endpoints = endpoints;
    this.#patience = patience;
    this.projectId = projectId;
  }

  /**
   * Logs in.
   *
   * @param patience in seconds: how long one request may take, how long is waited before it is sent again
   * @throws CloudFailure when the API can't be reached or refuses.
   */
  static async connect(
    entry: CloudEntry,
    { timeout, wait }: Partial<Patience> = {},
  ): Promise<OpenStackApi> {
    const patience = { timeout: timeout ?? PATIENCE.timeout, wait: wait ?? PATIENCE.wait };
    const { auth } = entry;
    const domain = (id: string | undefined, name: string | undefined) =>
      id ? { id } : { name: name ?? "Default" };
    const byApplication = auth.application_credential_id !== undefined;
    const identity = byApplication
      ? {
          methods: ["application_credential"],
          application_credential: {
            id: auth.application_credential_id,
            secret: auth.application_credential_secret,
          },
        }
      : {
          methods: ["password"],
          password: {
            user: {
              name: auth.username,
              password: auth.password,
              domain: domain(auth.user_domain_id, auth.user_domain_name),
            },
          },
        };
    const scope = byApplication
      ? {}
      : {
          scope: {
            project: auth.project_id
              ? { id: auth.project_id }
              : {
                  name: auth.project_name,
                  domain: domain(auth.project_domain_id, auth.project_domain_name),
                },
          },
        };
    const base = auth.auth_url.replace(/\/(v3\/?)?$/, "");
    const { headers, json } = await request(
      `${base}/v3/auth/tokens`,
      {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ auth: { identity, ...scope } }),
      },
      patience,
    );
    const token = headers.get("x-subject-token");
    const body = json["token"] as
      | {
          project?: { id: string };
          catalog?: {
            type: string;
            endpoints: { interface: string; region?: string; url: string }[];
          }[];
        }
      | undefined;
    if (!token || !body?.project) throw new CloudFailure(`${base} gave no token for a project`);
    const endpoints = new Map<string, string>();
    for (const service of body.catalog ?? []) {
      const endpoint = service.endpoints.find(
        (e) => e.interface === "public" && (!entry.region_name || e.region === entry.region_name),
      );
      if (endpoint) endpoints.set(service.type, endpoint.url.replace(/\/$/, ""));
    }
    return new OpenStackApi(token, endpoints, body.project.id, patience);
  }

  /** Whether the cloud has a service of this type, such as `dns`. */
  has(service: string): boolean {
    return this.#endpoints.has(service);
  }

  /** Addresses of the cloud's services, as its catalogue tells them. */
  get endpoints(): readonly string[] {
    return [...this.#endpoints.values()];
  }

  /** Every object of one kind in the project, all pages. Empty where the cloud lacks the service. */
  async list(kind: Kind): Promise<Item[]> {
    const [service, path, key] = LISTS[kind];
    return this.#pages(service, path, key);
  }

  /** The flavours that the project may use. */
  async flavours(): Promise<OfferedFlavour[]> {
    const items = await this.#pages("compute", "/flavors/detail", "flavors");
    return items.map((item) => ({
      name: String(item["name"]),
      vcpus: Number(item["vcpus"]),
      ramMiB: Number(item["ram"]),
    }));
  }

  async #pages(service: string, path: string, key: string): Promise<Item[]> {
    const endpoint = this.#endpoints.get(service);
    if (!endpoint) return [];
    const items: Item[] = [];
    const isBare = ["network", "dns", "image", "load-balancer"].includes(service);
    const root = isBare ? endpoint.replace(/\/v2(\.0)?$/, "") : endpoint;
    let next: string | undefined = root + path.replace("%PROJECT%", this.projectId);
    while (next) {
      const headers = {
        "x-auth-token": this.#token,
        // Nova shows tags and host ids from here on; cinder refuses a version that isn't its own.
        ...(service === "compute" && { "openstack-api-version": "compute 2.79" }),
      };
      const { json: page } = await request(next, { headers }, this.#patience);
      items.push(...((page[key] as Item[] | undefined) ?? []));
      const link = nextPage(page, key);
      // The token goes nowhere else, wherever a link may lead: many clouds write http for https.
      const url: URL | undefined = link === undefined ? undefined : new URL(link, next);
      next = url && new URL(next).origin + url.pathname + url.search;
    }
    return items;
  }

  /**
   * Puts a TXT record into a zone, in the place of one that is there, and waits until the cloud's
   * name servers have it.
   *
   * @param zone absolute name of the zone, with the final dot
   * @param name absolute name of the record, with the final dot
   * @returns takes it away again
   * @throws CloudFailure when the zone isn't there or the name servers don't get it in two minutes.
   */
  async addText(zone: string, name: string, value: string): Promise<() => Promise<void>> {
    const found = (await this.list("zones")).find((one) => one["name"] === zone);
    if (!found) throw new CloudFailure(`the cloud has no zone ${zone}: \`polder apply\` makes it`);
    const sets = `/v2/zones/${found["id"]}/recordsets`;
    for (const old of await this.list("records"))
      if (old["name"] === name && old["type"] === "TXT")
        await this.#dns("DELETE", `${sets}/${old["id"]}`);
    const body = { name, type: "TXT", ttl: 60, records: [`"${value}"`] };
    let record = await this.#dns("POST", sets, body);
    const path = `${sets}/${record["id"]}`;
    for (let left = 120; record["status"] !== "ACTIVE"; left--) {
      if (left === 0 || record["status"] === "ERROR")
        throw new CloudFailure(`${name}: the cloud's name servers didn't get the record`);
      await sleep(1000);
      record = await this.#dns("GET", path);
    }
    return async () => {
      await this.#dns("DELETE", path);
    };
  }

  async #dns(method: string, path: string, body?: unknown): Promise<Item> {
    const root = (this.#endpoints.get("dns") ?? "").replace(/\/v2(\.0)?$/, "");
    const headers = { "x-auth-token": this.#token, "content-type": "application/json" };
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    return (await request(root + path, init, this.#patience)).json;
  }

  /** What the project holds of kinds that polder never makes. A kind that can't be listed is no failure. */
  async listBeside(): Promise<BesideListing> {
    const refused: { kind: BesideKind; why: string }[] = [];
    const lists = Object.entries(BESIDE).map(async ([name, [service, path, key]]) => {
      const kind = name as BesideKind;
      try {
        const found = await this.#pages(service, path, key);
        // Nova wraps each key once more; it knows them by their names.
        const items = found.map((item) => (item["keypair"] as Item | undefined) ?? item);
        return [kind, items.map((item) => ({ id: item["name"], ...item }))] as const;
      } catch (error) {
        if (!(error instanceof CloudFailure)) throw error;
        refused.push({ kind, why: error.message });
        return [kind, []] as const;
      }
    });
    const listing = Object.fromEntries(await Promise.all(lists)) as BesideListing["listing"];
    return { listing, refused };
  }

  /** Everything that the project holds. */
  async listAll(): Promise<Listing> {
    const lists = await Promise.all(
      KINDS.map(async (kind) => [kind, await this.list(kind)] as const),
    );
    return Object.fromEntries(lists) as unknown as Listing;
  }
}

/** Address of the next page, in each of the four manners that the services have. */
export function nextPage(page: Record<string, unknown>, key: string): string | undefined {
  if (typeof page["next"] === "string") return page["next"];
  const links = page[`${key}_links`] ?? page["links"];
  if (Array.isArray(links))
    return (links as { rel: string; href: string }[]).find((l) => l.rel === "next")?.href;
  return (links as { next?: string } | undefined)?.next;
}

interface Answer {
  readonly headers: Headers;
  readonly json: Readonly<Record<string, unknown>>;
}

/**
 * Asks, again when the API is busy or drops the connection: what is asked here changes nothing, or
 * has the same end when it is done twice.
 */
async function request(url: string, init: RequestInit, patience: Patience): Promise<Answer> {
  for (let left = ATTEMPTS - 1; ; left--) {
    const { answer, failure, wait } = await attempt(url, init, patience);
    if (answer) return answer;
    if (wait === undefined || left === 0) throw failure;
    await sleep(wait * 1000);
  }
}

interface Attempt {
  readonly answer?: Answer;
  readonly failure?: CloudFailure;
  /** Seconds until it may be tried again; undefined where that is no use. */
  readonly wait?: number;
}

async function attempt(
  url: string,
  init: RequestInit,
  { timeout, wait }: Patience,
): Promise<Attempt> {
  const { origin, pathname } = new URL(url);
  const fail = (message: string, again?: number): Attempt => ({
    failure: new CloudFailure(message),
    ...(again !== undefined && { wait: again }),
  });
  let response: Response;
  let body: string;
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeout * 1000) });
    body = await response.text();
  } catch (error) {
    const up = "is the cloud's API up (for the lab: `polder lab status`)?";
    return error instanceof Error && error.name === "TimeoutError"
      ? fail(`${origin}: no answer in ${timeout} s: ${up}`)
      : fail(`${origin}: no connection: ${up}`, wait);
  }
  if (!response.ok) {
    const busy = response.status === 429 || response.status === 503;
    const asked = Number(response.headers.get("retry-after") ?? wait);
    // The body may repeat the request, a password included: the error names only the status.
    return fail(
      `${origin}${pathname}: HTTP ${response.status} ${response.statusText}`,
      busy ? Math.min(asked || wait, LONGEST_WAIT) : undefined,
    );
  }
  try {
    return {
      answer: { headers: response.headers, json: JSON.parse(body) as Record<string, unknown> },
    };
  } catch {
    return fail(
      `${origin}${pathname}: the answer is no JSON: is this OpenStack, or a proxy's own page?`,
    );
  }
}
