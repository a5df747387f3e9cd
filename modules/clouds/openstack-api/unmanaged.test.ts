import { describe, expect, test } from "vitest";
import { TOOLKIT } from "../../common/toolkit/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { PlanJson } from "../../policy/index.ts";
import { instanceFolder, loadInstance } from "../../workspace/index.ts";
import { type Item, KINDS, type Listing } from "./api.ts";
import { unmanagedIn } from "./unmanaged.ts";

const { blueprint: planned } = loadInstance(instanceFolder(TOOLKIT, "lab"));
const early: Blueprint = { ...planned, addresses: { state: "not yet allocated", missing: [] } };
const blueprint: Blueprint = { ...planned, addresses: { state: "allocated" } };
const RULE = {
  security_group_id: "group",
  direction: "ingress",
  ethertype: "IPv4",
  protocol: "tcp",
  port_range_min: 443,
  port_range_max: 443,
  remote_ip_prefix: "0.0.0.0/0",
};

/** A project with one of the instance's security groups, its rules, and more. */
const cloud = (rules: readonly Item[], more: Partial<Listing> = {}): Listing => ({
  ...(Object.fromEntries(KINDS.map((kind) => [kind, []])) as unknown as Listing),
  securityGroups: [
    { id: "group", name: "lab-control", security_group_rules: rules },
    { id: "other", name: "default", security_group_rules: [{ ...RULE, id: "not-ours" }] },
  ],
  ...more,
});

/** A plan whose state knows these ids, and that makes one rule. */
const plan = (ids: readonly string[], importing?: string): ReadonlyMap<string, PlanJson> => {
  const resources = ["group", ...ids].map((id) => ({ values: { id } }));
  const after = { ...RULE, remote_group_id: null, description: "why" };
  const change = importing
    ? { actions: ["no-op"], after, importing: { id: importing } }
    : { actions: ["create"], after };
  const json = {
    prior_state: { values: { root_module: { resources } } },
    resource_changes: [
      { address: "rule.web", type: "openstack_networking_secgroup_rule_v2", change },
    ],
  };
  return new Map([["lab", json as unknown as PlanJson]]);
};

const verdicts = (listing: Listing, plans = plan([])) =>
  unmanagedIn(listing, blueprint, plans).findings.map((f) => [f.verdict, f.subject, f.message]);

test("a resource in the state isn't unmanaged, nor is another instance's", () => {
  const found = unmanagedIn(
    cloud([{ ...RULE, id: "known" }], { servers: [{ id: "s", name: "else-control-1" }] }),
    blueprint,
    plan(["known"]),
  );
  expect(found.imports).toEqual([]);
  expect(found.findings.map((f) => f.verdict)).toEqual(["pass"]);
});

test("a rule that equals a planned one is imported", () => {
  const lost = cloud([{ ...RULE, id: "lost", remote_group_id: null }]);
  expect(unmanagedIn(lost, blueprint, plan([]))).toMatchObject({
    imports: [{ stack: "lab", to: "rule.web", id: "lost" }],
    findings: [{ verdict: "pass" }],
  });
  expect(unmanagedIn(lost, blueprint, plan([], "lost")).imports).toEqual([]);
});

test.each<[string, Item]>([
  ["another port", { port_range_max: 444 }],
  ["every port", { port_range_min: null, port_range_max: null }],
  ["another source", { remote_ip_prefix: "10.0.0.0/8" }],
  ["another protocol", { protocol: "udp" }],
  ["the other direction", { direction: "egress" }],
  ["IPv6", { ethertype: "IPv6", remote_ip_prefix: "::/0" }],
])("a rule for %s is never imported: it fails, and the message names the way out", (_, other) => {
  const found = unmanagedIn(cloud([{ ...RULE, ...other, id: "open" }]), blueprint, plan([]));
  expect(found.imports).toEqual([]);
  expect(found.findings).toMatchObject([
    {
      id: "cloud-holds-nothing-else",
      verdict: "fail",
      subject: "security rule open",
      message: expect.stringContaining("openstack security group rule delete open"),
    },
  ]);
});

