import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planFolder } from "../modules/operations/plan/index.ts";
import { addressesSchema } from "../modules/planning/blueprint/index.ts";
import { byHand } from "./testing/by-hand.ts";
import {
  hostsInBlueprint,
  hostsInCloud,
  leftInCloud,
  list,
  listing,
  rulesInBlueprint,
  rulesInCloud,
  text,
} from "./testing/in-cloud.ts";
import { deploy, polder, polderOk, type TestInstance, testInstance } from "./testing/polder.ts";

/** What addresses.yaml holds, by host. */
const recorded = ({ folder }: TestInstance): Record<string, unknown> =>
  addressesSchema.parse(load(readFileSync(join(folder, "addresses.yaml"), "utf8"))).addresses;

let one: TestInstance;
let two: TestInstance;
let direct: TestInstance;

beforeAll(async () => {
  one = testInstance("lab", "t-een");
  two = testInstance("lab-tweede", "t-twee");
  direct = testInstance("lab-direct", "t-direct");
  await deploy(one);
});

afterAll(() => {
  for (const instance of [one, two, direct]) instance.forget();
});

describe("two side by side, and the other kind of address", () => {
  test("a second instance stands beside the first, in its own project", async () => {
    await deploy(two);
    const { blueprint } = two.load();
    const cloud = await listing(blueprint);
    expect(hostsInCloud(cloud)).toEqual(hostsInBlueprint(blueprint));
    expect(JSON.stringify(cloud)).not.toContain("t-een");
  });

  test("direct addresses: ports of the public network, IPv4 and IPv6, guarded by the role's group", async () => {
    await deploy(direct);
    const { blueprint } = direct.load();
    const cloud = await listing(blueprint);
    expect(hostsInCloud(cloud)).toEqual(hostsInBlueprint(blueprint));
    expect(rulesInCloud(blueprint, cloud)).toEqual(rulesInBlueprint(blueprint));
    const groups = new Map(cloud.securityGroups.map((group) => [group["id"], text(group, "name")]));
    for (const host of blueprint.hosts.filter((h) => h.publicAddress)) {
      expect(host.publicAddress?.ipv6).toMatch(/^2001:db8:/);
      const port = cloud.ports.find((p) => p["id"] === host.publicAddress?.id);
      expect(((port?.["security_groups"] ?? []) as string[]).map((id) => groups.get(id))).toEqual([
        `t-direct-${host.role}`,
      ]);
    }
    const again = await polderOk("plan", direct.folder);
    expect(again).toContain("t-direct-addresses: no changes");
    expect(again).toContain("t-direct: no changes");
  });
});

