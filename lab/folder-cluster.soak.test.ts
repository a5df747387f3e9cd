// A cluster at a site without internet: its packages come from a folder that `polder mirror` filled, and the lab's
// proxy, which other instances fetch theirs from, stands still meanwhile.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../modules/common/findings/index.ts";
import { buildFolder } from "../modules/common/toolkit/index.ts";
import { defaultFolder } from "./cloud/index.ts";
import { awaitRunning, inHost } from "./hypervisor/index.ts";
import { Webhook } from "./testing/cluster.ts";
import { machineMirror } from "./testing/machine-mirror.ts";
import { addPerson, type Person } from "./testing/person.ts";
import { deploy, polder, polderWith, type TestInstance, testInstance } from "./testing/polder.ts";

const NAME = "t-folder";
const lab = defaultFolder();
const folder = mkdtempSync(join(tmpdir(), "polder-mirror-"));
/** A folder with the packages of one release of Jitsi, as for `make lab`; without it, stand-ins run. */
const JITSI = process.env["PACKAGES"];
let instance: TestInstance;
let person: Person;

const run = (...args: string[]) =>
  polder([...args.slice(0, 1), instance.folder, ...args.slice(1)], { env: person });
const on = async (host: string, script: string) => {
  const ran = await inHost(lab, `${NAME}-${host}`, ["sh", "-ec", script]);
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  return ran.stdout;
};
const hosts = () => instance.load().blueprint.hosts.map(({ id }) => id);

/** The lab's package proxy: every process that runs with its configuration. */
function proxies(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return /^apt-cacher-ng\0-c\0\/etc\/lab-proxy\0/.test(
          readFileSync(`/proc/${pid}/cmdline`, "utf8"),
        );
      } catch {
        return false; // It has ended meanwhile.
      }
    })
    .map(Number);
}
let stopped: number[] = [];

const webhook = new Webhook({
  name: NAME,
  get blueprint() {
    return instance.load().blueprint;
  },
  on,
});

beforeAll(async () => {
  instance = testInstance("lab", NAME);
  instance.edit((text) =>
    text.replace(/^packages: .*$/m, `packages: { source: folder, folder: ${folder} }`),
  );
  person = await addPerson(instance, "testbeheer");
  const release = mkdtempSync(join(tmpdir(), "polder-release-"));
  if (JITSI) {
    cpSync(JITSI, release, { recursive: true });
    await polderWith(["packages", instance.folder, release]);
  }
  await polderWith(["mirror", folder, instance.folder, "--from", machineMirror()]);
  // What the mirror doesn't hold is nowhere from here on.
  rmSync(release, { recursive: true });
  await polderWith(["mirror", "--verify", folder, instance.folder]);
  stopped = proxies();
  for (const pid of stopped) process.kill(pid, "SIGSTOP");
  await deploy(instance);
  await webhook.open();
  await awaitRunning(
    lab,
    hosts().map((id) => `${NAME}-${id}`),
    120,
  );
});
afterAll(async () => {
  await webhook.close();
  for (const pid of stopped) process.kill(pid, "SIGCONT");
  await polder(["decommission", instance.folder, "--confirm", NAME, "--logs", "destroyed"]);
  instance.forget();
  rmSync(folder, { recursive: true });
});

describe("a cluster whose packages come from a folder", () => {
  it("converges with the proxy off, and then there is nothing to do", async () => {
    expect(stopped.length).toBeGreaterThan(0);
    const first = await run("converge", "--restart");
    expect([first.code, first.stdout + first.stderr]).toEqual([
      0,
      expect.stringMatching(/7 hosts: 7 changed/),
    ]);
    const again = await run("converge");
    expect([again.code, again.stdout]).toEqual([0, expect.stringMatching(/7 unchanged/)]);
  });

  it("has each package of its hosts from there, and every host reads its lists by itself", async () => {
    for (const host of hosts()) {
      const uris = await on(
        host,
        "apt-get update >/dev/null; apt-get indextargets --format '$(URI)'",
      );
      const foreign = uris
        .split("\n")
        .filter((uri) => uri && !uri.startsWith("file:/var/lib/polder-packages/"));
      expect(foreign, host).toEqual([]);
    }
  });

  it("takes the night's security updates without any way out", async () => {
    expect(await on("edge-1", "unattended-upgrade -v")).toMatch(
      /No packages found that can be upgraded|All upgrades installed/,
    );
  });

  it.skipIf(!JITSI)("[jitsi-mirror] runs Jitsi from there", async () => {
    const kept = readdirSync(join(folder, "jitsi")).filter((name) => name.endsWith(".deb"));
    expect(kept).toHaveLength(4);
    for (const [host, unit] of [
      ["bridge-1", "polder-videobridge"],
      ["control-1", "polder-jicofo"],
    ] as const)
      expect(await on(host, `systemctl is-active ${unit}; pgrep -c java`)).toMatch(/^active\n1/);
  });

  it("withstands every probe", async () => {
    const ran = await polder(["probe", "all", instance.folder, "--no-alarm"], { env: person });
    const file = join(buildFolder(NAME), "probe/findings.json");
    const findings = JSON.parse(readFileSync(file, "utf8")) as Finding[];
    const red = findings.filter(({ verdict }) => verdict !== "pass");
    expect(red.map(({ id, subject, message }) => `${id} ${subject}: ${message}`)).toEqual([]);
    expect([ran.code, findings.length > 100]).toEqual([0, true]);
  });
});
