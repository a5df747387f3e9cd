import { expect, test } from "vitest";
import { type Item, KINDS, type Listing } from "../modules/openstack-api/index.ts";
import type { PlanJson } from "../modules/policy/index.ts";
import { instanceFolder, loadInstance } from "../modules/workspace/index.ts";
import { ROOT } from "./environment.ts";
import { strangersIn } from "./strangers.ts";

const { blueprint } = loadInstance(instanceFolder(ROOT, "lab"));
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
  strangersIn(listing, blueprint, plans).findings.map((f) => [f.verdict, f.subject, f.message]);

test("what the state knows is no stranger, nor is what isn't the instance's", () => {
  const found = strangersIn(
    cloud([{ ...RULE, id: "known" }], { servers: [{ id: "s", name: "else-control-1" }] }),
    blueprint,
    plan(["known"]),
  );
  expect(found.adopt).toEqual([]);
  expect(found.findings.map((f) => f.verdict)).toEqual(["pass"]);
});

test("a rule that equals a planned one is taken over", () => {
  const lost = cloud([{ ...RULE, id: "lost", remote_group_id: null }]);
  expect(strangersIn(lost, blueprint, plan([]))).toMatchObject({
    adopt: [{ to: "rule.web", id: "lost" }],
    findings: [{ verdict: "pass" }],
  });
  expect(strangersIn(lost, blueprint, plan([], "lost")).adopt).toEqual([]);
});

test.each<[string, Item]>([
  ["another port", { port_range_max: 444 }],
  ["every port", { port_range_min: null, port_range_max: null }],
  ["another source", { remote_ip_prefix: "10.0.0.0/8" }],
  ["another protocol", { protocol: "udp" }],
  ["the other direction", { direction: "egress" }],
  ["IPv6", { ethertype: "IPv6", remote_ip_prefix: "::/0" }],
])("a rule for %s is never taken over: it fails, and the way out is told", (_, other) => {
  const found = strangersIn(cloud([{ ...RULE, ...other, id: "open" }]), blueprint, plan([]));
  expect(found.adopt).toEqual([]);
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
  expect(verdicts(cloud([], more), plan(["s", "f", "z/a"]))).toEqual([
    ["pass", "lab", expect.any(String)],
  ]);
});
