import { existsSync } from "node:fs";
import { join } from "node:path";

/** The toolkit's own folder: its data, its playbook, its providers' sources. Nothing is written there. */
export const TOOLKIT = join(import.meta.dirname, "../../..");

/**
 * The folder whose `instances/` it works on, and where `build/` and `cdktf.out/` come: a checkout is its own; an
 * installed package works in the folder where it is called.
 */
export const WORKSPACE = existsSync(join(TOOLKIT, "cli/main.ts")) ? TOOLKIT : process.cwd();

/** Where `polder` keeps what it makes for an instance. */
export const buildFolder = (instance: string): string =>
  join(WORKSPACE, "build", "instances", instance);