test("servers, addresses, records and all else that are in no state fail", () => {
  const more: Partial<Listing> = {
    servers: [{ id: "s", name: "lab-control-1" }],
    floatingIps: [
      { id: "f", description: "lab-turn-1: clients", floating_ip_address: "203.0.113.9", tags: [] },
    ],
    records: [
      { id: "ns", zone_id: "z", name: `${blueprint.domain}.`, type: "NS" },
      { id: "a", zone_id: "z", name: `${blueprint.domain}.`, type: "A" },
    ],
    zones: [{ id: "z", name: `${blueprint.domain}.`, action: "DELETE" }],
  };
  expect(verdicts(cloud([], more)).map(([verdict, subject]) => [verdict, subject])).toEqual([
    ["fail", "servers lab-control-1"],
    ["fail", "floatingIps 203.0.113.9"],
    ["fail", `records ${blueprint.domain}.`],
  ]);
  expect(
    verdicts(cloud([], more)).map(([, , message]) => /\((.*)\)$/.exec(message ?? "")?.[1]),
  ).toEqual([
    "openstack server delete s",
    "openstack floating ip delete f",
    "openstack recordset delete z a",
  ]);
  expect(verdicts(cloud([], more), plan(["s", "f", "z/a"]))).toEqual([
    ["pass", "lab", expect.any(String)],
  ]);
});

/** A plan that makes one thing, with a state that knows these ids. */
const creating = (type: string, after: Item, ids: readonly string[] = []) => {
  const resources = ids.map((id) => ({ values: { id } }));
  const json = {
    prior_state: { values: { root_module: { resources } } },
    resource_changes: [{ address: "made.here", type, change: { actions: ["create"], after } }],
  };
  return new Map([["lab", json as unknown as PlanJson]]);
};

test.each<[string, Partial<Listing>, string, Item, readonly string[], string]>([
  [
    "a network",
    { networks: [{ id: "n", name: "lab-service" }] },
    "openstack_networking_network_v2",
    { name: "lab-service" },
    [],
    "n",
  ],
  [
    "a subnet of a known network",
    { subnets: [{ id: "s", name: "lab-a", network_id: "n" }] },
    "openstack_networking_subnet_v2",
    { name: "lab-a", network_id: "n" },
    ["n"],
    "s",
  ],
  [
    "a port",
    { ports: [{ id: "p", name: "lab-a", network_id: "n" }] },
    "openstack_networking_port_v2",
    { name: "lab-a", network_id: "n" },
    ["n"],
    "p",
  ],
  [
    "a router's interface",
    {
      ports: [
        {
          id: "p",
          device_id: "r",
          device_owner: "network:router_interface",
          fixed_ips: [{ subnet_id: "s" }],
        },
      ],
    },
    "openstack_networking_router_interface_v2",
    { router_id: "r", subnet_id: "s" },
    ["r", "s"],
    "p",
  ],
  [
    "a route to another zone",
    { subnets: [{ id: "s", host_routes: [{ destination: "10.0.1.0/24", nexthop: "10.0.0.1" }] }] },
    "openstack_networking_subnet_route_v2",
    { subnet_id: "s", destination_cidr: "10.0.1.0/24", next_hop: "10.0.0.1" },
    ["s"],
    "s-route-10.0.1.0/24-10.0.0.1",
  ],
  [
    "an attachment",
    { volumes: [{ id: "v", name: "lab-data", attachments: [{ server_id: "s" }] }] },
    "openstack_compute_volume_attach_v2",
    { instance_id: "s", volume_id: "v" },
    ["s", "v"],
    "s/v",
  ],
  [
    "an address",
    { floatingIps: [{ id: "f", description: "lab-turn-1: clients" }] },
    "openstack_networking_floatingip_v2",
    { description: "lab-turn-1: clients" },
    [],
    "f",
  ],
  [
    "a server group",
    { serverGroups: [{ id: "g", name: "lab-turn" }] },
    "openstack_compute_servergroup_v2",
    { name: "lab-turn" },
    [],
    "g",
  ],
])("%s that an interrupted run made is imported", (_, more, type, after, ids, id) => {
  const listing = { ...cloud([], more), securityGroups: [] };
  expect(unmanagedIn(listing, blueprint, creating(type, after, ids))).toMatchObject({
    imports: [{ stack: "lab", to: "made.here", id }],
    findings: [{ verdict: "pass" }],
  });
});

