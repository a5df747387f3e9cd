import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ExternalFailure } from "../../common/external-failure/index.ts";
import { brewery } from "../../hosts/bridge/index.ts";
import { hostOf, hostsWith, PORTS } from "../../planning/blueprint/index.ts";
import type { LoadedInstance } from "../../workspace/index.ts";
import {
  type ConvergeOptions,
  convergeInstance,
  type HostResult,
  type RestartContext,
  restartCost,
  runRemotely,
} from "../converge/index.ts";
import {
  type Cluster,
  type FocusState,
  type Left,
  type Patience,
  restartDrained,
} from "./drained.ts";

export type UpgradeOptions = Omit<ConvergeOptions, "restarts" | "check" | "limit"> & Patience;

export interface Upgraded {
  readonly hosts: readonly HostResult[];
  /** Hosts on which a restart still waits, and why. */
  readonly left: readonly Left[];
}

const PROGRAM = readFileSync(join(import.meta.dirname, "programs/jitsi_rest.py"), "utf8");

/** What Jitsi's programs print of themselves; whoever prints nothing under a name isn't what we take it for. */
function numbered(found: Readonly<Record<string, number>>, id: string, name: string): number {
  const value = found[name];
  if (value === undefined) throw new ExternalFailure(`${id}: its metrics have no ${name}`);
  return value;
}

/** The instance's hosts as an upgrade sees them: by Jitsi's REST on each one's own loopback. */
function clusterOf(
  { blueprint, ssh, restart, waiting, progress }: RestartContext,
  signal: AbortSignal,
): Cluster {
  // Also after an interrupt: what was begun is taken back.
  const ask = async (id: string, ...words: string[]): Promise<unknown> => {
    // The packet filter lets root alone ask.
    const command = ["sudo", "-n", "python3", "-", ...words];
    return JSON.parse(await runRemotely(ssh(hostOf(blueprint, id).name), command, PROGRAM, id));
  };
  return {
    bridge: async (id) => {
      const found = await ask(id, "metrics", `${PORTS.bridgeRest}`);
      if (found === null) return undefined;
      const value = (name: string) =>
        numbered(found as Record<string, number>, id, `jitsi_jvb_${name}`);
      return {
        ready: value("healthy") === 1 && value("mucs_joined") >= 1,
        drained: value("drain_mode") === 1,
        people: value("local_endpoints"),
        // Most send both, some one of the two.
        senders: Math.max(value("endpoints_sending_audio"), value("endpoints_sending_video")),
      };
    },
    focus: async (id) =>
      ((await ask(id, "focus", `${PORTS.focusRest}`)) as FocusState | null) ?? undefined,
    drain: async (id, on) => {
      await ask(id, "drain", `${PORTS.bridgeRest}`, on ? "on" : "off");
    },
    move: async (id) => {
      signal.throwIfAborted();
      const { shard } = hostOf(blueprint, id);
      const control = hostsWith(blueprint, "control").find((one) => one.shard === shard);
      if (!control) throw new Error(`${id} has no control host`);
      const bridge = `${brewery(blueprint)}/${id}`;
      await ask(control.id, "move", `${PORTS.focusRest}`, bridge);
    },
    restart: (id) => {
      signal.throwIfAborted();
      for (const unit of waiting.find((one) => one.host === id)?.pending ?? [])
        progress(`${id}: restarting ${unit}: ${restartCost(unit, blueprint)}`);
      return restart(id);
    },
    wait: async (seconds) => {
      await sleep(seconds * 1000, undefined, { signal }).catch(() => signal.throwIfAborted());
    },
    progress,
  };
}

/**
 * Brings an instance to a new release, or to Debian's security updates, without cutting a meeting off where another host
 * can take it over.
 *
 * @throws BadInput, ExternalFailure when nothing could begin, when a host couldn't be asked, and when it was interrupted
 */
export async function upgradeInstance(
  loaded: LoadedInstance,
  { end, cut, ...options }: UpgradeOptions,
): Promise<Upgraded> {
  let left: readonly Left[] = [];
  const hosts = await convergeInstance(loaded, {
    ...options,
    check: false,
    limit: [],
    restarts: async (context) => {
      const waiting = context.waiting.map(({ host }) => hostOf(context.blueprint, host));
      const interrupt = new AbortController();
      const stop = () => interrupt.abort(new ExternalFailure("interrupted: run it again to go on"));
      const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
      for (const signal of signals) process.on(signal, stop);
      try {
        const cluster = clusterOf(context, interrupt.signal);
        left = await restartDrained(waiting, context.blueprint.hosts, cluster, { end, cut });
      } finally {
        for (const signal of signals) process.off(signal, stop);
      }
    },
  });
  return { hosts, left };
}
