import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { TOOLKIT } from "../../modules/common/toolkit/index.ts";
import { Webhook } from "../testing/cluster.ts";
import { Acceptance } from "./meeting.ts";

// A running call lives through the upgrade of every bridge and every relay. The release is the same, packed anew under
// another version, since only one can be had here; what restarts is real.

let acceptance: Acceptance;
let folder = "";
let former = "";
let webhook: Webhook;
beforeAll(async () => {
  acceptance = new Acceptance();
  const { instance: name, loaded } = acceptance;
  const on = (host: string, script: string) => acceptance.on(host, "sh", "-c", script);
  webhook = new Webhook({ name, blueprint: loaded.blueprint, on });
  await webhook.open();
  folder = mkdtempSync(join(tmpdir(), "polder-release-"));
  former = acceptance.loaded.jitsiFolder ?? "";
});
afterEach(({ task }) => acceptance.end(task.result?.state === "fail" ? task.name : undefined));
afterAll(async () => {
  await webhook.close();
  // What a test that failed left is no release any more: the next suite finds the one before.
  acceptance.polder("packages", acceptance.instance, former);
  rmSync(folder, { recursive: true, force: true });
});

/** Copies a release to a folder, with the videobridge under a newer version. */
function nextRelease(): void {
  for (const file of readdirSync(former).filter((name) => name.endsWith(".deb"))) {
    if (!file.startsWith("jitsi-videobridge2_")) {
      cpSync(join(former, file), join(folder, file));
      continue;
    }
    const unpacked = join(folder, "unpacked");
    execFileSync("dpkg-deb", ["-R", join(former, file), unpacked]);
    const control = join(unpacked, "DEBIAN/control");
    const text = readFileSync(control, "utf8");
    const version = `${/^Version: (\S+)$/m.exec(text)?.[1]}+next`;
    writeFileSync(control, text.replace(/^Version: .*$/m, `Version: ${version}`));
    mkdirSync(folder, { recursive: true });
    const to = join(folder, `jitsi-videobridge2_${version}_all.deb`);
    execFileSync("dpkg-deb", ["-Zgzip", "-z1", "--root-owner-group", "-b", unpacked, to]);
    rmSync(unpacked, { recursive: true });
  }
}

/** Runs polder. @returns its exit code and all that it prints */
function ran(...args: readonly string[]): { readonly code: number; readonly text: string } {
  try {
    return { code: 0, text: acceptance.polder(...args) };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: Buffer; stderr: Buffer };
    return { code: status, text: `${stdout}${stderr}` };
  }
}

const upgrade = (...more: readonly string[]) =>
  ran("upgrade", acceptance.instance, "--wait", "0", ...more);

describe("a running call of two browsers", () => {
  it("survives the upgrade of every bridge, of coturn and of nginx; Prosody waits for its end", async () => {
    const { moderator, guests } = await acceptance.meeting(["Kees"]);
    const everybody = [moderator, ...guests];
    nextRelease();
    acceptance.polder("packages", acceptance.instance, folder);
    // A security update of Debian's is a package that was unpacked since the service's start.
    for (const host of ["turn-1", "turn-2"])
      await acceptance.on(host, "apt-get", "install", "-qq", "-y", "--reinstall", "coturn");
    for (const name of ["nginx", "prosody"])
      await acceptance.on("control-1", "apt-get", "install", "-qq", "-y", "--reinstall", name);
    for (const person of everybody) await person.beginWatching();
    const { code, text } = upgrade();
    process.stdout.write(text);
    const still = await Promise.all(everybody.map((person) => person.longestStill()));
    for (const person of everybody)
      process.stdout.write(`${person.name}: ${JSON.stringify(await person.stills())}\n`);
    expect(text).toContain("done: handover nginx.service");
    expect(text).toMatch(/control-1 waits: 1 of its meetings go on/);
    expect(code).toBe(1);
    expect(Math.max(...still)).toBeLessThan(10_000);
    expect(everybody.map(({ loads }) => loads)).toEqual([1, 1]);
    for (const id of ["bridge-1", "bridge-2"])
      expect(
        await acceptance.on(
          id,
          "sh",
          "-c",
          "cat /proc/$(systemctl show -P MainPID polder-videobridge)/cmdline",
        ),
      ).toContain("+next");
    await acceptance.end();
    expect(upgrade("--wait", "3")).toMatchObject({ code: 0 });
    // Every rendered file holds after the packages' upgrade, no anchor came with it, and nothing listens that is no flow.
    expect(ran("converge", acceptance.instance, "--check")).toMatchObject({ code: 0 });
    // Units that had nobody to bring their alarms to, until this suite began, have failed until their next minute.
    const alarms = ["polder-heartbeat.service", "polder-alarm.service"];
    await acceptance.on("monitor-1", "systemctl", "start", ...alarms);
    const probed = ran("probe", "ports,drift", acceptance.instance, "--no-alarm");
    expect(probed, probed.text).toMatchObject({ code: 0 });
  });

  it("survives the way back, too", async () => {
    const { moderator, guests } = await acceptance.meeting(["Kees"]);
    const everybody = [moderator, ...guests];
    acceptance.polder("packages", acceptance.instance, former);
    for (const person of everybody) await person.beginWatching();
    expect(upgrade()).toMatchObject({ code: 0 });
    for (const person of everybody) {
      process.stdout.write(`${person.name}: ${JSON.stringify(await person.stills())}\n`);
      expect(await person.longestStill()).toBeLessThan(10_000);
      expect(person.loads).toBe(1);
    }
  });

  it("goes on while an upgrade is interrupted, which takes back what it began", async () => {
    const { moderator, guests } = await acceptance.meeting(["Kees"]);
    const everybody = [moderator, ...guests];
    nextRelease();
    acceptance.polder("packages", acceptance.instance, folder);
    for (const person of everybody) await person.beginWatching();
    const begun = spawn(
      join(TOOLKIT, "cli/polder"),
      ["upgrade", acceptance.instance, "--wait", "0"],
      {
        cwd: TOOLKIT,
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    const ended = once(begun, "close");
    let text = "";
    for await (const chunk of begun.stderr) {
      text += chunk;
      if (/takes nobody new/.test(text)) begun.kill("SIGINT");
    }
    const [code] = await ended;
    expect(text).toContain("bridge-1: takes people again");
    expect(text).toContain("interrupted: run it again to go on");
    expect(code).toBe(3);
    expect(await acceptance.drained()).toEqual([]);
    for (const person of everybody) expect(await person.longestStill()).toBeLessThan(10_000);
    expect(everybody.map(({ loads }) => loads)).toEqual([1, 1]);
  });

  it("ends where --cut allows that, and everybody comes in again", async () => {
    const { moderator, guests } = await acceptance.meeting(["Kees"]);
    const everybody = [moderator, ...guests];
    await acceptance.on("control-1", "apt-get", "install", "-qq", "-y", "--reinstall", "prosody");
    const { code, text } = upgrade("--cut");
    expect(text).toContain("done: restart prosody.service");
    expect(code).toBe(0);
    for (const person of everybody) await person.loadedAgain();
    await acceptance.comeAgain(moderator, guests);
  });
});
