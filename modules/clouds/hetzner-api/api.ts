import { setTimeout as sleep } from "node:timers/promises";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import type { Access } from "./access.ts";

/** A JSON object as the API sends it. */
export type Item = Readonly<Record<string, unknown>>;

/** What is listed: the path, which is the key of the list in the answer, too. */
export const KINDS = [
  "servers",
  "volumes",
  "primary_ips",
  "networks",
  "firewalls",
  "placement_groups",
  "zones",
] as const;
export type Kind = (typeof KINDS)[number];

/** What polder never makes, and what somebody may have made beside it; by kind the path. */
const NEVER_MADE = {
  images: "images?type=snapshot&type=backup",
  floating_ips: "floating_ips",
  load_balancers: "load_balancers",
  ssh_keys: "ssh_keys",
} as const;
export type ProjectKind = Kind | keyof typeof NEVER_MADE;
export const isNeverMade = (kind: ProjectKind): boolean => kind in NEVER_MADE;

/** Whose deletion the API itself refuses, once asked to, and by which words. */
const LOCKABLE: Readonly<Partial<Record<Kind, Item>>> = {
  servers: { delete: false, rebuild: false },
  volumes: { delete: false },
  primary_ips: { delete: false },
  networks: { delete: false },
  zones: { delete: false },
};

/** A server type as the cloud offers it at a location today. */
export interface OfferedType {
  readonly name: string;
  readonly vcpus: number;
  readonly ramMiB: number;
}

/** Seconds that one request may take, and that an action may. */
const TIMEOUT = 30;
const ACTION_TIMEOUT = 120;
/** The API's own most. */
const PER_PAGE = 50;
/** How often a busy API is asked again; it names the second at which it has room. */
const ATTEMPTS = 5;
const LONGEST_WAIT = 30;

/** One project of Hetzner Cloud: lists it, lifts locks, writes TXT records. */
export class HetznerApi {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  /** Every object of one kind in the project, all pages. @throws ExternalFailure */
  async list(kind: Kind): Promise<Item[]> {
    return this.#pages(kind, kind);
  }

  /** Everything that the project holds. @throws ExternalFailure */
  async listAll(): Promise<Readonly<Record<ProjectKind, readonly Item[]>>> {
    const paths = { ...Object.fromEntries(KINDS.map((kind) => [kind, kind])), ...NEVER_MADE };
    const found: [string, Item[]][] = [];
    for (const [kind, path] of Object.entries(paths))
      found.push([kind, await this.#pages(path, kind)]);
    return Object.fromEntries(found) as Record<ProjectKind, Item[]>;
  }

  /** Every record set of a zone, by the zone's name without the dot. @throws ExternalFailure */
  async rrsets(zone: string): Promise<Item[]> {
    return this.#pages(`zones/${zone}/rrsets`, "rrsets");
  }

  /**
   * The server types that a location has.
   *
   * @param site the API's name of the location, such as `fsn1`
   */
  async serverTypes(site: string): Promise<OfferedType[]> {
    const types = await this.#pages("server_types", "server_types");
    const isThere = ({ locations }: Item): boolean =>
      ((locations as Item[] | undefined) ?? []).some(
        ({ name, available }) => name === site && available !== false,
      );
    return types.filter(isThere).map((type) => ({
      name: String(type["name"]),
      vcpus: Number(type["cores"]),
      // The API counts in GB and means 1024 MiB.
      ramMiB: Number(type["memory"]) * 1024,
    }));
  }

  /**
   * Lifts the API's own protection of objects.
   *
   * @returns how many were locked
   */
  async unlock(isMeant: (item: Item) => boolean): Promise<number> {
    let count = 0;
    for (const kind of KINDS) {
      const body = LOCKABLE[kind];
      if (!body) continue;
      for (const item of await this.list(kind)) {
        const locks = Object.values((item["protection"] as Item | undefined) ?? {});
        if (!isMeant(item) || !locks.includes(true)) continue;
        await this.#act("POST", `${kind}/${item["id"]}/actions/change_protection`, body);
        count++;
      }
    }
    return count;
  }

  /**
   * Puts a TXT record into a zone, in the place of one that is there.
   *
   * @param zone absolute name of the zone, with the final dot
   * @param name absolute name of the record, with the final dot
   * @returns takes it away again
   */
  async addText(zone: string, name: string, value: string): Promise<() => Promise<void>> {
    const sets = `zones/${zone.replace(/\.$/, "")}/rrsets`;
    const label = name === zone ? "@" : name.slice(0, -zone.length - 1);
    const remove = async () => {
      const found = await this.#pages(
        `${sets}?name=${encodeURIComponent(label)}&type=TXT`,
        "rrsets",
      );
      if (found.length > 0) await this.#act("DELETE", `${sets}/${label}/TXT`);
    };
    await remove();
    const records = [{ value: `"${value}"` }];
    await this.#act("POST", sets, { name: label, type: "TXT", ttl: 60, records });
    return remove;
  }

  async #pages(path: string, key: string): Promise<Item[]> {
    const items: Item[] = [];
    for (let page: number | null = 1; page !== null; ) {
      const query = `page=${page}&per_page=${PER_PAGE}`;
      const json = await this.#ask("GET", `${path}${path.includes("?") ? "&" : "?"}${query}`);
      items.push(...((json[key] as Item[] | undefined) ?? []));
      const { pagination } = (json["meta"] ?? {}) as { pagination?: { next_page: number | null } };
      page = pagination?.next_page ?? null;
    }
    return items;
  }

  /** Does something and waits until the cloud has done it. */
  async #act(method: string, path: string, body?: unknown): Promise<void> {
    let action = ((await this.#ask(method, path, body))["action"] ?? {}) as Item;
    const end = Date.now() + ACTION_TIMEOUT * 1000;
    while (action["status"] === "running") {
      if (Date.now() > end)
        throw new ExternalFailure(`${path}: not done within ${ACTION_TIMEOUT} s`);
      await sleep(500);
      action = (await this.#ask("GET", `actions/${action["id"]}`))["action"] as Item;
    }
    if (action["status"] === "error")
      throw new ExternalFailure(`${path}: ${(action["error"] as Item | null)?.["message"]}`);
  }

  async #ask(method: string, path: string, body?: unknown): Promise<Item> {
    const { endpoint, token } = this.#access;
    const where = `${new URL(endpoint).host}/${path}`;
    for (let left = ATTEMPTS - 1; ; left--) {
      const response = await fetch(`${endpoint}/${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT * 1000),
      }).catch((error: Error) => {
        const why = error.name === "TimeoutError" ? `no answer in ${TIMEOUT} s` : "no connection";
        throw new ExternalFailure(`${where}: ${why}: is the cloud's API up?`);
      });
      const text = await response.text();
      if (response.ok) return text === "" ? {} : parsed(text, where);
      const busy = response.status === 429 || response.status === 503;
      if (busy && left > 0) {
        const reset = Number(response.headers.get("ratelimit-reset")) - Date.now() / 1000;
        await sleep(Math.min(Math.max(reset || 1, 1), LONGEST_WAIT) * 1000);
        continue;
      }
      // The code is the API's own; its message may repeat what was sent.
      const code = (parsed(text, where)["error"] as Item | undefined)?.["code"];
      throw new ExternalFailure(`${where}: HTTP ${response.status} ${code ?? ""}`.trimEnd());
    }
  }
}

function parsed(text: string, where: string): Item {
  try {
    return JSON.parse(text) as Item;
  } catch {
    throw new ExternalFailure(`${where}: the answer is no JSON`);
  }
}
