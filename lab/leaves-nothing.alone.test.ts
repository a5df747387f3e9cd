import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TOOLKIT } from "../modules/common/toolkit/index.ts";
import { run } from "./cloud/command.ts";
import { defaultFolder, status } from "./cloud/index.ts";
import { hypervisorStatus } from "./hypervisor/index.ts";

// Alone on the machine: it ends the lab. What it compares is the machine's, so nobody else may
// install packages or change its network meanwhile.

const folder = defaultFolder();
const polder = (...args: string[]) => run(join(TOOLKIT, "cli/polder"), args);

/** Settings that count what happens, or that nobody sets. */
const VOLATILE =
  /^(fs\.(dentry-state|file-nr|inode-nr|inode-state|quota)|kernel\.(random|ns_last_pid|pty\.nr|sched_domain)|net\.netfilter\.nf_conntrack_count)/;

/** What a lab could leave on a machine, a line each. */
async function machine(): Promise<Record<string, string[]>> {
  const lines = async (...argv: [string, ...string[]]) =>
    (await run(argv[0], argv.slice(1))).split("\n").filter((line) => line !== "");
  return {
    links: await lines("ip", "-brief", "link"),
    addresses: await lines("ip", "-brief", "address"),
    routes: [...(await lines("ip", "route")), ...(await lines("ip", "-6", "route"))].map((line) =>
      line.replace(/ expires \d+sec/, ""),
    ),
    namespaces: await lines("ip", "netns", "list"),
    "packet filter": await lines("nft", "--stateless", "list", "ruleset"),
    mounts: readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .map((line) => line.split(" ").slice(3, 5).join(" ")),
    "loop devices": await lines("losetup", "--list", "--noheadings", "--output", "BACK-FILE"),
    processes: (await lines("ps", "-e", "-o", "args")).filter((line) => line.includes(folder)),
    "control groups": await lines("find", "/sys/fs/cgroup", "-maxdepth", "2", "-name", "polder*"),
    settings: (await lines("sh", "-c", "sysctl -a 2>/dev/null")).filter(
      (line) => !VOLATILE.test(line),
    ),
  };
}

/** Files of the system that were written since a moment, s since 1970. */
const written = async (since: number): Promise<string[]> =>
  (await run("find", ["/etc", "/usr", "/var", "/opt", "/srv", "-xdev", "-newermt", `@${since}`]))
    .split("\n")
    .filter((path) => path !== "" && !path.startsWith(folder));

let before: string;

beforeAll(async () => {
  before = (await status({ folder })).state;
  await polder("lab", "down");
});
afterAll(async () => {
  if (before === "up") await polder("lab", "up");
});

test("after `polder lab down` the machine is as it was", async () => {
  const [was, since] = [await machine(), Date.now() / 1000];
  await polder("lab", "up");
  expect(hypervisorStatus({ folder }).state).toBe("up");
  // It can see a lab at all. Mounts it has in namespaces of its own.
  const up = await machine();
  for (const what of ["links", "routes", "processes"] as const)
    expect(up[what], what).not.toEqual(was[what]);
  await polder("lab", "down");
  expect(await machine()).toEqual(was);
  expect(await written(since)).toEqual([]);
});
