import { renameSync, writeFileSync } from "node:fs";
import { readIfThere } from "../cloud/process.ts";
import type { HypervisorPaths } from "./paths.ts";

/** What `up` tells the hypervisor; it looks again each round. */
export interface Settings {
  /** The range of the lab's link. */
  readonly range: string;
  /** Only servers of these projects boot; undefined: all. */
  readonly projects?: readonly string[] | undefined;
  /** Debian's archives, for the apt proxy. */
  readonly mirrors: Mirrors;
  /** Tells one way of running from another. */
  readonly recipe: string;
}

export interface Mirrors {
  readonly debian: string;
  readonly security: string;
  /** A proxy of the machine's own, that its apt goes through. */
  readonly proxy: string | undefined;
}

export type HostState = "booting" | "running" | "stopped" | "failed";

export interface HostRecord {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly addresses: readonly string[];
  readonly state: HostState;
  /** Why it failed or stopped, or what cloud-init complained of; empty otherwise. */
  readonly reason: string;
  /** From the start until cloud-init was done. */
  readonly bootSeconds: number | undefined;
  /** Of the guest's processes, such as `pid:[4026531836]`. */
  readonly pidNamespace: string | undefined;
}

export interface State {
  /** The fabric stands and the services answer. */
  readonly ready: boolean;
  /** Why it isn't, or what goes wrong at the moment. */
  readonly problem: string;
  readonly hosts: readonly HostRecord[];
}

export function readJson<T>(file: string): T | undefined {
  const text = readIfThere(file);
  return text ? (JSON.parse(text) as T) : undefined;
}

export function writeJson(file: string, value: unknown): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(value, undefined, 1)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export const readSettings = (paths: HypervisorPaths) => readJson<Settings>(paths.settingsFile);
export const writeSettings = (paths: HypervisorPaths, settings: Settings) =>
  writeJson(paths.settingsFile, settings);
export const readState = (paths: HypervisorPaths) => readJson<State>(paths.stateFile);
export const writeState = (paths: HypervisorPaths, state: State) =>
  writeJson(paths.stateFile, state);
