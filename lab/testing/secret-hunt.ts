import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inHost } from "../hypervisor/index.ts";
import type { Canary } from "./canary.ts";

const HUNTER = readFileSync(join(import.meta.dirname, "hunt-secrets.py"), "utf8");

export interface Hunted {
  /** `file /path: name`, `journal: name`, `environ of 12: name`. */
  readonly found: readonly string[];
  /** How much was looked at: a hunt through nothing finds nothing. */
  readonly files: number;
  /** Bytes. */
  readonly journal: number;
  readonly processes: number;
}

/** @throws Error when the hunter itself fails on the host */
export async function huntOnHost(
  folder: string,
  host: string,
  canaries: readonly Canary[],
): Promise<Hunted> {
  const values = Object.fromEntries(canaries.map(({ name, value }) => [name, value]));
  const ran = await inHost(folder, host, ["python3", "-c", HUNTER], JSON.stringify(values));
  if (ran.code !== 0) throw new Error(`hunting on ${host}: ${ran.stderr}`);
  return JSON.parse(ran.stdout) as Hunted;
}

/** What gives a secret away: of a PEM a line from its middle, else all of it. */
export function canaryOf(name: string, value: string): Canary {
  const lines = value.trim().split("\n");
  const middle = lines[Math.floor(lines.length / 2)] ?? "";
  return { name, value: lines.length > 2 ? middle : value.trim() };
}
