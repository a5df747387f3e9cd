import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../cloud/command.ts";
import { defaultFolder, defaultQuota, down, status, up } from "../cloud/index.ts";
import { until } from "../cloud/process.ts";
import {
  awaitRunning,
  hypervisorDown,
  hypervisorProjects,
  hypervisorStatus,
  hypervisorUp,
  inHost,
} from "./index.ts";
import { hypervisorPaths } from "./paths.ts";
import { pidOne } from "./process.ts";
import { type Machine, Member } from "./testing.ts";

// Alone on the machine: it ends the hypervisor, and every host of the lab with it, again and again.

const folder = defaultFolder();
const paths = hypervisorPaths(folder);
const progress = () => undefined;
const project = "t-hyp-een";
const polder = join(import.meta.dirname, "..", "..", "cli", "polder");
const bring = (signal?: AbortSignal) =>
  hypervisorUp({ folder, progress, projects: [project], signal });

/** All that a hypervisor could leave on the machine, a line each. */
async function traces(): Promise<string[]> {
  const mine = (text: string, pattern: RegExp) =>
    text.split("\n").filter((line) => pattern.test(line));
  const ours = new RegExp(`(enter\\.sh|systemd-nspawn|main\\.ts) .*${paths.folder}`);
  const below = new RegExp(`${paths.folder}|polder hypervisor`);
  return [
    ...mine(await run("ip", ["-details", "link"]), /polder hypervisor|polderh/),
    ...mine(await run("ip", ["route"]), /203\.0\.113\.|198\.51\.100\.|polderh/),
    ...mine(readFileSync("/proc/self/mountinfo", "utf8"), below),
    ...mine(await run("losetup", ["--list"]), below),
    ...mine(await run("ps", ["-e", "-o", "args"]), ours),
    ...mine(await run("find", ["/sys/fs/cgroup", "-maxdepth", "2", "-name", "polder-*"]), /polder/),
    ...mine(await run("ip", ["netns", "list"]), /^(external|internet|s-|h-)/),
  ];
}

/** The machine's own settings of the network. */
const settings = () =>
  run("sh", [
    "-c",
    "cd /proc/sys/net && grep -r . ipv4/ip_forward ipv4/conf/all ipv4/conf/default ipv6/conf/all ipv6/conf/default 2>/dev/null || :",
  ]);

describe("the hypervisor's life", () => {
  let before: Awaited<ReturnType<typeof status>>["state"];
  let booted: ReturnType<typeof hypervisorProjects>;
  let member: Member;
  let host: Machine;
  let settingsBefore: string;

  beforeAll(async () => {
    before = (await status({ folder })).state;
    booted = hypervisorProjects(folder);
    await up({ folder, progress, projects: [{ name: project, quota: defaultQuota }] });
    await hypervisorDown({ folder, progress });
    settingsBefore = await settings();
    member = await Member.open(folder, project);
    await member.clear();
    await bring();
    const net = await member.network(["10.78.0.0/24"]);
    const port = await member.port(net.id, await member.group("g"));
    host = await member.server("hyp-life", port, "");
    await awaitRunning(folder, [host.id], 60);
    await member.volume(host);
    await inHost(folder, host.id, ["sh", "-c", "echo kept >/root/file; sync"]);
  });

  afterAll(async () => {
    await member.clear();
    if (booted === "none") await hypervisorDown({ folder, progress });
    else await hypervisorUp({ folder, progress, projects: booted === "all" ? undefined : booted });
    if (before !== "up") await down({ folder, progress });
  });

  const kept = async () => {
    await awaitRunning(folder, [host.id], 60);
    expect((await inHost(folder, host.id, ["cat", "/root/file"])).stdout).toBe("kept\n");
  };

  it("leaves nothing after down, and has the data after the next up", async () => {
    await hypervisorDown({ folder, progress });
    expect(await traces()).toEqual([]);
    expect(await settings()).toBe(settingsBefore);
    expect(hypervisorStatus({ folder }).state).toBe("down");
    await bring();
    await kept();
  });

  it("killed, says so and is swept up by the next up", async () => {
    process.kill(pidOne(paths)?.pid ?? 0, "SIGKILL");
    expect(await until(() => hypervisorStatus({ folder }).state === "broken", 10)).toBe(true);
    await bring();
    await kept();
  });

  it("killed, is swept up by down", async () => {
    process.kill(pidOne(paths)?.pid ?? 0, "SIGKILL");
    await hypervisorDown({ folder, progress });
    expect(await traces()).toEqual([]);
    await bring();
    await kept();
  });

  it("interrupted at any point of its start, leaves nothing", async () => {
    for (const ms of [1, 20, 60, 120, 250, 400, 700]) {
      await hypervisorDown({ folder, progress });
      const done = await bring(AbortSignal.timeout(ms)).then(
        () => true,
        () => false,
      );
      if (!done) expect(await traces(), `after ${ms} ms`).toEqual([]);
    }
    await bring();
    await kept();
  });

  it("survives the command that started it, and its terminal", async () => {
    await hypervisorDown({ folder, progress });
    const child = spawn(polder, ["lab", "up"], { detached: true, stdio: "ignore" });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(code).toBe(0);
    expect(hypervisorStatus({ folder }).state).toBe("up");
    await bring();
    await kept();
  });
});
