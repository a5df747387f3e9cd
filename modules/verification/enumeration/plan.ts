import { LOOKS, type Sample } from "./power.ts";

/** How likely a clean instance alarms at all in one run: over all tests together. */
export const FAMILY = 0.001;
/** The power that a sample is planned for, by the noise of the pilot, and what it must really have had. */
export const POWER = { planned: 0.999, demanded: 0.99 } as const;
/** What the noise is measured by, before a sample is planned. */
export const PILOT: Sample = { pairs: 12, tries: 4 };
/** States of names that are compared with never-issued ones. */
export const STATES = ["live", "ended", "revoked", "not begun"] as const;
export type State = (typeof STATES)[number];
/** Why a state has no finding. */
export const unnamed = (state: State): string =>
  `the file of links names no meeting that is ${state}`;

/** Ways to ask that are timed: from inside another meeting's session, and at the door. */
const SESSION_WAYS = ["presence", "disco info", "message", "conference request"] as const;
const DOOR_WAYS = ["no token", "another room's token"] as const;

/**
 * All comparisons of times, fixed before anything is measured: the family. The door's come last, since
 * handshakes are what is limited most: what the time doesn't do for reads not-tested.
 */
export const TIMINGS: readonly { readonly way: string; readonly state: State }[] = [
  ...SESSION_WAYS.map((way) => ({ way, state: "live" as const })),
  ...STATES.slice(1).map((state) => ({ way: "presence", state })),
  ...DOOR_WAYS.map((way) => ({ way, state: "live" as const })),
];

/**
 * The level of each single test, by Bonferroni. An alarm takes two independent samples that are both
 * significant at it, so that the family's level isn't only kept but undercut: {@link falseAlarms}.
 */
export const ALPHA = FAMILY / TIMINGS.length;

/**
 * The most that one run of a clean instance alarms by chance, were each look at how many pairs a sample
 * still needs a test of its own.
 */
export const falseAlarms = TIMINGS.length * (LOOKS * ALPHA) ** 2;
