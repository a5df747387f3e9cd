import { expect, test } from "vitest";
import { example } from "../../../lab/testing/examples.ts";
import type { PlanJson } from "../../policy/index.ts";
import { asInput } from "../../policy/testing.ts";
import type { Item, Kind } from "./api.ts";
import { type Held, unmanagedIn } from "./unmanaged.ts";

const { blueprint } = asInput(example("eea-voorbeeld"));
const ZONE = "meet.example";
const SOA = { id: "@/SOA", name: "@", type: "SOA" };

/** What stands beside an instance is tested with the stand-in of the API, in cloud.test.ts. */
const NOBODYS = {
  ...{ servers: [], volumes: [], primary_ips: [], networks: [], firewalls: [], zones: [] },
  ...{ placement_groups: [], images: [], floating_ips: [], load_balancers: [], ssh_keys: [] },
};

/** What a project holds, by kind. */
const held = (all: Partial<Record<Kind, readonly Item[]>>, rrsets: readonly Item[] = []): Held => ({
  objects: Object.entries(all).flatMap(([kind, items]) =>
    items.map((item) => ({ kind: kind as Kind, item })),
  ),
  rrsets: new Map([[ZONE, [SOA, ...rrsets]]]),
  project: NOBODYS,
  isNamed: () => true,
});

/** A plan that makes one thing, with a state that knows these. */
const plans = (
  type: string,
  after: Item,
  known: readonly (readonly [type: string, values: Item])[] = [],
): ReadonlyMap<string, PlanJson> => {
  const resources = known.map(([kind, values]) => ({ type: kind, values }));
  const json = {
    prior_state: { values: { root_module: { resources } } },
    resource_changes: [{ address: "made.here", type, change: { actions: ["create"], after } }],
  };
  return new Map([["one", json as unknown as PlanJson]]);
};

const NETWORK = ["hcloud_network", { id: "7" }] as const;
const subnet = { type: "cloud", ip_range: "10.1.0.0/24" };
const network = { id: 7, name: "one-network", ip_range: "10.1.0.0/16", subnets: [subnet] };
const zone = { id: 8, name: ZONE };

test.each<[string, Held, string, Item, Parameters<typeof plans>[2], string]>([
  [
    "a network",
    held({ networks: [{ ...network, subnets: [] }] }),
    "hcloud_network",
    { name: "one-network", ip_range: "10.1.0.0/16" },
    [],
    "7",
  ],
  [
    "a subnet of a known network",
    held({ networks: [network] }),
    "hcloud_network_subnet",
    { ...subnet, network_id: 7 },
    [NETWORK],
    "7-10.1.0.0/24",
  ],
  [
    "a firewall",
    held({ firewalls: [{ id: 9, name: "one-edge" }] }),
    "hcloud_firewall",
    { name: "one-edge" },
    [],
    "9",
  ],
  [
    "an address, though a server has its number",
    held({ primary_ips: [{ id: 3, name: "one-edge-1-ipv4", type: "ipv4" }] }),
    "hcloud_primary_ip",
    { name: "one-edge-1-ipv4", type: "ipv4" },
    [["hcloud_server", { id: "3" }]],
    "3",
  ],
  ["a zone", held({ zones: [zone] }), "hcloud_zone", { name: ZONE }, [], "8"],
  [
    "a record set, by the name of its zone",
    held({ zones: [zone] }, [{ id: "www/A", name: "www", type: "A" }]),
    "hcloud_zone_rrset",
    { zone: ZONE, name: "www", type: "A" },
    [["hcloud_zone", { id: 8 }]],
    `${ZONE}/www/A`,
  ],
])("%s that equals a planned one is imported", (_, cloud, type, after, known, id) => {
  expect(unmanagedIn(cloud, blueprint, plans(type, after, known))).toMatchObject({
    imports: [{ stack: "one", to: "made.here", id }],
    findings: [{ verdict: "pass" }],
  });
  const other = {
    ...after,
    ...(after["ip_range"] ? { ip_range: "10.9.0.0/24" } : { name: "other" }),
  };
  expect(unmanagedIn(cloud, blueprint, plans(type, other, known))).toMatchObject({
    imports: [],
    findings: [{ verdict: "fail" }],
  });
});

