import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { projectName, start } from "../hetzner/index.ts";
import { type HypervisorPaths, hypervisorPaths } from "./paths.ts";
import { running } from "./process.ts";
import { readJson, writeJson } from "./state.ts";

/** How the stand-in of Hetzner's API is reached while the hypervisor runs. */
interface Reached {
  readonly endpoint: string;
  /** The operator's token. */
  readonly operator: string;
}

/** Tokens of projects by the projects' names. Root's alone, as everything of the lab's cloud is. */
type Tokens = Readonly<Record<string, string>>;

const tokensFile = ({ hetzner }: HypervisorPaths) => join(hetzner, "tokens.json");
const reachedFile = ({ hetzner }: HypervisorPaths) => join(hetzner, "reached.json");
const tokensOf = (paths: HypervisorPaths): Tokens => readJson<Tokens>(tokensFile(paths)) ?? {};

/** As long as Hetzner's own. */
const newToken = () => randomBytes(32).toString("hex");

/**
 * Public addresses of the stand-in's servers, clear of those that the lab's OpenStack gives away
 * (`seedOffer` in lab/cloud/seed.ts).
 */
const pool = { ipv4: ["203.0.113.0/26"], ipv6: "2001:db8:f" };

/** Starts it, with what it kept. */
export async function startStandIn(paths: HypervisorPaths): Promise<Reached> {
  const operator = newToken();
  const { endpoint } = await start({ folder: join(paths.hetzner, "projects"), pool, operator });
  const reached = { endpoint, operator };
  writeJson(reachedFile(paths), reached);
  return reached;
}

/** What the lab calls a project of the stand-in's; one of a token that it didn't give out has its sum. */
export const nameOfProject =
  (paths: HypervisorPaths) =>
  (project: string): string =>
    Object.entries(tokensOf(paths)).find(([, token]) => projectName(token) === project)?.[0] ??
    project;

/** Projects that were given a token. */
export const hetznerProjects = (folder: string): string[] =>
  Object.keys(tokensOf(hypervisorPaths(folder)));

/** Gives each of these projects a token that has none. */
export function ensureTokens(paths: HypervisorPaths, names: readonly string[]): void {
  mkdirSync(paths.hetzner, { recursive: true, mode: 0o700 });
  const known = tokensOf(paths);
  const missing = names.filter((name) => !known[name]).map((name) => [name, newToken()]);
  writeJson(tokensFile(paths), { ...known, ...Object.fromEntries(missing) });
}

/**
 * What a client of the lab's Hetzner must find in its environment.
 *
 * @returns undefined when the hypervisor is down, or no such project was made
 */
export function hetznerEnvironment(
  folder: string,
  project: string,
): Readonly<Record<"HCLOUD_ENDPOINT" | "HCLOUD_TOKEN", string>> | undefined {
  const paths = hypervisorPaths(folder);
  const reached = running(paths) && readJson<Reached>(reachedFile(paths));
  const token = tokensOf(paths)[project];
  return reached && token ? { HCLOUD_ENDPOINT: reached.endpoint, HCLOUD_TOKEN: token } : undefined;
}
