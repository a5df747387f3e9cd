import { join } from "node:path";
import { labPaths } from "../cloud/index.ts";

/** Where everything is that the hypervisor keeps: one folder, for root alone. */
export interface HypervisorPaths {
  /** The lab's folder. */
  readonly lab: string;
  readonly folder: string;
  /** Base images, one folder a recipe. */
  readonly images: string;
  /** One folder a server: its disk, its seed, `console.log`. */
  readonly servers: string;
  /** One sparse file a volume. */
  readonly volumes: string;
  readonly aptCache: string;
  /** What the stand-in of Hetzner's API keeps, and how it is reached. */
  readonly hetzner: string;
  /** Logs of the services for the hosts: packages, names, time. */
  readonly serviceLogs: string;
  /** Mounts of the hypervisor's own mount namespace; empty on the machine. */
  readonly run: string;
  readonly pidFile: string;
  readonly settingsFile: string;
  readonly stateFile: string;
  readonly log: string;
}

/** The folder of the sources. */
export const sourceFolder = import.meta.dirname;

export function hypervisorPaths(lab: string): HypervisorPaths {
  const folder = join(labPaths(lab).folder, "hypervisor");
  return {
    lab: labPaths(lab).folder,
    folder,
    images: join(folder, "image"),
    servers: join(folder, "servers"),
    volumes: join(folder, "volumes"),
    aptCache: join(folder, "apt-cache"),
    hetzner: join(folder, "hetzner"),
    serviceLogs: join(folder, "log"),
    run: join(folder, "run"),
    pidFile: join(folder, "pid"),
    settingsFile: join(folder, "settings.json"),
    stateFile: join(folder, "state.json"),
    log: join(folder, "hypervisor.log"),
  };
}
