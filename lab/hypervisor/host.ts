import { run } from "../cloud/command.ts";
import { readIfThere } from "../cloud/process.ts";
import { removeGroups } from "./cgroups.ts";
import {
  attachVolume,
  deleteServer,
  detachLoop,
  mountDisk,
  serverPaths,
  unmountDisk,
} from "./disks.ts";
import {
  awaitBoot,
  diskName,
  type Guest,
  leaderOf,
  pidNamespace,
  rebootCode,
  startGuest,
  stopGuest,
  writeSeed,
} from "./guest.ts";
import type { Inventory, Server, Volume } from "./inventory.ts";
import type { Network } from "./namespaces.ts";
import type { HypervisorPaths } from "./paths.ts";
import { portsOf, resolvConf, seedOf } from "./seed.ts";
import type { HostRecord, HostState } from "./state.ts";

/** What hosts share. */
export interface Surroundings {
  readonly paths: HypervisorPaths;
  readonly network: Network;
  /** The newest inventory. */
  readonly inventory: () => Inventory;
  readonly keyOf: (server: Server) => Promise<string>;
  /** Tells its cloud that a guest has powered itself off. */
  readonly poweredOff: (server: Server) => Promise<void>;
  readonly changed: () => void;
  readonly log: (line: string) => void;
}

const bootLimit = 180;

/** One server's guest. One thing is done to it at a time: see `busy`. */
export class Host {
  server: Server;
  busy = false;
  state: HostState = "stopped";
  reason = "";
  /** ms since 1970. */
  startedAt = 0;
  private bootSeconds: number | undefined;
  private guest: Guest | undefined;
  /** What is plugged in, by the volume's id. */
  private readonly loops = new Map<string, { readonly device: string; readonly link: string }>();
  private readonly around: Surroundings;

  constructor(server: Server, around: Surroundings) {
    this.server = server;
    this.around = around;
  }

  private get namespace(): string {
    return `h-${this.server.id}`;
  }

  /** Whether a guest runs, or should. */
  get on(): boolean {
    return this.guest !== undefined;
  }

  private become(state: HostState, reason = ""): void {
    this.state = state;
    this.reason = reason;
    this.around.log(`${this.server.name}: ${state}${reason && `, ${reason}`}`);
    this.around.changed();
  }

  record(): HostRecord {
    const { id, name, project } = this.server;
    const inventory = this.around.inventory();
    const fixed = portsOf(this.server, inventory).flatMap(({ addresses }) =>
      addresses.map(({ address }) => address),
    );
    const floating = inventory.floating.filter((one) => fixed.includes(one.fixed));
    const leader = this.guest && leaderOf(this.guest);
    const segments = new Set(this.routersOf());
    return {
      id,
      name,
      project: inventory.projects.get(project) ?? project,
      addresses: [
        ...fixed,
        ...floating.filter(({ router }) => segments.has(router)).map(({ address }) => address),
      ],
      state: this.state,
      reason: this.reason,
      bootSeconds: this.bootSeconds,
      pidNamespace: leader ? pidNamespace(leader) : undefined,
    };
  }

  private routersOf(): string[] {
    const { ports } = this.around.inventory();
    const networks = new Set(
      ports.filter(({ device }) => device === this.server.id).map(({ network }) => network),
    );
    return ports
      .filter(
        (port) => networks.has(port.network) && port.deviceOwner.startsWith("network:router_"),
      )
      .map(({ device }) => device);
  }

  /** Boots it, from whatever is on its disk. */
  async boot(): Promise<void> {
    const { paths, network, inventory } = this.around;
    this.startedAt = Date.now();
    this.bootSeconds = undefined;
    this.become("booting");
    try {
      await this.clear();
      await mountDisk(paths, this.server.id, this.server.diskGiB);
      const key = this.server.keyName ? await this.around.keyOf(this.server) : "";
      const { root } = serverPaths(paths, this.server.id);
      const seen = inventory();
      writeSeed(root, seedOf(this.server, seen, key), resolvConf(this.server, seen));
      await network.plug(this.namespace, portsOf(this.server, seen), seen);
      const disks = [];
      for (const volume of this.volumes()) {
        disks.push({ link: volume.link, device: await this.loopOf(volume) });
      }
      const guest = startGuest(paths, this.server, this.namespace, disks);
      this.guest = guest;
      guest.ended.then((code) => this.ended(guest, code)).catch((error) => this.fail(error));
      await this.watch(guest);
    } catch (error) {
      this.fail(error);
      await this.clear();
    }
  }