describe("change", () => {
  const meetings = (count: number) =>
    one.edit((source) => source.replace(/simultaneous: \d+/, `simultaneous: ${count}`));
  const bridges = () => one.load().blueprint.hosts.filter(({ role }) => role === "bridge");

  /** Asks for as much as takes four bridges of the size that is there: one that changed its size would restart. */
  function askForFourBridges(): void {
    const sizes = new Set(bridges().map(({ flavour }) => flavour));
    const isMeant = () =>
      bridges().length === 4 && bridges().every((one) => sizes.has(one.flavour));
    for (let count = 3; !isMeant(); count++) {
      if (count > 40) throw new Error("no demand takes four bridges of the size that is there");
      meetings(count);
    }
  }

  test("more demand: first the new address, then the host; no other host is touched", async () => {
    const before = one.load().blueprint.hosts;
    askForFourBridges();
    const grown = one.load().blueprint;
    const added = grown.hosts.filter((host) => !before.some((old) => old.id === host.id));
    expect(added.map((host) => host.role)).toContain("bridge");
    expect(await polderOk("plan", one.folder)).toMatch(
      /t-een-addresses: [1-9]\d* to add, 0 to change, 0 to destroy/,
    );
    await polderOk("apply", one.folder);
    await polderOk("addresses", one.folder);
    const plan = await polderOk("plan", one.folder);
    expect(plan).toContain("t-een: ");
    const json = JSON.parse(readFileSync(join(planFolder("t-een"), "t-een.json"), "utf8")) as {
      resource_changes: { address: string; type: string; change: { actions: string[] } }[];
    };
    const servers = json.resource_changes.filter((c) => c.type === "openstack_compute_instance_v2");
    const touched = servers
      .filter((c) => c.change.actions.join() !== "no-op")
      .map((c) => c.address);
    expect(touched).toHaveLength(added.length);
    // Four bridges on three machines: only the placement group changes from hard to soft.
    const destroyed = json.resource_changes.filter((c) => c.change.actions.includes("delete"));
    expect(destroyed.map((c) => c.address)).toEqual([
      "openstack_compute_servergroup_v2.placement-bridge",
    ]);
    await polderOk("apply", one.folder);
    const { blueprint } = one.load();
    expect(hostsInCloud(await listing(blueprint))).toEqual(hostsInBlueprint(blueprint));
  });

  test("less demand: hosts and their addresses are given back, the others stay", async () => {
    const volume = one
      .load()
      .blueprint.hosts.flatMap((host) => host.volumes)
      .find((v) => v.id === "monitor-1-logs");
    meetings(2);
    const shrunk = await polder(["plan", one.folder]);
    expect([shrunk.code, shrunk.stdout]).toEqual([
      1,
      expect.stringContaining("no volume can shrink"),
    ]);
    one.edit((source) => `${source}\nretention: { logVolumeGiB: ${volume?.sizeGiB} }\n`);
    const { blueprint } = one.load();
    const before = Object.keys(recorded(one));
    const gone = before.filter((id) => !blueprint.hosts.some((host) => host.id === id));
    const plan = await polderOk("plan", one.folder);
    expect(plan).toMatch(/^t-een: \d+ to add, \d+ to change, [1-9]\d* to destroy$/m);
    for (const id of gone) {
      expect(plan).toMatch(new RegExp(`^ +DESTROY +host +${id} `, "m"));
      expect(plan).toMatch(new RegExp(`^ +DESTROY +public address +${id} +203\\.0\\.113\\.`, "m"));
      expect(plan).toMatch(new RegExp(`^ +${id} +the calls on it are cut`, "m"));
    }
    const unnamed = await polder(["apply", one.folder]);
    expect([unnamed.code, unnamed.stderr]).toEqual([
      2,
      expect.stringContaining(`--destroys ${gone.join(",")}`),
    ]);
    await polderOk("apply", one.folder, "--destroys", gone.join(","));
    await polderOk("addresses", one.folder);
    expect(hostsInCloud(await listing(blueprint))).toEqual(hostsInBlueprint(blueprint));
    expect(await polderOk("plan", one.folder)).toContain("t-een: no changes");
  });

  test("what was changed by hand in the cloud is planned back", async () => {
    const { blueprint } = one.load();
    const group = (await listing(blueprint)).securityGroups.find(
      (g) => g["name"] === "t-een-bridge",
    );
    const rule = list(group, "security_group_rules").find((r) => r["port_range_min"] === 10000);
    const api = await byHand(blueprint);
    await api.ask("network", "DELETE", `/v2.0/security-group-rules/${text(rule, "id")}`);
    expect(await polderOk("plan", one.folder)).toMatch(
      /^t-een: 1 to add, 0 to change, 0 to destroy$/m,
    );
    await polderOk("apply", one.folder);
    expect(rulesInCloud(blueprint, await listing(blueprint))).toEqual(rulesInBlueprint(blueprint));
  });
});

describe("the end", () => {
  test.each(["t-een", "t-twee", "t-direct"])(
    "%s is gone: the API lists nothing of it",
    async (name) => {
      const instance = { "t-een": one, "t-twee": two, "t-direct": direct }[name] as TestInstance;
      const { blueprint } = instance.load();
      expect(await polderOk("decommission", instance.folder, "--confirm", name)).toContain(
        `${name} is gone`,
      );
      for (const [kind, items] of await leftInCloud(blueprint))
        expect([kind, items]).toEqual([kind, []]);
      expect(existsSync(join(instance.folder, "addresses.yaml"))).toBe(false);
      expect(existsSync(join(instance.folder, "state"))).toBe(false);
    },
  );
});
