import { readdirSync, readlinkSync } from "node:fs";
import { LabError } from "../cloud/error.ts";
import { readIfThere, until } from "../cloud/process.ts";
import { hypervisorPaths } from "./paths.ts";
import { pidOne, running } from "./process.ts";
import { type HostRecord, readSettings, readState } from "./state.ts";

export interface HostStatus extends HostRecord {
  /** MiB of its processes, each shared page counted once (PSS). */
  readonly memoryMiB: number;
}

export interface HypervisorStatus {
  readonly state: "up" | "down" | "broken";
  /** What is wrong; empty when all is well. */
  readonly reason: string;
  readonly hosts: readonly HostStatus[];
}

/** Whose servers boot at present; `none` when the hypervisor is down. */
export function hypervisorProjects(folder: string): "all" | "none" | readonly string[] {
  const paths = hypervisorPaths(folder);
  return running(paths) ? (readSettings(paths)?.projects ?? "all") : "none";
}

/** The machine's processes by their pid namespace. */
export function processesByNamespace(): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  for (const name of readdirSync("/proc").filter((one) => /^\d+$/.test(one))) {
    try {
      const namespace = readlinkSync(`/proc/${name}/ns/pid`);
      found.set(namespace, [...(found.get(namespace) ?? []), Number(name)]);
    } catch {
      // Gone between the list and the look.
    }
  }
  return found;
}

function memoryOf(pids: readonly number[]): number {
  const kib = pids.map((pid) => {
    const text = readIfThere(`/proc/${pid}/smaps_rollup`) ?? "";
    return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0);
  });
  return Math.round(kib.reduce((sum, one) => sum + one, 0) / 1024);
}

/** How the hypervisor and its hosts are. Changes nothing. */
export function hypervisorStatus(options: { readonly folder: string }): HypervisorStatus {
  const paths = hypervisorPaths(options.folder);
  const id = running(paths);
  const state = readState(paths);
  if (!id || !state) {
    if (!pidOne(paths)) return { state: "down", reason: "", hosts: [] };
    const reason =
      "the hypervisor ended without `polder lab down`: `polder lab up` starts it again";
    return { state: "broken", reason, hosts: [] };
  }
  const processes = processesByNamespace();
  const hosts = state.hosts.map((host) => ({
    ...host,
    memoryMiB: memoryOf(processes.get(host.pidNamespace ?? "") ?? []),
  }));
  return { state: state.problem ? "broken" : "up", reason: state.problem, hosts };
}

/**
 * Waits until hosts run.
 *
 * @param names of servers, or their ids
 * @param timeout in seconds
 * @throws LabError that says which one doesn't, and why
 */
export async function awaitRunning(
  folder: string,
  names: readonly string[],
  timeout: number,
): Promise<readonly HostStatus[]> {
  const paths = hypervisorPaths(folder);
  const find = (name: string) =>
    readState(paths)?.hosts.find((host) => host.name === name || host.id === name);
  const failed = () => names.map(find).find((host) => host?.state === "failed");
  const done = () => names.every((name) => find(name)?.state === "running");
  if (!(await until(() => done() || failed() !== undefined, timeout)) || failed()) {
    const lines = names.flatMap((name) => {
      const host = find(name);
      if (host?.state === "running") return [];
      return [`${name} is ${host?.state ?? "unknown"}${host?.reason ? `: ${host.reason}` : ""}`];
    });
    throw new LabError(`${lines.join("; ")} (waited ${timeout} s at most)`);
  }
  const { hosts } = hypervisorStatus({ folder });
  return names.flatMap(
    (name) => hosts.find((host) => host.name === name || host.id === name) ?? [],
  );
}
