import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type StandIn, start } from "../../../lab/hetzner/index.ts";
import { example } from "../../../lab/testing/examples.ts";
import { testbedDown } from "../../common/testbed/testing.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import { asInput } from "../../policy/testing.ts";
import { cloudOf } from "../known-clouds/index.ts";

const { blueprint } = asInput(example("eea-voorbeeld"));
const cloud = cloudOf(blueprint, testbedDown);
const token = "z".repeat(64);
const folder = mkdtempSync(join(tmpdir(), "polder-cloud-"));
let standIn: StandIn;

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
async function send(path: string, body: object): Promise<any> {
  const response = await fetch(`${standIn.endpoint}/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(201);
  return response.json();
}

beforeAll(async () => {
  standIn = await start({ folder, pace: { create: 0, other: 0 } });
  vi.stubEnv("HCLOUD_TOKEN", token);
  vi.stubEnv("HCLOUD_ENDPOINT", standIn.endpoint);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await standIn.close();
  rmSync(folder, { recursive: true });
});

describe("what an interrupted run was creating", () => {
  const status = (type: string, id: unknown) => {
    const names = cloud.statusNames[type];
    if (!names) throw new Error(`${type} is never kept`);
    return cloud.statusOf(blueprint, names.kind, String(id));
  };
  const whole = async (type: string, id: unknown): Promise<boolean> =>
    cloud.statusNames[type]?.ready.includes((await status(type, id)) ?? "gone") ?? false;

  test("is whole when the cloud says so, by what each kind says of itself", async () => {
    const subnets = [{ type: "cloud", ip_range: "10.1.0.0/24", network_zone: "eu-central" }];
    const { network } = await send("networks", { name: "n", ip_range: "10.1.0.0/16", subnets });
    const { server } = await send("servers", {
      name: "s",
      server_type: "ccx13",
      image: "debian-13",
      location: "fsn1",
    });
    const { volume } = await send("volumes", { name: "v", size: 10, location: "fsn1" });
    const { zone } = await send("zones", { name: "kept.example", mode: "primary" });
    expect(await whole("hcloud_network", network.id)).toBe(true);
    expect(await whole("hcloud_network_subnet", `${network.id}-10.1.0.0/24`)).toBe(true);
    expect(await whole("hcloud_network_subnet", `${network.id}-10.1.1.0/24`)).toBe(false);
    expect(await whole("hcloud_network_subnet", "nonsense")).toBe(false);
    expect(await whole("hcloud_server", server.id)).toBe(true);
    expect(await whole("hcloud_volume", volume.id)).toBe(true);
    expect(await whole("hcloud_volume_attachment", volume.id)).toBe(false);
    await send(`volumes/${volume.id}/actions/attach`, { server: server.id });
    expect(await whole("hcloud_volume_attachment", volume.id)).toBe(true);
    expect(await whole("hcloud_zone", zone.id)).toBe(true);
    expect(await whole("hcloud_firewall", 7)).toBe(false);
  });
});

describe("what the cloud holds and no state knows", () => {
  const unmanaged = async (change: Partial<Blueprint> = {}) =>
    (
      await cloud.unmanaged(
        { ...blueprint, ...change },
        new Map([
          [
            "eea-voorbeeld",
            {
              prior_state: {
                values: {
                  root_module: { resources: [{ type: "hcloud_firewall", values: { id: known } }] },
                },
              },
            },
          ],
        ]),
        false,
      )
    ).findings.filter(({ id, warns }) => id === "cloud-holds-nothing-else" && !warns);
  let known = "";

  test("is named, by its name or its label; what is another's isn't", async () => {
    expect((await unmanaged()).map(({ verdict }) => verdict)).toEqual(["pass"]);
    const { firewall } = await send("firewalls", { name: "eea-voorbeeld-control" });
    known = String(firewall.id);
    await send("firewalls", { name: "hole", labels: { polder_instance: "eea-voorbeeld" } });
    await send("placement_groups", { name: "eea-voorbeeld-x", type: "spread" });
    await send("firewalls", { name: "eea", labels: { polder_instance: "eea" } });
    const found = await unmanaged();
    expect(found.map(({ verdict, subject }) => `${verdict} ${subject}`)).toEqual([
      "fail firewalls hole",
      "fail placement_groups eea-voorbeeld-x",
    ]);
    expect(found[1]?.message).toMatch(/\(hcloud placement-group delete \d+\)/);
  });

  test("beside it: what touches its servers and its network fails, the rest is one warning", async () => {
    const subnets = [{ type: "cloud", ip_range: "10.2.0.0/24", network_zone: "eu-central" }];
    const { network } = await send("networks", {
      ...{ name: "eea-voorbeeld-net", ip_range: "10.2.0.0/16", subnets },
    });
    await send(`networks/${network.id}/actions/add_route`, {
      ...{ destination: "10.99.0.0/16", gateway: "10.2.0.9" },
    });
    const public_net = { enable_ipv4: false, enable_ipv6: false };
    const server = async (name: string, networks: readonly number[]) =>
      (
        await send("servers", {
          ...{
            name,
            networks,
            public_net,
            server_type: "ccx13",
            image: "debian-13",
            location: "fsn1",
          },
        })
      ).server.id;
    const own = await server("eea-voorbeeld-edge-1", [network.id]);
    await server("intruder", [network.id]);
    const besides = async () => {
      const resources = [
        { type: "hcloud_server", values: { id: String(own) } },
        { type: "hcloud_network", values: { id: String(network.id) } },
        { type: "hcloud_network_subnet", values: { id: `${network.id}-10.2.0.0/24` } },
      ];
      const plan = { prior_state: { values: { root_module: { resources } } } };
      const { findings } = await cloud.unmanaged(
        blueprint,
        new Map([["eea-voorbeeld", plan]]),
        false,
      );
      return findings
        .filter(({ subject }) => !/^(firewalls|placement_groups) /.test(subject))
        .filter(({ id }) => id === "cloud-holds-nothing-else");
    };
    expect((await besides()).map(({ verdict, subject }) => `${verdict} ${subject}`)).toEqual([
      "fail server intruder",
      "fail route 10.99.0.0/16",
      "pass eea-voorbeeld",
    ]);
    expect((await besides())[2]).toMatchObject({ warns: true });
    await send(`servers/${own}/actions/create_image`, { description: "copy" });
    await send("floating_ips", { name: "way-in", type: "ipv4", server: own });
    const targets = [{ type: "server", server: { id: own } }];
    await send("load_balancers", { name: "front", targets });
    await send("volumes", { name: "extra", size: 10, server: own });
    await send(`servers/${own}/actions/change_alias_ips`, {
      ...{ network: network.id, alias_ips: ["10.2.0.77"] },
    });
    await send("ssh_keys", {
      name: "old",
      public_key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEJ0 x",
    });
    const found = await besides();
    expect(found.map(({ verdict, subject }) => `${verdict} ${subject}`)).toEqual([
      "fail server intruder",
      "fail volume extra",
      "fail image copy",
      "fail floating address way-in",
      "fail load balancer front",
      "fail server eea-voorbeeld-edge-1",
      "fail route 10.99.0.0/16",
      "pass eea-voorbeeld",
    ]);
    expect(found.at(-1)?.message).toMatch(/the project also holds .*SSH key old/);
    expect(found[2]?.message).toMatch(/snapshot of eea-voorbeeld-edge-1.*hcloud image delete \d+/);
    expect(found[5]?.message).toMatch(/further addresses 10\.2\.0\.77/);
  });

  test("a plan of the addresses alone asks for addresses alone", async () => {
    const addresses = { state: "not yet allocated", missing: ["edge-1"] } as const;
    expect((await unmanaged({ addresses })).map(({ verdict }) => verdict)).toEqual(["pass"]);
  });
});

test("an address that the record doesn't have is refused, loopback isn't", async () => {
  await expect(cloud.checkCredential(blueprint)).resolves.toBeUndefined();
  vi.stubEnv("HCLOUD_ENDPOINT", "https://api.hetzner.cloud.elsewhere.example/v1");
  await expect(cloud.checkCredential(blueprint)).rejects.toThrow(/none of the names/);
  vi.stubEnv("HCLOUD_ENDPOINT", "");
  await expect(cloud.checkCredential(blueprint)).resolves.toBeUndefined();
  vi.stubEnv("HCLOUD_ENDPOINT", standIn.endpoint);
});
