import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { Role } from "../../planning/sizing/index.ts";
import type { HostResult } from "./events.ts";

/**
 * What can be done without for a moment comes first: another relay and another bridge take over.
 * Prosody, which nothing takes over from, is last.
 */
const ORDER: readonly Role[] = ["edge", "monitor", "turn", "bridge", "control"];

/** What a restart costs those who are in meetings, by unit. */
const COSTS: readonly (readonly [RegExp, string])[] = [
  [/^coturn\./, "its relays end, and their browsers take others"],
  [/bridge/, "its media ends, and its meetings go on by another bridge"],
  [/^nginx\./, "everybody's signalling by this host ends, and they come again"],
  [/^prosody\./, "everybody leaves every meeting of this host, and comes again"],
];

export const restartCost = (unit: string): string =>
  COSTS.find(([pattern]) => pattern.test(unit))?.[1] ?? "the calls that it carries end";

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
