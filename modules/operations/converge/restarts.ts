import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { Role } from "../../planning/sizing/index.ts";
import type { HostResult } from "./events.ts";

/** What whoever restarts hosts is given. */
export interface RestartContext {
  readonly blueprint: Blueprint;
  /** Hosts on which a restart waits, in the order in which they may have it. */
  readonly waiting: readonly HostResult[];
  /** Restarts what waits on a host. @returns whether it is well afterwards */
  readonly restart: (id: string) => Promise<boolean>;
  /** Arguments of ssh that log in at a host by the standing connection, by the host's name. */
  readonly ssh: (name: string) => readonly string[];
  readonly progress: (line: string) => void;
}

/** A way of restarting what carries calls, when all files are in place. */
export type Restarts = (context: RestartContext) => Promise<void>;

/**
 * What can be done without for a moment comes first: another relay and another bridge take over.
 * Prosody, which nothing takes over from, is last.
 */
const ORDER: readonly Role[] = ["edge", "monitor", "turn", "bridge", "control"];

const MEDIA_ENDS = "the media of every meeting ends until it is back: no other host carries it";

/** What a restart costs those who are in meetings, by unit, and where one host carries all meetings. */
const COSTS: readonly (readonly [unit: RegExp, cost: string, alone?: string])[] = [
  [
    /^coturn\./,
    "its relays end, and their browsers take others",
    "its relays end until it is back",
  ],
  [/bridge/, "its media ends, and its meetings go on by another bridge", MEDIA_ENDS],
  [/^nginx\./, "everybody's signalling by this host ends, and they come again"],
  [/^prosody\./, "everybody leaves every meeting of this host, and comes again"],
];

export function restartCost(unit: string, { size }: Pick<Blueprint, "size">): string {
  const [, cost, alone] = COSTS.find(([pattern]) => pattern.test(unit)) ?? [];
  return (size === "single" ? alone : undefined) ?? cost ?? "the calls that it carries end";
}

/** Hosts that are well, and of which every daemon runs with what lies there. */
export const inForce = (
  results: readonly Pick<HostResult, "host" | "outcome" | "pending">[],
): string[] =>
  results
    .filter(({ outcome, pending }) => outcome !== "failed" && pending.length === 0)
    .map(({ host }) => host);

/** Hosts on which a restart waits, in the order in which they may have it, one after the other. */
export function inRestartOrder<R extends Pick<HostResult, "host" | "outcome" | "pending">>(
  { hosts }: Pick<Blueprint, "hosts">,
  results: readonly R[],
): R[] {
  const place = (id: string) =>
    ORDER.indexOf(hosts.find((host) => host.id === id)?.role ?? "control");
  return results
    .filter(({ pending, outcome }) => pending.length > 0 && outcome !== "failed")
    .toSorted((a, b) => place(a.host) - place(b.host));
}

/** Restarts one host after the other, each of them well before the next, and asks nobody whether it may. */
export const restartAtOnce: Restarts = async ({ blueprint, waiting, restart, progress }) => {
  for (const [i, { host, pending }] of waiting.entries()) {
    for (const unit of pending)
      progress(`${host}: restarting ${unit}: ${restartCost(unit, blueprint)}`);
    if (await restart(host)) continue;
    const rest = waiting.slice(i + 1).map((one) => one.host);
    if (rest.length > 0) progress(`${host} isn't well: nothing is restarted on ${rest.join(", ")}`);
    return;
  }
};
