import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, closeSync, copyFileSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, systemEnvironment } from "../cloud/command.ts";
import type { LabNet } from "../cloud/network.ts";
import { labPaths } from "../cloud/paths.ts";
import { until } from "../cloud/process.ts";
import { ranges } from "./edge.ts";
import type { HypervisorPaths } from "./paths.ts";
import type { Mirrors } from "./state.ts";

// What hosts find at the machine's end of the link: packages, names, time. The programs come from
// the lab's Debian root; nothing is installed on the machine, or left on it.

/** apt-cacher-ng: Debian's archives under two paths, and nothing else for anybody. */
export function proxyConfig(address: string, mirrors: Mirrors): string {
  return [
    "CacheDir: /var/cache/apt-cacher-ng",
    "LogDir: /var/log/lab/apt-proxy",
    "SupportDir: /usr/lib/apt-cacher-ng",
    "Port: 3142",
    `BindAddress: ${address}`,
    "ForeGround: 1",
    "ForceManaged: 1",
    "VerboseLog: 1",
    `Remap-debian: /debian ; ${mirrors.debian}`,
    `Remap-security: /debian-security ; ${mirrors.security}`,
    ...(mirrors.proxy ? [`Proxy: ${mirrors.proxy}`] : []),
    "",
  ].join("\n");
}

/** Asks Designate, which refuses what isn't in its zones; there is nobody else to ask. */
export function resolverArguments(net: LabNet): string[] {
  return [
    "--keep-in-foreground",
    "--conf-file=/dev/null",
    "--user=root",
    "--pid-file=",
    "--no-hosts",
    "--no-resolv",
    "--bind-interfaces",
    `--listen-address=${net.machine}`,
    `--server=${net.lab}#5354`,
    // A record that was changed is changed.
    "--cache-size=0",
    "--log-queries=extra",
    "--log-facility=/var/log/lab/resolver.log",
  ];
}

/** Serves the machine's clock and never touches it. */
export function clockConfig(address: string): string {
  return [
    "local stratum 5",
    ...ranges.public4.map((range) => `allow ${range}`),
    `bindaddress ${address}`,
    "cmdport 0",
    "bindcmdaddress /",
    "pidfile /run/chronyd.pid",
    "",
  ].join("\n");
}

const delay = 2_000;

/** The daemons; one that ends by itself is started again. */
export class Services {
  private readonly paths: HypervisorPaths;
  private readonly root: string;
  private readonly children = new Map<string, ChildProcess>();
  private stopped = false;

  private constructor(paths: HypervisorPaths) {
    this.paths = paths;
    this.root = join(paths.run, "services");
  }

  static async start(paths: HypervisorPaths, net: LabNet, mirrors: Mirrors): Promise<Services> {
    const services = new Services(paths);
    await services.mountRoot();
    const { root } = services;
    const configuration = join(root, "etc/lab-proxy");
    mkdirSync(configuration);
    writeFileSync(join(configuration, "acng.conf"), proxyConfig(net.machine, mirrors));
    writeFileSync(join(root, "etc/lab-clock.conf"), clockConfig(net.machine));
    services.keep("apt-proxy", "apt-cacher-ng", ["-c", "/etc/lab-proxy"]);
    services.keep("resolver", "dnsmasq", resolverArguments(net));
    services.keep("clock", "chronyd", ["-x", "-d", "-u", "root", "-f", "/etc/lab-clock.conf"]);
    return services;
  }

  /** The lab's Debian root, with what is written to it in memory. */
  private async mountRoot(): Promise<void> {
    const { paths, root } = this;
    const layer = join(paths.run, "services-layer");
    for (const folder of ["upper", "work"]) mkdirSync(join(layer, folder), { recursive: true });
    mkdirSync(root);
    const lower = labPaths(paths.lab).root;
    const options = `lowerdir=${lower},upperdir=${layer}/upper,workdir=${layer}/work`;
    await run("mount", ["-t", "overlay", "-o", options, "overlay", root]);
    await run("mount", ["-t", "proc", "proc", join(root, "proc")]);
    await run("mount", ["--rbind", "/dev", join(root, "dev")]);
    for (const [source, target] of [
      [paths.aptCache, "var/cache/apt-cacher-ng"],
      [paths.serviceLogs, "var/log/lab"],
    ] as const) {
      mkdirSync(source, { recursive: true, mode: 0o700 });
      mkdirSync(join(root, target), { recursive: true });
      await run("mount", ["--bind", source, join(root, target)]);
    }
    mkdirSync(join(paths.serviceLogs, "apt-proxy"), { recursive: true });
    // The proxy finds the mirrors as the machine does.
    for (const file of ["resolv.conf", "hosts"])
      copyFileSync(`/etc/${file}`, join(root, "etc", file));
    chmodSync(root, 0o755);
  }

  private keep(name: string, program: string, args: readonly string[]): void {
    const log = openSync(join(this.paths.serviceLogs, `${name}.out`), "a", 0o600);
    const command = ["--pdeathsig", "KILL", "chroot", this.root, program, ...args];
    const child = spawn("setpriv", command, {
      stdio: ["ignore", log, log],
      env: systemEnvironment,
    });
    closeSync(log);
    child.on("error", () => undefined);
    this.children.set(name, child);
    child.on("close", () => {
      if (!this.stopped) setTimeout(() => this.stopped || this.keep(name, program, args), delay);
    });
  }

  /** Those that don't run at the moment. */
  dead(): string[] {
    return [...this.children]
      .filter(([, { exitCode, signalCode }]) => exitCode !== null || signalCode !== null)
      .map(([name]) => name);
  }

  /** Ends them; one that takes its time ends with our namespace. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const child of this.children.values()) child.kill("SIGTERM");
    await until(() => this.dead().length === this.children.size, 2);
  }
}