test.each<[string, Partial<Listing>, string, Item]>([
  [
    "a server",
    { servers: [{ id: "s", name: "lab-turn-1" }] },
    "openstack_compute_instance_v2",
    { name: "lab-turn-1" },
  ],
  [
    "a volume",
    { volumes: [{ id: "v", name: "lab-data", attachments: [] }] },
    "openstack_blockstorage_volume_v3",
    { name: "lab-data" },
  ],
  [
    "a security group",
    { securityGroups: [{ id: "g", name: "lab-turn", security_group_rules: [] }] },
    "openstack_networking_secgroup_v2",
    { name: "lab-turn" },
  ],
  [
    "one of two alike",
    {
      networks: [
        { id: "m", name: "lab-a" },
        { id: "n", name: "lab-a" },
      ],
    },
    "openstack_networking_network_v2",
    { name: "lab-a" },
  ],
  [
    "a port of another network",
    { ports: [{ id: "p", name: "lab-a", network_id: "m" }] },
    "openstack_networking_port_v2",
    { name: "lab-a", network_id: "n" },
  ],
])("%s isn't unasked: nobody knows what is in it", (_, more, type, after) => {
  const listing = { ...cloud([], more), securityGroups: [], ...more };
  const found = unmanagedIn(listing, blueprint, creating(type, after, ["known"]));
  expect(found.imports).toEqual([]);
  expect(new Set(found.findings.map((f) => f.verdict))).toEqual(new Set(["fail"]));
});

test("a volume whose creation failed is never imported, and may be deleted", () => {
  const more = { securityGroups: [], volumes: [{ id: "v", name: "lab-data", status: "error" }] };
  const plans = creating("openstack_blockstorage_volume_v3", { name: "lab-data" }, ["known"]);
  const found = unmanagedIn(cloud([], more), blueprint, plans, { importing: true });
  expect(found.imports).toEqual([]);
  expect(found.findings[0]?.message).toMatch(/creation failed .*openstack volume delete v/);
});

describe("a state that knows nothing of what runs", () => {
  const running: Partial<Listing> = {
    securityGroups: [],
    servers: [{ id: "s", name: "lab-turn-1" }],
    volumes: [{ id: "v", name: "lab-data", attachments: [] }],
    networks: [{ id: "n", name: "lab-service" }],
  };
  const create = (type: string, after: Item) => ({
    address: `${type}.made`,
    type,
    change: { actions: ["create"], after },
  });
  const creatingAll = (known: readonly { mode: string; values: Item }[] = []) => {
    const json = {
      prior_state: { values: { root_module: { resources: known } } },
      resource_changes: [
        create("openstack_compute_instance_v2", { name: "lab-turn-1" }),
        create("openstack_blockstorage_volume_v3", { name: "lab-data" }),
        create("openstack_networking_network_v2", { name: "lab-service" }),
      ],
    };
    return new Map([["lab", json as unknown as PlanJson]]);
  };
  const data = { mode: "data", values: { id: "public" } };

  test("is one fail, that advises to restore or import, and to delete nothing", () => {
    const { imports, findings } = unmanagedIn(cloud([], running), blueprint, creatingAll([data]));
    expect(imports).toEqual([]);
    expect(findings).toMatchObject([{ verdict: "fail", subject: "lab" }]);
    const [{ message = "" } = {}] = findings;
    expect(message).toContain("1 servers, 1 networks, 1 volumes");
    expect(message).toMatch(
      /Restore it from your backup; .*`polder plan lab --import`.*Delete nothing/,
    );
    expect(message).not.toContain("openstack server delete");
  });

  test("asked for, all is imported, the servers when what they hang on has its ids", () => {
    const first = unmanagedIn(cloud([], running), blueprint, creatingAll([data]), {
      importing: true,
    });
    expect(first.imports.map(({ id }) => id).sort()).toEqual(["n", "v"]);
    const known = ["n", "v"].map((id) => ({ mode: "managed", values: { id } }));
    const second = unmanagedIn(cloud([], running), blueprint, creatingAll(known), {
      importing: true,
    });
    expect(second.imports).toMatchObject([{ to: "openstack_compute_instance_v2.made", id: "s" }]);
    expect(second.findings).toMatchObject([{ verdict: "pass" }]);
  });

  test("of one server that a known state lacks, both ways out are told", () => {
    const known = ["n", "v"].map((id) => ({ mode: "managed", values: { id } }));
    const { imports, findings } = unmanagedIn(cloud([], running), blueprint, creatingAll(known));
    expect(imports).toEqual([]);
    expect(findings[0]?.message).toMatch(
      /openstack server delete s\).*`polder plan lab --import` imports it/,
    );
  });
});

