// What stands beside an instance in its project. The items are in the shapes of OpenStack's API references (compute 2.79,
// network 2.0, block storage 3, image 2, load balancer 2); no cloud was asked.
import { afterEach, expect, test, vi } from "vitest";
import { TOOLKIT } from "../../common/toolkit/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { PlanJson } from "../../policy/index.ts";
import { instanceFolder, loadInstance } from "../../workspace/index.ts";
import { type BesideListing, type Item, KINDS, type Listing, OpenStackApi } from "./api.ts";
import { unmanagedIn } from "./unmanaged.ts";

const { blueprint: planned } = loadInstance(instanceFolder(TOOLKIT, "lab"));
const blueprint = {
  ...planned,
  addresses: { state: "allocated" },
  residency: { ...planned.residency, profile: "nl-located" },
} as Blueprint;

const OWN = {
  servers: { id: "server", name: "lab-edge-1" },
  networks: { id: "net", name: "lab-service" },
  subnets: { id: "subnet", name: "lab-service", network_id: "net", host_routes: [] as Item[] },
  routers: { id: "router", name: "lab-router", routes: [] as Item[] },
  volumes: { id: "volume", name: "lab-data", attachments: [] as Item[] },
  ports: {
    ...{ id: "port", name: "lab-edge-1", network_id: "net", device_owner: "compute:nova" },
    fixed_ips: [{ subnet_id: "subnet", ip_address: "10.0.0.5" }],
    allowed_address_pairs: [] as Item[],
  },
};
const plan = (() => {
  const fixed = { port: { fixed_ip: [{ ip_address: "10.0.0.5" }] } };
  const resources = Object.values(OWN).map(({ id }) => ({
    type: "x",
    values: { id, ...(id === "port" && fixed.port) },
  }));
  const json = { prior_state: { values: { root_module: { resources } } }, resource_changes: [] };
  return new Map([["lab", json as unknown as PlanJson]]);
})();

const BESIDE = { snapshots: [], backups: [], images: [], keypairs: [], loadBalancers: [] };

/** Findings of a project with the instance's own things and one more, or one of its own that was changed. */
function findings(
  more: Partial<Record<keyof Listing, Item>> = {},
  beside: Partial<BesideListing["listing"]> = {},
  own: Partial<Record<keyof typeof OWN, Item>> = {},
  refused: BesideListing["refused"] = [],
) {
  const listing = Object.fromEntries(
    KINDS.map((kind) => [
      kind,
      [
        ...(kind in OWN
          ? [{ ...OWN[kind as keyof typeof OWN], ...own[kind as keyof typeof OWN] }]
          : []),
        ...(more[kind] ? [more[kind]] : []),
      ],
    ]),
  ) as unknown as Listing;
  const options = { beside: { listing: { ...BESIDE, ...beside }, refused } };
  return unmanagedIn(listing, blueprint, plan, options).findings;
}

test("the instance's own things alone are a pass", () => {
  expect(findings()).toMatchObject([{ verdict: "pass" }]);
  expect(findings()[0]).not.toHaveProperty("warns");
});

test.each<[string, Item[], string]>([
  ["snapshots", [{ id: "s", name: "x", volume_id: "volume" }], "volume snapshot delete s"],
  ["backups", [{ id: "b", name: "x", volume_id: "volume" }], "volume backup delete b"],
  ["images", [{ id: "i", name: "x", instance_uuid: "server" }], "image delete i"],
  ["images", [{ id: "i", name: "lab-copy" }], "image delete i"],
  ["loadBalancers", [{ id: "l", name: "x", vip_network_id: "net" }], "loadbalancer delete l"],
  ["loadBalancers", [{ id: "l", name: "x", vip_subnet_id: "subnet" }], "loadbalancer delete l"],
])("%s of the instance's own fail", (kind, list, command) => {
  expect(findings({}, { [kind]: list })).toMatchObject([
    { verdict: "fail", message: expect.stringContaining(command) },
  ]);
});

test.each<[string, Partial<Record<keyof Listing, Item>>, string]>([
  ["subnet", { subnets: { id: "s", name: "x", network_id: "net" } }, "subnet x"],
  [
    "floating address",
    {
      floatingIps: {
        id: "f",
        description: "x",
        floating_ip_address: "203.0.113.9",
        port_id: "port",
      },
    },
    "floating address 203.0.113.9",
  ],
  [
    "volume",
    { volumes: { id: "v", name: "x", attachments: [{ server_id: "server" }] } },
    "volume x",
  ],
  [
    "router",
    {
      routers: { id: "r", name: "x", routes: [] },
      ports: {
        id: "p",
        network_id: "net",
        device_id: "r",
        device_owner: "network:router_interface",
      },
    },
    "router x",
  ],
  [
    "server, by its port",
    {
      ports: {
        id: "p",
        network_id: "net",
        device_owner: "compute:nova",
        fixed_ips: [{ ip_address: "10.0.0.9" }],
      },
    },
    "port 10.0.0.9",
  ],
])("a foreign %s on what is the instance's fails", (_, more, subject) => {
  const found = findings(more).filter(({ verdict }) => verdict === "fail");
  expect(found).toMatchObject([{ subject }]);
});

