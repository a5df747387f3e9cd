import { Resolver } from "node:dns/promises";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { testbed } from "../../cli/testbed.ts";
import { cloudsFile, readCloud } from "../../modules/clouds/openstack-api/index.ts";
import { buildFolder } from "../../modules/common/toolkit/index.ts";
import { terraformEnvironment } from "../../modules/operations/plan/index.ts";
import { Api } from "../cloud/api.ts";
import { type Canary, canariesBelow, canariesIn, watchProcesses } from "../testing/canary.ts";
import { cluster } from "../testing/cluster.ts";
import {
  hostsInBlueprint,
  hostsInCloud,
  leftInCloud,
  list,
  listing,
  rulesInBlueprint,
  rulesInCloud,
  text,
} from "../testing/in-cloud.ts";
import { polder, polderOk } from "../testing/polder.ts";

const planted: Canary = { name: "planted value", value: "canary-7Qx2-planted-w9Kd4Lz8-value" };

/** What must not turn up: a value of the environment, and the credential that the cloud is asked with. */
function canaries(): Canary[] {
  const { auth } = readCloud(
    cloudsFile(terraformEnvironment(testbed, cluster.blueprint)),
    cluster.name,
  );
  return [planted, { name: "cloud credential", value: auth.password ?? "" }];
}

/** Brings the cluster up by the commands of docs/deploy.md, and compares the cloud with the Blueprint. */
export function deployTests(): void {
  describe("from one file to a deployed cluster", () => {
    let printed: string[];
    let watch: ReturnType<typeof watchProcesses>;

    beforeAll(async () => {
      printed = await cluster.bringUp({
        env: { CANARY: planted.value, TF_VAR_canary: planted.value },
        onStart: () => {
          watch ??= watchProcesses(canaries());
        },
      });
    });

    test("the first plan is of the addresses alone, the next one of everything", () => {
      const [first, , addresses, second] = printed;
      expect(first).toContain(`${cluster.name}-addresses: 6 to add`);
      expect(first).toContain("not yet allocated");
      expect(addresses).toMatch(/control-1\s+203\.0\.113\./);
      expect(second).toMatch(
        new RegExp(`^${cluster.name}: \\d+ to add, 0 to change, 0 to destroy$`, "m"),
      );
    });

    test("no secret is in JSON, plan, state, output or arguments of the whole deployment", () => {
      const looks = watch.looks();
      expect(watch.stop()).toEqual([]);
      expect(looks).toBeGreaterThan(20);
      expect(canariesIn(Buffer.from(printed.join("")), canaries())).toEqual([]);
      expect(canariesBelow(buildFolder(cluster.name), canaries())).toEqual([]);
      expect(canariesBelow(join(cluster.instance.folder, "state"), canaries())).toEqual([]);
    });

    test("nor in the user_data that the cloud keeps, which only its administrator sees", async () => {
      const { auth } = readCloud(
        cloudsFile(terraformEnvironment(testbed, cluster.blueprint)),
        "lab-admin",
      );
      const admin = await Api.open({
        host: new URL(auth.auth_url).hostname,
        user: auth.username ?? "",
        password: auth.password ?? "",
        project: auth.project_name ?? "",
      });
      const answer = await admin.call(
        ...(["compute", "GET", "/servers/detail?all_tenants=1", undefined] as const),
        { "openstack-api-version": "compute 2.79" },
      );
      const { servers } = JSON.parse(answer.text) as { servers: Record<string, string>[] };
      const own = servers.filter((server) => server["name"]?.startsWith(`${cluster.name}-`));
      expect(own.length).toBe(cluster.hosts.length);
      for (const server of own) {
        const data = Buffer.from(server["OS-EXT-SRV-ATTR:user_data"] ?? "", "base64");
        expect(data.toString()).toMatch(/^#cloud-config\n/);
        expect(canariesIn(data, canaries())).toEqual([]);
      }
    });

    test("planned again, there is nothing to do", async () => {
      const plan = await polderOk("plan", cluster.instance.folder);
      expect(plan).toContain(`${cluster.name}-addresses: no changes`);
      expect(plan).toContain(`${cluster.name}: no changes`);
      expect(plan).not.toContain("nobody reviewed");
    });

    test("state is nobody else's to read", () => {
      const state = join(cluster.instance.folder, "state");
      expect(statSync(state).mode & 0o777).toBe(0o700);
      expect(statSync(join(state, `${cluster.name}.tfstate`)).mode & 0o777).toBe(0o600);
    });

    test("the cloud and the Blueprint agree on every host and address", async () => {
      const { blueprint } = cluster;
      expect(hostsInCloud(await listing(blueprint))).toEqual(hostsInBlueprint(blueprint));
    });

    test("the cloud and the Blueprint agree on every security rule", async () => {
      const { blueprint } = cluster;
      expect(rulesInCloud(blueprint, await listing(blueprint))).toEqual(
        rulesInBlueprint(blueprint),
      );
    });

    test("every port has its role's group and no other", async () => {
      const { blueprint } = cluster;
      const cloud = await listing(blueprint);
      const groups = new Map(
        cloud.securityGroups.map((group) => [group["id"], text(group, "name")]),
      );
      for (const host of blueprint.hosts) {
        const port = cloud.ports.find((p) => p["name"] === `${cluster.name}-${host.id}`);
        expect(((port?.["security_groups"] ?? []) as string[]).map((id) => groups.get(id))).toEqual(
          [`${cluster.name}-${host.role}`],
        );
        expect(port?.["port_security_enabled"]).toBe(true);
      }
    });

    test("the zone holds the Blueprint's records, and its name server answers", async () => {
      const { blueprint } = cluster;
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
      const { auth } = readCloud(
        cloudsFile(terraformEnvironment(testbed, blueprint)),
        cluster.name,
      );
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
      const { blueprint } = cluster;
      const cloud = await listing(blueprint);
      const servers = new Map(cloud.servers.map((server) => [server["id"], text(server, "name")]));
      for (const host of blueprint.hosts) {
        for (const volume of host.volumes) {
          const found = cloud.volumes.find((v) => v["name"] === `${cluster.name}-${volume.id}`);
          expect(found?.["size"]).toBe(volume.sizeGiB);
          expect(list(found, "attachments").map((a) => servers.get(a["server_id"]))).toEqual([
            `${cluster.name}-${host.id}`,
          ]);
        }
      }
      const bridges = cloud.servers.filter((server) => text(server, "name").includes("-bridge-"));
      expect(new Set(bridges.map((server) => server["hostId"])).size).toBe(bridges.length);
    });
  });
}

/** Takes it down. */
export function endTests(): void {
  describe("the end", () => {
    test("decommission asks for the name", async () => {
      const refused = await polder(["decommission", cluster.instance.folder, "--confirm", "lab"]);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain(
        `the instance's name "${cluster.name}" is needed: nothing was destroyed`,
      );
    });

    test("it is gone: the API lists nothing of it, and its record holds no secret", async () => {
      const { blueprint } = cluster;
      const { code, stdout, stderr } = await cluster.decommission();
      expect([code, stdout], stderr).toEqual([
        0,
        expect.stringContaining(`${cluster.name} is gone`),
      ]);
      for (const [kind, items] of await leftInCloud(blueprint))
        expect([kind, items]).toEqual([kind, []]);
      const { folder } = cluster.instance;
      expect(existsSync(join(folder, "addresses.yaml"))).toBe(false);
      expect(existsSync(join(folder, "state"))).toBe(false);
      expect(canariesBelow(folder, canaries())).toEqual([]);
    });
  });
}
