import { existsSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { LabError } from "../cloud/error.ts";
import { parseNet } from "../cloud/network.ts";
import { deleteServer, deleteVolume } from "./disks.ts";
import { Host, type Surroundings } from "./host.ts";
import { type Inventory, NOTHING, type Server, together } from "./inventory.ts";
import { aliasOf, makeEdge, Network } from "./namespaces.ts";
import type { HypervisorPaths } from "./paths.ts";
import { Services } from "./services.ts";
import type { Source } from "./source.ts";
import { readSettings, writeState } from "./state.ts";

/** ms between two looks at servers and ports, when a cloud reported a change; a look takes some 150 ms. */
const pause = 1_500;
/** ms between two looks at security groups: a changed rule shall act within 2 s. */
const groupsPause = 800;
/** Every how many looks all is looked at, whether anything was reported or not. */
const slowEvery = 5;
/** Guests that start at the same time: more would only make each of them slow. */
const startsAtOnce = 4;
/** Seconds that a guest may take to shut down. */
const grace = 20;

const say = (line: string) => process.stdout.write(`${new Date().toISOString()} ${line}\n`);

/** Looks at the clouds again and again, and makes hosts be what they say. */
export class Reconciler {
  private readonly paths: HypervisorPaths;
  private readonly network: Network;
  private readonly hosts = new Map<string, Host>();
  private readonly seenUpdates = new Map<string, string>();
  private readonly seenRequests = new Set<string>();
  private readonly seen: Map<Source, Inventory>;
  private inventory: Inventory = NOTHING;
  private services: Services | undefined;
  private problem = "";
  private ready = false;
  private looks = 0;
  private readonly stopping = new AbortController();

  constructor(paths: HypervisorPaths, sources: readonly Source[]) {
    this.paths = paths;
    this.seen = new Map(sources.map((source) => [source, NOTHING]));
    this.network = new Network(parseNet(this.settings().range));
  }

  private settings() {
    const settings = readSettings(this.paths);
    if (!settings) throw new LabError(`${this.paths.settingsFile} is missing`);
    return settings;
  }

  private report(): void {
    const dead = this.services?.dead() ?? [];
    const problem = this.problem || (dead.length > 0 ? `${dead.join(", ")} ended` : "");
    const hosts = [...this.hosts.values()].map((host) => host.record());
    writeState(this.paths, { ready: this.ready, problem, hosts });
  }

  private readonly surroundings = (): Surroundings => ({
    paths: this.paths,
    network: this.network,
    inventory: () => this.inventory,
    keyOf: (server) => this.sourceOf(server).key(server),
    poweredOff: (server) => this.sourceOf(server).poweredOff(server),
    changed: () => this.report(),
    log: say,
  });

  private sourceOf({ id, name }: Server): Source {
    for (const [source, { servers }] of this.seen)
      if (servers.some((server) => server.id === id)) return source;
    throw new LabError(`${name} is gone`);
  }

  /** Puts what a cloud says now in the place of its last answer. */
  private learn(source: Source, part: Partial<Inventory>): void {
    this.seen.set(source, { ...NOTHING, ...this.seen.get(source), ...part });
    this.inventory = together([...this.seen.values()]);
  }

  /** Runs until somebody stops it. */
  async run(): Promise<void> {
    const { range, mirrors } = this.settings();
    const net = parseNet(range);
    await makeEdge(net, aliasOf(this.paths.lab));
    this.services = await Services.start(this.paths, net, mirrors);
    this.ready = true;
    this.report();
    say("the fabric stands");
    await Promise.all([
      this.again(pause, () => this.look()),
      this.again(groupsPause, () => this.lookAtGroups()),
    ]);
    await this.shutDown();
  }

  /** Looks until somebody stops it. */
  private async again(ms: number, look: () => Promise<void>): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await look();
        this.note("");
      } catch (error) {
        // A cloud that is down for a while: what runs goes on.
        this.note(error instanceof Error ? error.message : String(error));
        this.network.forgetMachine();
      }
      await sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private async lookAtGroups(): Promise<void> {
    // Before the first whole look there is nothing to filter.
    if (this.looks === 0) return;
    for (const source of this.seen.keys()) this.learn(source, await source.filters());
    await this.network.update(this.inventory);
  }

  private note(problem: string): void {
    if (problem === this.problem) return;
    this.problem = problem;
    say(problem || "all is well again");
    this.report();
  }

  stop(): void {
    this.stopping.abort();
  }

  private async shutDown(): Promise<void> {
    say("shutting down");
    await Promise.all([...this.hosts.values()].map((host) => host.stop(grace)));
    await this.services?.stop();
  }

  private async look(): Promise<void> {
    const whole = this.looks % slowEvery === 0;
    for (const [source, before] of this.seen) this.learn(source, await source.look(before, whole));
    this.looks += 1;
    await this.network.update(this.inventory);
    for (const server of this.inventory.servers) {
      // It may be gone between the list and the question what was done to it.
      await this.consider(server).catch((error) => say(`${server.name}: ${error.message}`));
    }
    this.forget();
  }

  private isOurs(server: Server): boolean {
    const { projects } = this.settings();
    const name = this.inventory.projects.get(server.project);
    return !projects || (name !== undefined && projects.includes(name));
  }

  /** Whatever is wrong with one host is that host's problem. */
  private begin(host: Host, work: () => Promise<void>): void {
    host.busy = true;
    work()
      .catch((error) => say(`${host.server.name}: ${error instanceof Error ? error.stack : error}`))
      .finally(() => {
        host.busy = false;
        this.report();
      });
  }

  private async consider(server: Server): Promise<void> {
    const known = this.hosts.get(server.id);
    const wanted = this.isOurs(server) ? server.status : "SHUTOFF";
    if (!known && (wanted !== "ACTIVE" || this.booting() >= startsAtOnce)) return;
    const host = known ?? new Host(server, this.surroundings());
    host.server = server;
    this.hosts.set(server.id, host);
    if (host.busy) return;
    // While nova is at it, its status is another one: it is carried out when nova is done.
    const order = wanted === "ACTIVE" ? await this.newOrder(host) : undefined;
    if (order === "rebuild") {
      this.begin(host, async () => {
        await host.discard();
        await host.boot();
      });
    } else if (order) {
      this.begin(host, () => host.reboot());
    } else if (wanted === "ACTIVE" && !host.on && host.state === "stopped" && host.reason === "") {
      if (this.booting() < startsAtOnce) this.begin(host, () => host.boot());
    } else if (wanted === "SHUTOFF" && (host.on || host.reason)) {
      this.begin(host, () => host.stop(grace));
    } else if (host.on && host.volumesDiffer) {
      this.begin(host, () => host.plugVolumes());
    }
  }

  private booting(): number {
    return [...this.hosts.values()].filter(({ busy, state }) => busy && state === "booting").length;
  }

  /** A reboot, start or rebuild that was ordered since the guest was started. */
  private async newOrder({ server, startedAt }: Host): Promise<string | undefined> {
    if (startedAt === 0 || this.seenUpdates.get(server.id) === server.updated) return undefined;
    const actions = (await this.sourceOf(server).actions(server)).filter(
      ({ request, at }) => at > startedAt && !this.seenRequests.has(request),
    );
    for (const { request } of actions) this.seenRequests.add(request);
    this.seenUpdates.set(server.id, server.updated);
    return actions[0]?.name;
  }

  /** Ends what the cloud no longer knows, and removes its data. */
  private forget(): void {
    const servers = new Set(this.inventory.servers.map(({ id }) => id));
    for (const [id, host] of this.hosts) {
      if (servers.has(id) || host.busy) continue;
      this.begin(host, async () => {
        await host.discard();
        this.hosts.delete(id);
      });
    }
    for (const id of this.keptIn(this.paths.servers)) {
      if (!servers.has(id) && !this.hosts.has(id)) deleteServer(this.paths, id);
    }
    const volumes = new Set(this.inventory.volumes.map(({ id }) => id));
    for (const id of this.keptIn(this.paths.volumes)) {
      if (!volumes.has(id)) deleteVolume(this.paths, id);
    }
  }

  private keptIn(folder: string): string[] {
    return existsSync(folder) ? readdirSync(folder) : [];
  }
}
