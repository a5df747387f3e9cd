// The cluster of instances/lab-hetzner in the lab: deployed to the stand-in of Hetzner's API by the
// real provider, booted, converged and attacked.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../modules/common/findings/index.ts";
import { buildFolder } from "../modules/common/toolkit/index.ts";
import { defaultFolder } from "./cloud/index.ts";
import { awaitRunning, edgeCounters, inHost, inInternet } from "./hypervisor/index.ts";
import { Webhook } from "./testing/cluster.ts";
import { addPerson, type Person } from "./testing/person.ts";
import { deploy, polder, type TestInstance, testInstance } from "./testing/polder.ts";

const NAME = "t-hz-cluster";
const lab = defaultFolder();
let instance: TestInstance;
let person: Person;

const run = (...args: string[]) =>
  polder([...args.slice(0, 1), instance.folder, ...args.slice(1)], { env: person });
const on = async (host: string, script: string) => {
  const ran = await inHost(lab, `${NAME}-${host}`, ["sh", "-ec", script]);
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  return ran.stdout;
};
const hostOf = (id: string) => instance.load().blueprint.hosts.find((host) => host.id === id);

/** What hosts of the instance began to send beyond the edge, or tried to. */
async function calls() {
  const own = instance
    .load()
    .blueprint.hosts.flatMap(({ publicAddress }) => [publicAddress?.ipv4, publicAddress?.ipv6]);
  const { refused, internet } = await edgeCounters(lab);
  return [...refused, ...internet].filter(({ from }) => own.includes(from));
}

/** Somebody takes its alarms. */
const webhook = new Webhook({
  name: NAME,
  get blueprint() {
    return instance.load().blueprint;
  },
  on: (host, script) => on(host, script),
});

beforeAll(async () => {
  instance = testInstance("lab-hetzner", NAME);
  person = await addPerson(instance, "testbeheer");
  await deploy(instance);
  await webhook.open();
  const names = instance.load().blueprint.hosts.map(({ id }) => `${NAME}-${id}`);
  await awaitRunning(lab, names, 120);
});
afterAll(async () => {
  await webhook.close();
  await polder(["decommission", instance.folder, "--confirm", NAME, "--logs", "destroyed"]);
  instance.forget();
});

describe("a cluster on Hetzner Cloud, as the lab plays it", () => {
  it("converges, and then there is nothing to do", async () => {
    const first = await run("converge", "--restart");
    expect([first.code, first.stdout]).toEqual([0, expect.stringMatching(/7 hosts: 7 changed/)]);
    const again = await run("converge");
    expect([again.code, again.stdout]).toEqual([0, expect.stringMatching(/7 unchanged/)]);
    for (const [host, folder] of [
      ["control-1", "/srv/data"],
      ["monitor-1", "/srv/logs"],
    ] as const)
      expect((await on(host, `findmnt -no TARGET ${folder}`)).trim()).toBe(folder);
  });

  it("withstands every probe, and no host calls anybody meanwhile", async () => {
    const before = await calls();
    const ran = await polder(["probe", "all", instance.folder, "--no-alarm"], { env: person });
    const file = join(buildFolder(NAME), "probe/findings.json");
    const findings = JSON.parse(readFileSync(file, "utf8")) as Finding[];
    const red = findings.filter(({ verdict }) => verdict !== "pass");
    expect(red.map(({ id, subject, message }) => `${id} ${subject}: ${message}`)).toEqual([]);
    expect([ran.code, findings.length > 100]).toEqual([0, true]);
    // The monitor has an address, so it is scanned like all others.
    expect(findings.map(({ id, subject }) => `${id} ${subject}`)).toContain("ports-tcp monitor-1");
    expect(await calls()).toEqual(before);
  });

  it("rests inside its network on the hosts' own filters; outside the cloud's hold, too", async () => {
    const listen = "systemd-run --quiet --unit=listener python3 -m http.server 9999";
    await on("bridge-1", `${listen}; until ss -Hltn | grep -q :9999; do sleep 0.1; done`);
    const knock = (address: string | undefined) => [
      "python3",
      "-c",
      "import socket, sys; socket.create_connection((sys.argv[1], 9999), 2)",
      address ?? "",
    ];
    const bridge = hostOf("bridge-1");
    const inside = async () =>
      (await inHost(lab, `${NAME}-turn-1`, knock(bridge?.ipv4))).code === 0;
    const outside = async () =>
      (await inInternet(lab, knock(bridge?.publicAddress?.ipv4))).code === 0;
    await on("turn-1", "nft flush ruleset");
    // A host that was taken over: the other's filter holds, and nothing else does.
    expect([await inside(), await outside()]).toEqual([false, false]);
    await on("bridge-1", "nft flush ruleset");
    expect([await inside(), await outside()]).toEqual([true, false]);
    await on("bridge-1", "systemctl stop listener");
    for (const host of ["turn-1", "bridge-1"]) await on(host, "systemctl reload nftables");
    expect((await run("converge", "--check")).code).toBe(0);
  });
});
