import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import type { Fragment } from "./merge.ts";
import type { Programs } from "./programs.ts";

/** What one service, or one program, adds to a host. */
export type MakeFragment = (blueprint: Blueprint, host: Host, programs: Programs) => Fragment;

/**
 * What an instance has of Jitsi: Jitsi's own programs, or what a test bed has in their places. An instance of profile
 * `lab` may have no packages of Jitsi's; then whoever renders it hands in these.
 */
export interface JitsiFragments {
  /** Opens meetings, on a control host. */
  readonly focus: MakeFragment;
  /** Passes media on, on a bridge host. */
  readonly bridge: MakeFragment;
  /** What the page of the service says people can do here: one sentence or more in Dutch, and the same in English. */
  readonly arrive: readonly [dutch: string, english: string];
}

/** The stand-ins that a caller of the render hands in. A caller that has none says so; forgetting them doesn't compile. */
export type StandIns = JitsiFragments | "no stand-ins";
