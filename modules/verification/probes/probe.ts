import type { HostTree } from "../../hosts/tree/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { Admin } from "./admin.ts";
import type { Outside } from "./outside.ts";

/** Probes that look at one thing; `polder probe <group>` runs them alone. */
export const GROUPS = [
  "ports",
  "tls",
  "http",
  "xmpp",
  "turn",
  "ssh",
  "egress",
  "drift",
  "certificates",
  "alarms",
] as const;
export type Group = (typeof GROUPS)[number];

/** What differs on a host, a line each; empty: nothing. */
export interface Drift {
  /** Files of the tree. */
  readonly files: readonly string[];
  /** What is loaded or runs, and isn't what the files say. */
  readonly running: readonly string[];
  /** What comes from neither tree, package nor image. */
  readonly beyond: readonly string[];
}

/** All that a probe may use; nothing else. */
export interface Context {
  readonly blueprint: Blueprint;
  /** What each host should be, by its id. */
  readonly tree: (host: string) => HostTree;
  readonly now: Date;
  readonly outside: Outside;
  readonly admin: Admin;
  /** A secret of the vault by its name. */
  readonly secret: (name: string) => string;
  /** What differs on a host from its tree, as converge sees it. */
  readonly drift: (host: string) => Promise<Drift>;
  /** Whether the vantage point outside can be the witness of what leaves the hosts. */
  readonly witness: boolean;
  /** Does a piece of work once for all probes that share it. */
  readonly once: <T>(key: string, work: () => Promise<T>) => Promise<T>;
}

export interface Outcome {
  readonly verdict: "pass" | "fail" | "not-tested";
  /** What was seen and, on a fail, what to do. One line. */
  readonly message: string;
  /** Lines for who wants to see it all. */
  readonly evidence?: readonly string[];
}

/** An attack with a positive control, on one kind of subject. */
export interface Probe {
  /** Stable, such as `ports-tcp`. */
  readonly id: string;
  readonly group: Group;
  /** What must hold. */
  readonly holds: string;
  /** What an attacker tries. */
  readonly attack: string;
  /** What shows that the component was there to be attacked. */
  readonly control: string;
  /** Numbers of the norms. */
  readonly norm: string;
  /** What it is run on: hosts, or `<host> <service>`. */
  readonly subjects: (blueprint: Blueprint) => readonly string[];
  /** The positive control: why the component was not seen alive, or nothing. */
  readonly alive: (subject: string, context: Context) => Promise<string | undefined>;
  readonly run: (subject: string, context: Context) => Promise<Outcome>;
}

export const pass = (message: string, evidence?: readonly string[]): Outcome => ({
  verdict: "pass",
  message,
  ...(evidence && evidence.length > 0 ? { evidence } : {}),
});
export const fail = (message: string, evidence?: readonly string[]): Outcome => ({
  verdict: "fail",
  message,
  ...(evidence && evidence.length > 0 ? { evidence } : {}),
});
export const notTested = (message: string): Outcome => ({ verdict: "not-tested", message });

/** Fails with all that is wrong, or passes. */
export const judge = (
  wrong: readonly string[],
  good: string,
  evidence?: readonly string[],
): Outcome => (wrong.length > 0 ? fail(wrong.join("; "), evidence) : pass(good, evidence));