  private async watch(guest: Guest): Promise<void> {
    const errors = await awaitBoot(guest, bootLimit);
    if (this.guest !== guest) return;
    if (errors) {
      this.bootSeconds = (Date.now() - this.startedAt) / 1000;
      this.become("running", errors.length > 0 ? `cloud-init: ${errors.join("; ")}` : "");
    } else if (guest.process.exitCode === null) {
      const { console } = serverPaths(this.around.paths, this.server.id);
      this.become("failed", `cloud-init isn't done after ${bootLimit} s: see ${console}`);
    }
  }

  private fail(error: unknown): void {
    this.become("failed", error instanceof Error ? error.message : String(error));
  }

  /** The guest ended by itself: a reboot, a poweroff, or a fault. */
  private async ended(guest: Guest, code: number): Promise<void> {
    if (this.guest !== guest) return;
    this.guest = undefined;
    await this.clear();
    if (code === rebootCode) {
      await this.boot();
    } else if (code === 0) {
      this.become("stopped", "powered off from inside");
      await this.around.poweredOff(this.server);
    } else {
      this.become("failed", `ended with code ${code}: ${this.lastWords()}`);
    }
  }

  /** The end of the console, without what nspawn says at every end. */
  private lastWords(): string {
    const { console } = serverPaths(this.around.paths, this.server.id);
    const lines = (readIfThere(console) ?? "").trim().split("\n");
    const last = lines.filter((line) => !line.startsWith("Attempted to remove disk")).at(-1) ?? "";
    // The one limit that hosts meet together, and that the lab doesn't lift by itself.
    const hint = /too many open files/i.test(last)
      ? "; too many hosts for the machine's fs.inotify.max_user_instances: raise it, or end some"
      : "";
    return `${last.slice(0, 200)}${hint} (${console})`;
  }

  /** Takes away what a guest stood on. */
  private async clear(): Promise<void> {
    const { paths, network, inventory } = this.around;
    await network.unplug(this.namespace, inventory());
    await unmountDisk(paths, this.server.id);
    for (const { device } of this.loops.values()) await detachLoop(device);
    this.loops.clear();
    removeGroups(paths.lab, this.server.id);
  }

  /** @param seconds that it may take to shut down; 0: the plug is pulled */
  async stop(seconds: number): Promise<void> {
    const { guest } = this;
    this.guest = undefined;
    if (guest) await stopGuest(guest, seconds);
    await this.clear();
    this.become("stopped");
  }

  async reboot(): Promise<void> {
    await this.stop(20);
    await this.boot();
  }

  /** The server is gone: so is its disk. */
  async discard(): Promise<void> {
    await this.stop(0);
    deleteServer(this.around.paths, this.server.id);
  }

  private volumes(): Volume[] {
    const known = new Map(this.around.inventory().volumes.map((volume) => [volume.id, volume]));
    return this.server.volumes.flatMap((id) => known.get(id) ?? []);
  }

  private async loopOf(volume: Volume): Promise<string> {
    const known = this.loops.get(volume.id)?.device;
    const device = known ?? (await attachVolume(this.around.paths, volume));
    this.loops.set(volume.id, { device, link: volume.link });
    return device;
  }

  /** Brings disks in and out of the running guest. */
  async plugVolumes(): Promise<void> {
    const leader = this.guest && leaderOf(this.guest);
    if (!leader) return;
    const wanted = this.volumes();
    const enter = ["--target", String(leader), "--mount", "sh", "-ec"];
    for (const [id, { device, link: name }] of this.loops) {
      if (wanted.some((volume) => volume.id === id)) continue;
      const link = `/dev/disk/by-id/${name}`;
      const remove = `node=$(readlink -f ${link}); rm -f ${link}; umount $node 2>/dev/null || :; rm -f $node`;
      await run("nsenter", [...enter, remove]);
      await detachLoop(device);
      this.loops.delete(id);
    }
    for (const volume of wanted) {
      if (this.loops.has(volume.id)) continue;
      const device = await this.loopOf(volume);
      const names = wanted.map((_, index) => diskName(index)).join(" ");
      const minor = device.replace("/dev/loop", "");
      const add = `for name in ${names}; do
        if [ ! -e /dev/$name ]; then
          mknod -m 660 /dev/$name b 7 ${minor}; /usr/lib/lab/disk $name ${volume.link}; break
        fi; done; systemctl daemon-reload || :`;
      await run("nsenter", [...enter, add]);
    }
  }

  /** Whether disks must come in or go. */
  get volumesDiffer(): boolean {
    const wanted = this.volumes().map(({ id }) => id);
    return wanted.length !== this.loops.size || wanted.some((id) => !this.loops.has(id));
  }
}
