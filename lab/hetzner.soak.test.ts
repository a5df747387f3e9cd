// The real provider against the stand-in of Hetzner's API. Needs Terraform, loopback
// and a root of Debian 13; not the lab.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KINDS } from "../modules/clouds/hetzner-api/index.ts";
import { TOOLKIT } from "../modules/common/toolkit/index.ts";
import { HetznerProjects } from "./testing/hetzner-projects.ts";
import { polder, program, type TestInstance, testInstance } from "./testing/polder.ts";
import { validatorRoot } from "./testing/validator-root.ts";

const hetzner = new HetznerProjects();
beforeAll(() => hetzner.start());
afterAll(() => hetzner.close());

describe("polder on Hetzner Cloud", () => {
  let instance: TestInstance;
  beforeAll(() => {
    instance = testInstance("eea-voorbeeld", "t-hetzner");
  });
  afterAll(() => instance.forget());
  const run = (...args: string[]) => hetzner.polderOk("p", ...args);

  test("plan, apply, addresses, plan, apply", async () => {
    for (const step of ["plan", "apply", "addresses", "plan", "apply"])
      await run(step, instance.folder);
    const { hosts, cloud } = instance.load().blueprint;
    const servers = await hetzner.api("p").list("servers");
    // biome-ignore lint/suspicious/noExplicitAny: the API's own shape
    const byName = new Map(servers.map((one: any) => [one.name, one]));
    expect([...byName.keys()].sort()).toEqual(hosts.map((h) => `t-hetzner-${h.id}`).sort());
    for (const host of hosts) {
      const one = byName.get(`t-hetzner-${host.id}`);
      expect(one.private_net.map((net: { ip: string }) => net.ip)).toEqual([host.ipv4]);
      expect(one.public_net.ipv4?.ip).toBe(host.publicAddress?.ipv4);
      expect(one.public_net.firewalls).toHaveLength(host.exposure.addressed ? 1 : 0);
      expect(one.location.name).toBe(cloud.provider === "hetzner" ? cloud.site : "");
      expect(one.protection).toEqual({ delete: host.protected, rebuild: host.protected });
    }
  });

  test("planned again, there is nothing to do, and every rule passes; a stand-in is told as one", async () => {
    const plan = await run("plan", instance.folder);
    expect(plan).toContain("t-hetzner-addresses: no changes");
    expect(plan).toContain("t-hetzner: no changes");
    expect(plan).toMatch(/policy: \d+ pass, 0 fail, 0 not-tested, 0 waived/);
    expect(plan).toMatch(/cloud-is-no-stand-in .* a stand-in on this machine, not Hetzner/);
  });

  test("after a restart of the stand-in, too", async () => {
    await hetzner.restart();
    expect(await run("plan", instance.folder)).toContain("t-hetzner: no changes");
  });

  test("the token is in no file of the instance and none of what was built", async () => {
    const found = await program("grep", [
      "-rlF",
      "p".repeat(64),
      instance.folder,
      join(TOOLKIT, "build/instances/t-hetzner"),
    ]);
    expect(found.stdout).toBe("");
  });

  test("what was made by hand is named", async () => {
    const { endpoint } = hetzner;
    await fetch(`${endpoint}/firewalls`, {
      method: "POST",
      headers: { authorization: `Bearer ${"p".repeat(64)}` },
      body: JSON.stringify({ name: "t-hetzner-hole" }),
    });
    const ran = await polder(["plan", instance.folder], { env: hetzner.environment("p") });
    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(
      /cloud-holds-nothing-else +firewalls t-hetzner-hole: .*hcloud firewall delete \d+/,
    );
    const [hole] = (await hetzner.api("p").list("firewalls")).filter(
      (f) => f["name"] === "t-hetzner-hole",
    );
    await fetch(`${endpoint}/firewalls/${hole?.["id"]}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${"p".repeat(64)}` },
    });
  });

  test("another API than the record's is refused before anything is asked", async () => {
    const ran = await polder(["plan", instance.folder], {
      env: { ...hetzner.environment("p"), HCLOUD_ENDPOINT: "https://api.elsewhere.example/v1" },
    });
    expect([ran.code, ran.stderr]).toEqual([
      2,
      expect.stringMatching(/api\.elsewhere\.example is none of the names that hetzner-fsn1/),
    ]);
  });

  test("no token: one line that says where to get one", async () => {
    const ran = await polder(["plan", instance.folder], { env: { HCLOUD_TOKEN: "" } });
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringMatching(/HCLOUD_TOKEN: not set/)]);
  });

  test("server types are those of the site", async () => {
    const types = await hetzner.api("p").serverTypes("fsn1");
    expect(types.find(({ name }) => name === "ccx13")).toEqual({
      name: "ccx13",
      vcpus: 2,
      ramMiB: 8192,
    });
    expect(await hetzner.api("p").serverTypes("ash")).toEqual([]);
  });

  test("a TXT record for an order of certificates comes and goes", async () => {
    const zone = "t-hetzner.vergaderen.example.";
    const name = `_acme-challenge.${zone}`;
    await hetzner.api("p").addText(zone, name, "one");
    const remove = await hetzner.api("p").addText(zone, name, "two");
    const sets = async () =>
      (
        (await (
          await fetch(`${hetzner.endpoint}/zones/${zone.slice(0, -1)}/rrsets?type=TXT`, {
            headers: { authorization: `Bearer ${"p".repeat(64)}` },
          })
        ).json()) as { rrsets: { name: string; records: { value: string }[] }[] }
      ).rrsets.filter((set) => set.name === "_acme-challenge");
    expect((await sets()).map((set) => set.records)).toEqual([[{ value: '"two"' }]]);
    await remove();
    expect(await sets()).toEqual([]);
  });

  test("decommission lifts both protections and leaves nothing", async () => {
    const ended = await run("decommission", instance.folder, "--confirm", "t-hetzner");
    expect(ended).toContain("t-hetzner is gone: the cloud's API lists nothing of it");
    for (const kind of KINDS) expect(await hetzner.api("p").list(kind)).toEqual([]);
    expect(existsSync(join(instance.folder, "addresses.yaml"))).toBe(false);
  });
});

test("PyPI's hcloud creates, lists, changes and deletes through the stand-in", async () => {
  const ran = await program(
    join(TOOLKIT, "build/venv/bin/python"),
    ["lab/testing/hcloud-client.py"],
    {
      env: hetzner.environment("h"),
    },
  );
  expect([ran.code, ran.stdout, ran.stderr]).toEqual([0, "all done\n", ""]);
});

test("Debian's hcloud, Hetzner's own command, creates, lists, changes and deletes through the stand-in", async () => {
  const script = readFileSync(join(TOOLKIT, "lab/testing/hcloud-command.sh"), "utf8");
  const ran = await program("chroot", [await validatorRoot(), "bash", "-c", script], {
    env: { ...hetzner.environment("g"), HOME: "/tmp" },
  });
  expect([ran.code, ran.stdout, ran.stderr]).toEqual([0, "all done\n", ""]);
});
