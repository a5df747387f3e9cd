import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { cloudOf } from "../../clouds/known-clouds/index.ts";
import type { Terraform } from "../../clouds/terraform/index.ts";
import { testbedDown } from "../../common/testbed/testing.ts";
import { TOOLKIT } from "../../common/toolkit/index.ts";
import { instanceFolder, loadInstance } from "../../workspace/index.ts";
import { waitUntilReady } from "./wait-until-ready.ts";

const { blueprint } = loadInstance(instanceFolder(TOOLKIT, "lab"));
const folder = mkdtempSync(join(tmpdir(), "polder-wait-until-ready-"));

/** A stub of a cloud on loopback, with one project that holds these. */
const held = {
  servers: [
    { id: "well", status: "ACTIVE" },
    { id: "broken", status: "ERROR" },
    { id: "starting", status: "BUILD" },
    { id: "stopped", status: "SHUTOFF" },
  ],
  volumes: [
    { id: "volume", status: "available" },
    { id: "failed", status: "error" },
  ],
  floatingips: [{ id: "address", status: "DOWN" }],
};
let looks = 0;
const stub = createServer((request, response) => {
  response.setHeader("x-subject-token", "t");
  const at = (type: string) => ({
    type,
    endpoints: [{ interface: "public", url: `http://${request.headers.host}/${type}` }],
  });
  const token = { project: { id: "p" }, catalog: [at("compute"), at("volumev3"), at("network")] };
  if (request.url?.includes("/servers")) looks++;
  // The cloud goes on with it between two looks.
  const servers = held.servers.map((s) =>
    s.status === "BUILD" && looks > 3 ? { ...s, status: "ACTIVE" } : s,
  );
  response.end(JSON.stringify(request.url?.includes("tokens") ? { token } : { ...held, servers }));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => stub.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(stub.address() as AddressInfo).port}/v3`;
  const file = join(folder, "clouds.yaml");
  writeFileSync(file, `clouds: { lab: { auth: { auth_url: "${url}", username: u } } }\n`);
  vi.stubEnv("OS_CLIENT_CONFIG_FILE", file);
});
afterAll(() => {
  vi.unstubAllEnvs();
  stub.close();
  stub.closeAllConnections();
  rmSync(folder, { recursive: true });
});

const SERVER = "openstack_compute_instance_v2";

test("what is ready in the cloud stays, a failed volume leaves the state, all else is replaced", async () => {
  const tainted = [
    ...["well", "broken", "starting", "stopped", "gone"].map((id) => ({
      address: `${SERVER}.${id}`,
      type: SERVER,
      id,
    })),
    {
      address: "openstack_blockstorage_volume_v3.volume",
      type: "openstack_blockstorage_volume_v3",
      id: "volume",
    },
    {
      address: "openstack_blockstorage_volume_v3.failed",
      type: "openstack_blockstorage_volume_v3",
      id: "failed",
    },
    {
      address: "openstack_networking_floatingip_v2.address",
      type: "openstack_networking_floatingip_v2",
      id: "address",
    },
    { address: "openstack_dns_zone_v2.zone", type: "openstack_dns_zone_v2", id: "well" },
  ];
  const untainted: string[] = [];
  const forgotten: string[] = [];
  const terraform = {
    tainted: async () => tainted,
    forget: async (address: string) => void forgotten.push(address),
    untaint: async (address: string) => void untainted.push(address),
  } as unknown as Terraform;
  const lines: string[] = [];
  expect(
    await waitUntilReady(blueprint, cloudOf(blueprint, testbedDown), terraform, (line) =>
      lines.push(line),
    ),
  ).toBe(5);
  expect(forgotten).toEqual(["openstack_blockstorage_volume_v3.failed"]);
  expect(untainted).toEqual([
    `${SERVER}.well`,
    `${SERVER}.starting`,
    "openstack_blockstorage_volume_v3.volume",
    "openstack_networking_floatingip_v2.address",
  ]);
  expect(lines.filter((line) => line.endsWith("ready: it stays"))).toHaveLength(4);
  expect(lines).toContain(
    `${SERVER}.starting: its creation was interrupted, the cloud is still working on it`,
  );
});

test("without anything tainted the cloud isn't even asked", async () => {
  const terraform = { tainted: async () => [] } as unknown as Terraform;
  stub.close();
  expect(
    await waitUntilReady(blueprint, cloudOf(blueprint, testbedDown), terraform, () => {}),
  ).toBe(0);
});