test.each<[string, Held, string, Item, Parameters<typeof plans>[2], string]>([
  [
    "server",
    held({ servers: [{ id: 5, name: "one-edge-1" }] }),
    "hcloud_server",
    { name: "one-edge-1" },
    [["hcloud_network", { id: "9" }]],
    "hcloud server delete 5",
  ],
  [
    "volume",
    held({ volumes: [{ id: 6, name: "one-data", server: null }] }),
    "hcloud_volume",
    { name: "one-data" },
    [["hcloud_network", { id: "9" }]],
    "hcloud volume delete 6",
  ],
  [
    "attachment",
    held({ volumes: [{ id: 6, name: "one-data", server: 5 }] }),
    "hcloud_volume_attachment",
    { volume_id: 6, server_id: 5 },
    [["hcloud_volume", { id: "6" }]],
    "hcloud volume detach 6",
  ],
])("a %s never is: the way out is told", (_, cloud, type, after, known, command) => {
  expect(unmanagedIn(cloud, blueprint, plans(type, after, known))).toMatchObject({
    imports: [],
    findings: [{ verdict: "fail", message: expect.stringContaining(command) }],
  });
});

test("a vSwitch on the instance's network fails, as every subnet that no plan made", () => {
  const vswitch = { type: "vswitch", ip_range: "10.1.9.0/24", vswitch_id: 4711 };
  const cloud = held({ networks: [{ ...network, subnets: [subnet, vswitch] }] });
  const known = [NETWORK, ["hcloud_network_subnet", { id: "7-10.1.0.0/24" }]] as const;
  expect(
    unmanagedIn(cloud, blueprint, plans("hcloud_firewall", { name: "f" }, known)),
  ).toMatchObject({
    findings: [
      {
        verdict: "fail",
        subject: "subnet 10.1.9.0/24",
        message: expect.stringContaining("vswitch"),
      },
    ],
  });
});

test("a resource in the state isn't unmanaged, nor are a zone's own records", () => {
  const cloud = held({ networks: [network], zones: [zone] }, [
    { id: "www/A", name: "www", type: "A" },
  ]);
  const known = [
    NETWORK,
    ["hcloud_network_subnet", { id: "7-10.1.0.0/24" }],
    ["hcloud_zone", { id: 8 }],
    ["hcloud_zone_rrset", { zone: ZONE, id: "www/A" }],
  ] as const;
  const found = unmanagedIn(cloud, blueprint, plans("hcloud_firewall", { name: "f" }, known));
  expect([found.imports, found.findings.map((f) => f.verdict)]).toEqual([[], ["pass"]]);
});

test("a state that knows nothing of what runs is one fail, that advises to restore and to delete nothing", () => {
  const running = held({
    servers: [{ id: 5, name: "one-edge-1" }],
    networks: [{ id: 7, name: "one", ip_range: "10.0.0.0/16" }],
  });
  const found = unmanagedIn(running, blueprint, plans("hcloud_server", { name: "one-edge-1" }, []));
  expect(found).toMatchObject({ imports: [], findings: [{ verdict: "fail" }] });
  expect(found.findings).toHaveLength(1);
  expect(found.findings[0]?.message).toMatch(/Restore it from your backup.*Delete nothing/);
  expect(found.findings[0]?.message).not.toContain("hcloud server delete");
});

test("the cluster's state alone may be lost: the addresses' says nothing about what runs", () => {
  const running = held({
    servers: [{ id: 5, name: "one-edge-1" }],
    primary_ips: [{ id: 3, name: "one-edge-1-ipv4", type: "ipv4" }],
  });
  const address = ["hcloud_primary_ip", { id: "3" }] as const;
  const found = unmanagedIn(
    running,
    blueprint,
    new Map([
      ...[...plans("hcloud_rdns", {}, [address]).values()].map(
        (plan) => ["addresses", plan] as const,
      ),
      ...plans("hcloud_server", { name: "one-edge-1" }),
    ]),
  );
  expect(found.findings).toHaveLength(1);
  expect(found.findings[0]?.message).toMatch(/Restore it from your backup.*Delete nothing/);
});

test("a server with the name of a planned one may be running: to restore comes before to delete", () => {
  const cloud = held({ servers: [{ id: 5, name: "one-edge-1" }] });
  const of = (name: string) =>
    unmanagedIn(cloud, blueprint, plans("hcloud_server", { name }, [NETWORK])).findings[0]?.message;
  expect(of("one-edge-1")).toMatch(/restore the state from your backup.*hcloud server delete 5/);
  expect(of("one-edge-2")).toMatch(/^the cloud holds 5.*made by hand.*hcloud server delete 5/);
});
