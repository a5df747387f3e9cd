import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import type { Hosts } from "../../secrets/vaults/index.ts";
import { edgeOf, jumpCommand } from "./ssh-config.ts";

/** Milliseconds until a connection must stand, the jump included. */
const PATIENCE = 25_000;

/** Seconds that a host which doesn't answer yet is waited for: after an apply, or a reboot, it boots. */
const BOOT = 60;

/** A host that could be connected to, or why not. */
export type Reached =
  | { readonly host: string; readonly key: string; readonly failure?: never }
  | { readonly host: string; readonly key?: never; readonly failure: string };

/** What ssh says, and what a person can do about it. First match counts. */
const SILENT = "doesn't answer: is the host up, and do you come from an admin network?";
const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /Permission denied|Too many authentication failures/i,
    "refuses the login: is it the right --user and --ssh-identity, and is that person an admin of this instance?",
  ],
  [/no such identity|Load key|Identity file/i, "the private key can't be read: see --ssh-identity"],
  [
    /administratively prohibited/i,
    "the edge host doesn't forward to it: was it added since the last converge? converge edge-1 first",
  ],
  [
    /timed out|Timeout|No route|unreachable|refused|closed|reset|stdio forwarding failed|open failed/i,
    SILENT,
  ],
];

/** Why ssh failed, in one line. */
export function explainSsh(stderr: string): string {
  if (
    /IDENTIFICATION HAS CHANGED|Host key verification failed|No matching host key/i.test(stderr)
  ) {
    const shown = /SHA256:[A-Za-z0-9+/]{43}/.exec(stderr)?.[0] ?? "another key";
    return `shows ${shown}, not the key that hosts.yaml has: another machine, or made anew. If you made it anew, \`polder keys forget\` it, converge, and compare by \`polder keys confirm\``;
  }
  const hint = HINTS.find(([pattern]) => pattern.test(stderr))?.[1];
  return hint ?? (stderr.trim().split("\n").at(-1) || "ssh ended without a word");
}

/**
 * One standing connection to each host, shared by all that follows: the jump and the log-in are paid
 * once, and a host that can't be reached is known before anything begins.
 */
export class Connections {
  readonly #folder = mkdtempSync(join(tmpdir(), "polder-"));
  readonly #config: string;
  readonly #children: ChildProcess[] = [];
  #closed = false;
  readonly #blueprint: Blueprint;
  readonly #known: Hosts;

  /** @param config the file that `sshConfig` made */
  constructor(blueprint: Blueprint, known: Hosts, config: string) {
    this.#blueprint = blueprint;
    this.#known = known;
    this.#config = config;
  }

  /** Arguments of ssh that use the standing connections. */
  get arguments(): string[] {
    return ["-F", this.#config, "-o", `ControlPath=${join(this.#folder, "%n")}`];
  }

  /**
   * Connects to the edge host; if it stands already, anew: whom it leads on to is settled with a
   * connection's beginning.
   */
  async edge(progress: (line: string) => void): Promise<Reached> {
    const ended = this.#children.splice(0).map((child) => {
      const end = child.exitCode ?? child.signalCode;
      child.kill("SIGTERM");
      // It takes its socket along, at which the next one will stand.
      return end === null ? once(child, "close") : undefined;
    });
    await Promise.all(ended);
    return this.#await(edgeOf(this.#blueprint), performance.now() + BOOT * 1000, progress);
  }

  /** Connects to others, by the edge host, to which {@link edge} came so. Never throws for one host. */
  async others(
    ids: readonly string[],
    edge: Reached,
    progress: (line: string) => void,
  ): Promise<Reached[]> {
    const end = performance.now() + BOOT * 1000;
    const others = this.#blueprint.hosts.filter(({ id }) => id !== edge.host && ids.includes(id));
    if (edge.failure !== undefined)
      return others.map(({ id }) => ({
        host: id,
        failure: `${edge.host}, the way to it, ${edge.failure}`,
      }));
    return Promise.all(others.map((host) => this.#await(host, end, progress)));
  }

  /** Ends them all. What runs on a host runs on to its end. */
  close(): void {
    this.#closed = true;
    for (const child of this.#children) child.kill("SIGTERM");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Tries until it answers, whatever it then says, or the time is over. */
  async #await(host: Host, end: number, progress: (line: string) => void): Promise<Reached> {
    for (let announced = false; ; ) {
      const reached = await this.#connect(host);
      if (reached.failure !== SILENT || this.#closed || performance.now() > end) return reached;
      if (!announced) progress(`${host.id} doesn't answer yet: trying for ${BOOT} s`);
      announced = true;
      await sleep(2000);
    }
  }

  #connect(host: Host): Promise<Reached> {
    const { id, name } = host;
    const known = this.#known[id];
    const seen = join(this.#folder, `key-${id}`);
    const edge = edgeOf(this.#blueprint);
    const standing = ["-o", `ControlPath=${join(this.#folder, edge.name)}`];
    const jump = jumpCommand(edge, this.#config, standing);
    const args = [
      ...this.arguments,
      "-o",
      "ControlMaster=yes",
      "-o",
      "BatchMode=yes",
      "-o",
      "PermitLocalCommand=yes",
      "-o",
      "LocalCommand=echo ready",
      ...(name === edge.name ? [] : ["-o", `ProxyCommand=${jump}`]),
      // The first visit: there is nothing to compare with yet, so a person confirms it later.
      ...(known
        ? []
        : ["-o", "StrictHostKeyChecking=accept-new", "-o", `UserKnownHostsFile=${seen}`]),
      "-o",
      "HashKnownHosts=no",
      "-N",
      name,
    ];
    return new Promise((resolve) => {
      // A group of its own: Ctrl-C is for us to hand on.
      const child = spawn("ssh", args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
      this.#children.push(child);
      let stderr = "";
      const timer = setTimeout(() => child.kill("SIGTERM"), PATIENCE);
      const end = (reached: Reached) => {
        clearTimeout(timer);
        resolve(reached);
      };
      child.stderr.on("data", (data: Buffer) => {
        stderr += data;
      });
      child.stdout.on("data", () => {
        const key = known?.key ?? readKey(seen);
        end(key ? { host: id, key } : { host: id, failure: "showed no ed25519 key" });
      });
      child.on("error", (error: NodeJS.ErrnoException) =>
        end({
          host: id,
          failure:
            error.code === "ENOENT"
              ? "ssh isn't installed: install OpenSSH's client"
              : error.message,
        }),
      );
      child.on("close", () => end({ host: id, failure: explainSsh(stderr || "timed out") }));
    });
  }
}

/** The key that ssh wrote down: `name ssh-ed25519 AAAA…`. */
function readKey(file: string): string | undefined {
  const found = /(ssh-ed25519 \S+)/.exec(readFileSync(file, "utf8"));
  return found?.[1];
}
