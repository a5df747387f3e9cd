import type { Outcome } from "../../common/findings/index.ts";
import type { HostConfiguration } from "../../hosts/configuration/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { Admin } from "./admin.ts";
import type { VantagePoint } from "./vantage-point.ts";

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
  /** Files of the configuration. */
  readonly files: readonly string[];
  /** What is loaded or runs, and isn't what the files say. */
  readonly running: readonly string[];
  /** What comes from neither configuration, package nor image. */
  readonly beyond: readonly string[];
}

/** All that a probe may use; nothing else. */
export interface Context {
  readonly blueprint: Blueprint;
  /** A host's rendered configuration, by the host's id. */
  readonly configuration: (host: string) => HostConfiguration;
  readonly now: Date;
  readonly vantagePoint: VantagePoint;
  readonly admin: Admin;
  /** A secret of the vault by its name. */
  readonly secret: (name: string) => string;
  /** What differs on a host from its configuration, as converge sees it. */
  readonly drift: (host: string) => Promise<Drift>;
  /** Whether the vantage point can listen for connections that leave the hosts. */
  readonly listens: boolean;
  /** Does a piece of work once for all probes that share it. */
  readonly once: <T>(key: string, work: () => Promise<T>) => Promise<T>;
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
  /** Ids of norms.yaml. */
  readonly norms: readonly string[];
  /** What it is run on: hosts, or `<host> <service>`. */
  readonly subjects: (blueprint: Blueprint) => readonly string[];
  /** The positive control: why the component was not seen alive, or nothing. */
  readonly alive: (subject: string, context: Context) => Promise<string | undefined>;
  readonly run: (subject: string, context: Context) => Promise<Outcome>;
}

type Shared = "group" | "control" | "norms" | "subjects" | "alive";

/** Makes probes that share all but what they try. */
export const probesWith =
  (shared: Pick<Probe, Shared>) =>
  (id: string, holds: string, attack: string, run: Probe["run"]): Probe => ({
    ...shared,
    id,
    holds,
    attack,
    run,
  });
