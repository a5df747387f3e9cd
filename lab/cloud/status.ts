import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { urlOf } from "./api.ts";
import { readPasswords } from "./credentials.ts";
import { LabError } from "./error.ts";
import { pidOne, processesOf, runFile, running } from "./namespace.ts";
import { type LabPaths, labPaths } from "./paths.ts";
import { type ProcessId, readIfThere } from "./process.ts";
import { lastNet } from "./state.ts";

export interface LabService {
  readonly name: string;
  /** On the machine, not inside the lab; undefined when it has ended. */
  readonly pid: number | undefined;
  readonly alive: boolean;
}

export interface LabStatus {
  /** `broken`: something is left of a lab that doesn't work; `up` or `down` puts it right. */
  readonly state: "up" | "down" | "broken";
  /** What is broken and what to do; empty otherwise. */
  readonly reason: string;
  readonly folder: string;
  /** Keystone's address, also when the lab is down; undefined before its first start. */
  readonly apiUrl: string | undefined;
  /** For OS_CLIENT_CONFIG_FILE. */
  readonly cloudsFile: string;
  readonly services: readonly LabService[];
  /** MiB, each shared page counted once over all processes of the lab (PSS). */
  readonly memoryMiB: number;
  readonly projects: readonly string[];
}

function listServices(id: ProcessId): LabService[] {
  const processes = processesOf(id);
  const folder = runFile(id, "");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".pid"))
    .sort()
    .map((file) => {
      const inside = Number(readIfThere(join(folder, file)));
      const pid = processes.get(inside);
      const state = pid === undefined ? "" : (readIfThere(`/proc/${pid}/stat`) ?? "");
      const alive = state !== "" && !/\) [ZX] /.test(state);
      return { name: file.slice(0, -".pid".length), pid: alive ? pid : undefined, alive };
    });
}

/** @throws LabError that names the service which has ended by itself */
export function assertAlive(paths: LabPaths, id: ProcessId): void {
  const dead = listServices(id).find(({ alive }) => !alive);
  if (dead) {
    const log = join(paths.logs, `${dead.name}.log`);
    throw new LabError(`${dead.name} ended by itself: see ${log}`);
  }
}

function memoryMiB(id: ProcessId): number {
  let kib = 0;
  for (const pid of processesOf(id).values()) {
    const text = readIfThere(`/proc/${pid}/smaps_rollup`) ?? "";
    kib += Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0);
  }
  return Math.round(kib / 1024);
}

function serviceStatus(
  paths: LabPaths,
  id: ProcessId | undefined,
  services: readonly LabService[],
): Pick<LabStatus, "state" | "reason"> {
  const goOn = "`polder lab up` starts it again";
  const dead = services.filter(({ alive }) => !alive).map(({ name }) => name);
  if (!id) {
    if (!pidOne(paths)) return { state: "down", reason: "" };
    return { state: "broken", reason: `it ended without \`polder lab down\`: ${goOn}` };
  }
  if (dead.length > 0) {
    const logs = `see ${join(paths.logs, `${dead[0]}.log`)}`;
    return { state: "broken", reason: `${dead.join(", ")} ended (${logs}): ${goOn}` };
  }
  if (!existsSync(runFile(id, "ready"))) {
    return { state: "broken", reason: `its start is under way or was cut short: ${goOn}` };
  }
  return { state: "up", reason: "" };
}

/** How the lab in a folder is. Changes nothing, and needs no root to see that it is down. */
export async function status(options: { readonly folder: string }): Promise<LabStatus> {
  const paths = labPaths(options.folder);
  const id = running(paths);
  const services = id ? listServices(id) : [];
  const net = lastNet(paths);
  return {
    ...serviceStatus(paths, id, services),
    folder: paths.folder,
    apiUrl: net && urlOf(net.lab, "identity"),
    cloudsFile: paths.cloudsFile,
    services,
    memoryMiB: id ? memoryMiB(id) : 0,
    projects: Object.keys(readPasswords(paths)?.projects ?? {}),
  };
}

/** What a client of the lab's cloud needs in its environment. */
export function labEnvironment(folder: string): Record<string, string> {
  const paths = labPaths(folder);
  // The lab's addresses are on this machine: no proxy can reach them.
  const others = process.env["NO_PROXY"] || process.env["no_proxy"];
  const direct = [others, lastNet(paths)?.lab].filter(Boolean).join(",");
  return { OS_CLIENT_CONFIG_FILE: paths.cloudsFile, NO_PROXY: direct, no_proxy: direct };
}