test.each<[string, Partial<Record<keyof typeof OWN, Item>>, string, string]>([
  [
    "a route of the router",
    { routers: { routes: [{ destination: "10.9.0.0/16", nexthop: "10.0.0.9" }] } },
    "route 10.9.0.0/16",
    "10.0.0.9",
  ],
  [
    "a route that a subnet tells its hosts",
    { subnets: { host_routes: [{ destination: "0.0.0.0/0", nexthop: "10.0.0.9" }] } },
    "route 0.0.0.0/0",
    "10.0.0.9",
  ],
  [
    "a second address of a port",
    { ports: { fixed_ips: [{ ip_address: "10.0.0.5" }, { ip_address: "10.0.0.77" }] } },
    "port lab-edge-1",
    "10.0.0.77",
  ],
  [
    "an address that a port may send as",
    { ports: { allowed_address_pairs: [{ ip_address: "0.0.0.0/0" }] } },
    "port lab-edge-1",
    "0.0.0.0/0",
  ],
])("%s fails", (_, own, subject, says) => {
  expect(findings({}, {}, own)).toMatchObject([
    { verdict: "fail", subject, message: expect.stringContaining(says) },
  ]);
});

test("what doesn't touch the instance is one warning, and none in the lab", () => {
  const [warning, pass] = findings(
    { servers: { id: "s", name: "build" } },
    { keypairs: [{ id: "old", name: "old" }], snapshots: [{ id: "n", name: "n", volume_id: "v" }] },
  );
  expect(warning).toMatchObject({ verdict: "pass", warns: true });
  expect(warning?.message).toMatch(/also holds server build, snapshot n, SSH key old:/);
  expect(pass).toMatchObject({
    verdict: "pass",
    message: expect.stringContaining("nothing of it"),
  });
  const listing = Object.fromEntries(
    KINDS.map((kind) => [kind, kind === "servers" ? [{ id: "s", name: "build" }] : []]),
  ) as unknown as Listing;
  const lab = { ...blueprint, residency: planned.residency };
  expect(unmanagedIn(listing, lab, plan).findings).toHaveLength(1);
});

test("what can't be listed isn't tested, and says why", () => {
  const refused = [{ kind: "loadBalancers", why: "https://lb: HTTP 403 Forbidden" }] as const;
  expect(findings({}, {}, {}, refused)).toMatchObject([
    {
      verdict: "not-tested",
      message: "load balancers can't be listed: https://lb: HTTP 403 Forbidden",
    },
    { verdict: "pass" },
  ]);
});

afterEach(() => vi.unstubAllGlobals());

test("a project is listed page by page, and a list that is refused leaves the others", async () => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    const answer = (body: unknown, status = 200, headers = {}) =>
      new Response(JSON.stringify(body), { status, headers });
    const { pathname, search } = new URL(url);
    if (pathname === "/v3/auth/tokens") {
      const catalog = ["compute", "volumev3", "image", "load-balancer"].map((type) => ({
        type,
        endpoints: [{ interface: "public", url: `https://${type}.example/` }],
      }));
      return answer({ token: { project: { id: "p" }, catalog } }, 201, { "x-subject-token": "t" });
    }
    if (pathname === "/os-keypairs") return answer({ keypairs: [{ keypair: { name: "old" } }] });
    if (pathname === "/v2/lbaas/loadbalancers") return answer({}, 403);
    if (pathname === "/v2/images")
      return search.includes("marker")
        ? answer({ images: [{ id: "2" }] })
        : answer({ images: [{ id: "1" }], next: "/v2/images?owner=p&marker=1" });
    return answer({ snapshots: [], backups: [] });
  });
  const auth = { auth_url: "https://identity.example/v3", application_credential_id: "a" };
  const api = await OpenStackApi.connect({ auth } as Parameters<typeof OpenStackApi.connect>[0]);
  const { listing, refused } = await api.listBeside();
  expect(listing.images.map(({ id }) => id)).toEqual(["1", "2"]);
  expect(listing.keypairs).toEqual([{ id: "old", name: "old" }]);
  expect(refused).toEqual([{ kind: "loadBalancers", why: expect.stringContaining("HTTP 403") }]);
  expect(asked).toContain("https://volumev3.example/backups/detail");
});
