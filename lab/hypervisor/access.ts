import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, systemEnvironment } from "../cloud/command.ts";
import { LabError } from "../cloud/error.ts";
import { labPaths } from "../cloud/paths.ts";
import { readIfThere } from "../cloud/process.ts";
import { lastNet } from "../cloud/state.ts";
import { type Counted, parseCounted } from "./edge.ts";
import { hypervisorPaths } from "./paths.ts";
import { running } from "./process.ts";
import { readState } from "./state.ts";
import { processesByNamespace } from "./status.ts";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever that is. */
function execute(command: readonly string[], input: string): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const [program = "", ...args] = command;
    const child = spawn(program, args, { stdio: "pipe", env: systemEnvironment });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (data: Buffer) => {
      stdout += data;
    });
    child.stderr.on("data", (data: Buffer) => {
      stderr += data;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

function namespaceFile(folder: string, name: string): string {
  const id = running(hypervisorPaths(folder));
  if (!id) throw new LabError("the hypervisor is down: run `polder lab up`");
  return `/proc/${id.pid}/root/run/netns/${name}`;
}

/** The network namespace where probes and clients stand: a file for `nsenter --net=`. */
export function internetNamespace(folder: string): string {
  return namespaceFile(folder, "internet");
}

/**
 * The command that runs argv in the internet, with the machine's files and the lab's resolver.
 *
 * @param namespace another one that leads there
 */
export function internetCommand(
  folder: string,
  argv: readonly string[],
  namespace = internetNamespace(folder),
): string[] {
  const resolver = join(hypervisorPaths(folder).folder, "internet-resolv.conf");
  writeFileSync(resolver, `nameserver ${lastNet(labPaths(folder))?.machine}\n`);
  const script = 'mount --bind "$0" "$(readlink -f /etc/resolv.conf)"; exec "$@"';
  return [
    "nsenter",
    `--net=${namespace}`,
    "unshare",
    "--mount",
    "--propagation",
    "private",
    "sh",
    "-ec",
    script,
    resolver,
    ...argv,
  ];
}

/** Runs argv in the internet. */
export async function inInternet(
  folder: string,
  argv: readonly string[],
  input = "",
): Promise<Ran> {
  return execute(internetCommand(folder, argv), input);
}

/**
 * The command that runs argv inside a host, as root.
 *
 * @param host a server's name or id
 * @throws LabError when no such host runs
 */
export function hostCommand(folder: string, host: string, argv: readonly string[]): string[] {
  const known = readState(hypervisorPaths(folder))?.hosts ?? [];
  const found = known.filter(({ id, name }) => id === host || name === host);
  const [one] = found;
  if (!one)
    throw new LabError(`no host ${host}: there are ${known.map(({ name }) => name).join(", ")}`);
  if (found.length > 1) throw new LabError(`${found.length} hosts are called ${host}: give an id`);
  const pids = processesByNamespace().get(one.pidNamespace ?? "") ?? [];
  const leader = pids.find((pid) =>
    /^NSpid:.*\t1$/m.test(readIfThere(`/proc/${pid}/status`) ?? ""),
  );
  if (!leader) throw new LabError(`${host} is ${one.state}${one.reason && `: ${one.reason}`}`);
  const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd"];
  // nsenter's own child would be stopped by a guest that shuts down, nsenter with it, and the guest
  // would wait for it for ever: so a shell does the waiting.
  const wait = ["--no-fork", "sh", "-c", '"$@"; exit $?', "sh"];
  return ["nsenter", "--target", String(leader), ...namespaces, ...wait, ...argv];
}

/** Runs argv inside a host, as root: for tests. */
export async function inHost(
  folder: string,
  host: string,
  argv: readonly string[],
  input = "",
): Promise<Ran> {
  return execute(hostCommand(folder, host, argv), input);
}

export interface EdgeCounters {
  /** What the edge dropped: who tried to talk to whom beyond the lab. Source addresses are public ones. */
  readonly refused: readonly Counted[];
  /** What hosts began to send to the lab's internet. */
  readonly internet: readonly Counted[];
}

/** What passed the edge, or didn't, since the hypervisor was started: the listener for egress. */
export async function edgeCounters(folder: string): Promise<EdgeCounters> {
  const read = async (name: string) => {
    const list = ["nft", "-json", "list", "set", "inet", "edge", name];
    return parseCounted(
      await run("nsenter", [`--net=${namespaceFile(folder, "external")}`, ...list]),
    );
  };
  const both = async (name: string) => [...(await read(`${name}4`)), ...(await read(`${name}6`))];
  return { refused: await both("refused"), internet: await both("internet") };
}