test("before the cluster's addresses are known only these are looked at", () => {
  const more: Partial<Listing> = {
    floatingIps: [{ id: "f", description: "lab-turn-1: clients" }],
    servers: [{ id: "s", name: "lab-control-1" }],
  };
  const plans = creating("openstack_networking_floatingip_v2", {
    description: "lab-turn-1: clients",
  });
  expect(unmanagedIn(cloud([], more), early, plans)).toMatchObject({
    imports: [{ id: "f" }],
    findings: [{ verdict: "pass" }],
  });
});

test("a port in one of its networks that no plan made fails, the cloud's own don't", () => {
  const port = (id: string, more: Item): Item => ({
    id,
    name: "",
    network_id: "n",
    fixed_ips: [{ ip_address: "10.80.0.30" }],
    ...more,
  });
  const more: Partial<Listing> = {
    networks: [
      { id: "n", name: "lab-service" },
      { id: "public", name: "public" },
    ],
    ports: [
      port("dhcp", { device_owner: "network:dhcp" }),
      port("elsewhere", { network_id: "public" }),
      port("mine", { name: "lab-turn-1" }),
      port("alien", { device_owner: "compute:nova" }),
    ],
  };
  const known = plan(["n", "public", "mine"]);
  expect(unmanagedIn(cloud([], more), blueprint, known).findings).toMatchObject([
    {
      verdict: "fail",
      subject: "port 10.80.0.30",
      message: expect.stringContaining("port alien (compute:nova)"),
    },
  ]);
});

test("a route that a subnet tells its hosts is foreign where no state knows it", () => {
  const [ours, foreign] = ["10.80.1.0/24", "192.0.2.0/24"].map((destination) => ({
    destination,
    nexthop: "10.80.0.1",
  }));
  const more: Partial<Listing> = {
    subnets: [{ id: "s", name: "lab-service-ipv4", host_routes: [ours, foreign] }],
  };
  const route = { subnet_id: "s", destination_cidr: ours?.destination, next_hop: ours?.nexthop };
  const resources = [
    { values: { id: "group" } },
    { values: { id: "s" } },
    { values: { id: "s-route-10.80.1.0/24-10.80.0.1", ...route } },
  ];
  const json = { prior_state: { values: { root_module: { resources } } }, resource_changes: [] };
  const plans = new Map([["lab", json as unknown as PlanJson]]);
  const { imports, findings } = unmanagedIn(cloud([], more), blueprint, plans);
  expect(imports).toEqual([]);
  expect(findings.map(({ subject }) => subject)).toEqual(["route 192.0.2.0/24"]);
});
