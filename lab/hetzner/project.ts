import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ApiError } from "./error.ts";

/** One object as the stand-in stores it: nearly what the API shows. */
export interface StoredObject {
  id: number;
  name: string;
  labels: Record<string, string>;
  created: string;
  /** Time (ms) until which something is being done to it. */
  busyUntil: number;
  protection: Record<string, boolean>;
  // biome-ignore lint/suspicious/noExplicitAny: each kind keeps what the API has of it
  [field: string]: any;
}

/** Something that takes time. */
interface Action {
  readonly id: number;
  readonly command: string;
  readonly started: number;
  readonly until: number;
  readonly resources: readonly { readonly id: number; readonly type: string }[];
}

export const KINDS = [
  "servers",
  "volumes",
  "primary_ips",
  "networks",
  "firewalls",
  "placement_groups",
  "ssh_keys",
  "zones",
  "floating_ips",
  "load_balancers",
  "snapshots",
] as const;
export type Kind = (typeof KINDS)[number];

interface Content {
  nextId: number;
  readonly objects: Record<Kind, StoredObject[]>;
  actions: Action[];
}

/** Seconds that an action takes, by the word that begins its command; the rest takes the last. */
export interface Pace {
  readonly create: number;
  readonly other: number;
}

/** A public address that no project has; undefined when there is none. */
export type FreeAddress = (type: "ipv4" | "ipv6") => string | undefined;

/** Actions that leave their object free for the next: the provider sets a server's names side by side. */
const SIDE_BY_SIDE = ["change_dns_ptr"];
const DAY = 24 * 3600 * 1000;
/** The API's own rule for names (RFC 1123 hosts are stricter, and checked for servers). */
const NAME = /^[^\s/][^/]{0,63}$/;

/**
 * What one token reaches. Written to a file, whole, after each change: a stand-in that is started
 * again knows what was made, and an action that ran goes on.
 */
export class Project {
  readonly #file: string;
  readonly #pace: Pace;
  readonly #content: Content;
  readonly #freeAddress: FreeAddress;

  constructor(folder: string, name: string, pace: Pace, freeAddress: FreeAddress) {
    this.#freeAddress = freeAddress;
    this.#file = join(folder, `${name}.json`);
    this.#pace = pace;
    const kept = existsSync(this.#file)
      ? (JSON.parse(readFileSync(this.#file, "utf8")) as Content)
      : undefined;
    // A project of an earlier stand-in lacks the kinds that came since.
    const none = Object.fromEntries(KINDS.map((kind) => [kind, []]));
    this.#content = {
      nextId: 1_000_001,
      actions: [],
      ...kept,
      objects: { ...none, ...kept?.objects } as Content["objects"],
    };
  }

  /** Writes everything down. */
  save(): void {
    writeFileSync(`${this.#file}.part`, JSON.stringify(this.#content), { mode: 0o600 });
    renameSync(`${this.#file}.part`, this.#file);
  }

  /** @throws ApiError when all are taken */
  freeAddress(type: "ipv4" | "ipv6"): string {
    const address = this.#freeAddress(type);
    if (!address) throw new ApiError("server_error", "the stand-in has no more addresses");
    return address;
  }

  id(): number {
    return this.#content.nextId++;
  }

  all(kind: Kind): StoredObject[] {
    return this.#content.objects[kind];
  }

  /** @throws ApiError not_found */
  get(kind: Kind, idOrName: number | string): StoredObject {
    const found = this.all(kind).find(
      (one) => String(one.id) === String(idOrName) || (kind === "zones" && one.name === idOrName),
    );
    if (!found)
      throw new ApiError("not_found", `${kind.slice(0, -1)} with ID '${idOrName}' not found`);
    return found;
  }

  /** @throws ApiError when the name is none, or another object of the kind has it. */
  refuseName(kind: Kind, name: unknown, except?: number): void {
    if (typeof name !== "string" || !NAME.test(name))
      throw new ApiError("invalid_input", "invalid input in field 'name'", {
        fields: [{ name: "name", messages: ["1 to 64 characters are allowed"] }],
      });
    if (this.all(kind).some((one) => one.name === name && one.id !== except))
      throw new ApiError("uniqueness_error", "name is already used", {
        fields: [{ name: "name" }],
      });
  }

  add(kind: Kind, object: Omit<StoredObject, "id" | "created" | "busyUntil">): StoredObject {
    const kept = {
      ...object,
      id: this.id(),
      created: new Date().toISOString(),
      busyUntil: 0,
    } as StoredObject;
    this.all(kind).push(kept);
    return kept;
  }

  remove(kind: Kind, { id }: StoredObject): void {
    const list = this.all(kind);
    list.splice(
      list.findIndex((one) => one.id === id),
      1,
    );
  }

  /** @throws ApiError locked or conflict while something is being done to it. */
  refuseBusy(object: StoredObject, code: "locked" | "conflict" = "locked"): void {
    if (Date.now() < object.busyUntil)
      throw new ApiError(code, "another action is running on it, try again");
  }

  /** Starts an action; its objects are busy until it has ended, but for one that runs beside others. */
  act(command: string, ...on: readonly (readonly [type: string, object: StoredObject])[]): object {
    const now = Date.now();
    const seconds = command.startsWith("create_") ? this.#pace.create : this.#pace.other;
    const until = now + seconds * 1000;
    if (!SIDE_BY_SIDE.includes(command)) for (const [, object] of on) object.busyUntil = until;
    const action: Action = {
      id: this.id(),
      command,
      started: now,
      until,
      resources: on.map(([type, { id }]) => ({ id, type })),
    };
    this.#content.actions = [
      ...this.#content.actions.filter((old) => old.started > now - DAY),
      action,
    ];
    return shownAction(action);
  }

  actions(): readonly ReturnType<typeof shownAction>[] {
    return this.#content.actions.map(shownAction);
  }
}

function shownAction({ id, command, started, until, resources }: Action) {
  const now = Date.now();
  const over = now >= until;
  const share = (now - started) / Math.max(until - started, 1);
  return {
    id,
    command,
    resources,
    error: null,
    status: over ? "success" : "running",
    progress: over ? 100 : Math.floor(share * 100),
    started: new Date(started).toISOString(),
    finished: over ? new Date(until).toISOString() : null,
  };
}
