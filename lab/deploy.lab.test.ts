import { Resolver } from "node:dns/promises";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addressesSchema, type Blueprint, securityRules } from "../modules/blueprint/index.ts";
import { cloudsFile, type Item, type Listing, readCloud } from "../modules/openstack-api/index.ts";
import { connect } from "../stacks/cloud-objects.ts";
import { terraformEnvironment } from "../stacks/environment.ts";
import { planFolder } from "../stacks/plan.ts";
import { byHand } from "./testing/by-hand.ts";
import { deploy, polder, polderOk, type TestInstance, testInstance } from "./testing/polder.ts";

const text = (item: Item | undefined, key: string): string => String(item?.[key] ?? "");
const list = (item: Item | undefined, key: string): Item[] =>
  (item?.[key] as Item[] | undefined) ?? [];

const listing = async (blueprint: Blueprint): Promise<Listing> =>
  (await connect(blueprint)).listAll();

/** Hosts with their addresses, as the cloud's API tells them. */
function hostsInCloud(cloud: Listing) {
  return cloud.servers
    .map((server) => {
      const ports = cloud.ports.filter((port) => port["device_id"] === server["id"]);
      const own = ports.flatMap((port) =>
        list(port, "fixed_ips").map((ip) => text(ip, "ip_address")),
      );
      const floating = cloud.floatingIps
        .filter((ip) => ports.some((port) => port["id"] === ip["port_id"]))
        .map((ip) => text(ip, "floating_ip_address"));
      return {
        name: text(server, "name"),
        status: text(server, "status"),
        addresses: [...own, ...floating].sort(),
      };
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** The same, as the Blueprint decided. */
function hostsInBlueprint(blueprint: Blueprint) {
  return blueprint.hosts
    .map((host) => ({
      name: `${blueprint.instance}-${host.id}`,
      status: "ACTIVE",
      addresses: [host.ipv4, host.ipv6, host.publicAddress?.ipv4, host.publicAddress?.ipv6]
        .filter((address) => address !== undefined)
        .sort(),
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** What addresses.yaml holds, by host. */
const recorded = ({ folder }: TestInstance): Record<string, unknown> =>
  addressesSchema.parse(load(readFileSync(join(folder, "addresses.yaml"), "utf8"))).addresses;

/** Security rules as the API tells them, one line each. */
function rulesInCloud(blueprint: Blueprint, cloud: Listing): string[] {
  const name = (id: unknown) =>
    text(
      cloud.securityGroups.find((group) => group["id"] === id),
      "name",
    );
  return cloud.securityGroups
    .filter((group) => text(group, "name").startsWith(`${blueprint.instance}-`))
    .flatMap((group) =>
      list(group, "security_group_rules").map((rule) =>
        [
          text(group, "name"),
          rule["direction"],
          rule["ethertype"],
          rule["protocol"],
          rule["port_range_min"],
          rule["port_range_max"],
          rule["remote_group_id"] ? name(rule["remote_group_id"]) : rule["remote_ip_prefix"],
        ].join(" "),
      ),
    )
    .sort();
}

function rulesInBlueprint(blueprint: Blueprint): string[] {
  return securityRules(blueprint.flows)
    .map((rule) =>
      [
        `${blueprint.instance}-${rule.role}`,
        rule.direction,
        `IPv${rule.family}`,
        rule.protocol,
        ...rule.ports,
        "role" in rule.remote ? `${blueprint.instance}-${rule.remote.role}` : rule.remote.range,
      ].join(" "),
    )
    .sort();
}

let one: TestInstance;
let two: TestInstance;
let direct: TestInstance;

beforeAll(() => {
  one = testInstance("lab", "t-een");
  two = testInstance("lab-tweede", "t-twee");
  direct = testInstance("lab-direct", "t-direct");
});

afterAll(() => {
  for (const instance of [one, two, direct]) instance.forget();
});

describe("from one file to a deployed cluster", () => {
  test("the first plan is of the addresses alone, the next one of everything", async () => {
    const first = await polderOk("plan", one.folder);
    expect(first).toContain("t-een-addresses: 6 to add");
    expect(first).toContain("not yet allocated");
    await polderOk("apply", one.folder);
    expect(await polderOk("addresses", one.folder)).toMatch(/control-1\s+203\.0\.113\./);
    expect(await polderOk("plan", one.folder)).toMatch(
      /^t-een: \d+ to add, 0 to change, 0 to destroy$/m,
    );
    await polderOk("apply", one.folder);
  });

  test("planned again, there is nothing to do", async () => {
    const plan = await polderOk("plan", one.folder);
    expect(plan).toContain("t-een-addresses: no changes");
    expect(plan).toContain("t-een: no changes");
    expect(plan).not.toContain("nobody reviewed");
  });

  test("state is nobody else's to read", () => {
    const state = join(one.folder, "state");
    expect(statSync(state).mode & 0o777).toBe(0o700);
    expect(statSync(join(state, "t-een.tfstate")).mode & 0o777).toBe(0o600);
  });

  test("the cloud and the Blueprint agree on every host and address", async () => {
    const { blueprint } = one.load();
    expect(hostsInCloud(await listing(blueprint))).toEqual(hostsInBlueprint(blueprint));
  });

  test("the cloud and the Blueprint agree on every security rule", async () => {
    const { blueprint } = one.load();
    expect(rulesInCloud(blueprint, await listing(blueprint))).toEqual(rulesInBlueprint(blueprint));
  });

  test("every port has its role's group and no other", async () => {
    const { blueprint } = one.load();
    const cloud = await listing(blueprint);
    const groups = new Map(cloud.securityGroups.map((group) => [group["id"], text(group, "name")]));
    for (const host of blueprint.hosts) {
      const port = cloud.ports.find((p) => p["name"] === `t-een-${host.id}`);
      expect(((port?.["security_groups"] ?? []) as string[]).map((id) => groups.get(id))).toEqual([
        `t-een-${host.role}`,
      ]);
      expect(port?.["port_security_enabled"]).toBe(true);
    }
  });

  test("the zone holds the Blueprint's records, and its name server answers", async () => {
    const { blueprint } = one.load();
    const cloud = await listing(blueprint);
    const records = cloud.records
      .filter((record) => !["SOA", "NS"].includes(text(record, "type")))
      .map((record) => [
        record["name"],
        record["type"],
        [...(record["records"] as string[])].sort(),
      ]);
    const planned = blueprint.dns.zone ? blueprint.dns.records : [];
    expect(records.sort()).toEqual(
      planned.map((r) => [r.name, r.type, [...r.values].sort()]).sort(),
    );
    // Designate's own name server, asked as any resolver would.
    const { auth } = readCloud(cloudsFile(terraformEnvironment(blueprint)), "t-een");
    const resolver = new Resolver({ timeout: 5000, tries: 3 });
    resolver.setServers([`${new URL(auth.auth_url).hostname}:5354`]);
    const control = blueprint.hosts.find((host) => host.role === "control");
    expect(await resolver.resolve4(blueprint.domain)).toEqual([control?.publicAddress?.ipv4]);
    expect(await resolver.resolveCaa(blueprint.domain)).toEqual([
      { critical: 0, issue: "nobody.invalid" },
    ]);
    expect(await resolver.resolveMx(blueprint.domain)).toEqual([{ priority: 0, exchange: "" }]);
  });

  test("volumes hang on their hosts, hosts of a role are spread", async () => {
    const { blueprint } = one.load();
    const cloud = await listing(blueprint);
    const servers = new Map(cloud.servers.map((server) => [server["id"], text(server, "name")]));
    for (const host of blueprint.hosts) {
      for (const volume of host.volumes) {
        const found = cloud.volumes.find((v) => v["name"] === `t-een-${volume.id}`);
        expect(found?.["size"]).toBe(volume.sizeGiB);
        expect(list(found, "attachments").map((a) => servers.get(a["server_id"]))).toEqual([
          `t-een-${host.id}`,
        ]);
      }
    }
    const bridges = cloud.servers.filter((server) => text(server, "name").includes("-bridge-"));
    expect(new Set(bridges.map((server) => server["hostId"])).size).toBe(bridges.length);
  });
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
  const busier = (source: string) => source.replace(/simultaneous: \d+/, "simultaneous: 12");

  test("more demand: first the new address, then the host; no other host is touched", async () => {
    const before = one.load().blueprint.hosts;
    one.edit(busier);
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
    one.edit((source) => source.replace(/simultaneous: \d+/, "simultaneous: 2"));
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
  test("decommission asks for the name", async () => {
    const refused = await polder(["decommission", two.folder, "--confirm", "t-een"]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(
      'the instance\'s name "t-twee" is needed: nothing was destroyed',
    );
  });

  test.each(["t-een", "t-twee", "t-direct"])(
    "%s is gone: the API lists nothing of it",
    async (name) => {
      const instance = { "t-een": one, "t-twee": two, "t-direct": direct }[name] as TestInstance;
      const { blueprint } = instance.load();
      expect(await polderOk("decommission", instance.folder, "--confirm", name)).toContain(
        `${name} is gone`,
      );
      const cloud = await listing(blueprint);
      for (const [kind, items] of Object.entries(cloud)) {
        const kept = items.filter(
          (item) => !(kind === "securityGroups" && item["name"] === "default"),
        );
        const own = kept.filter((item) => !item["shared"] && !item["router:external"]);
        expect([kind, own.filter((item) => item["action"] !== "DELETE")]).toEqual([kind, []]);
      }
      expect(existsSync(join(instance.folder, "addresses.yaml"))).toBe(false);
      expect(existsSync(join(instance.folder, "state"))).toBe(false);
    },
  );
});
