import { describe, expect, it } from "vitest";
import { explainedByBlueprint } from "./rules/explained-by-blueprint.ts";
import { planIsOfThisBlueprint } from "./rules/plan-is-of-this-blueprint.ts";
import {
  AS_OF,
  asInput,
  becomes,
  body,
  bothWays,
  change,
  doing,
  example,
  type Loose,
  type Planted,
  planned,
  set,
  subject,
  without,
} from "./testing.ts";

const SERVER = "openstack_compute_instance_v2";
const VOLUME = "openstack_blockstorage_volume_v3";
const PORT = "openstack_networking_port_v2";
const SUBNET = "openstack_networking_subnet_v2";
const NETWORK = "openstack_networking_network_v2";
const FLOATING = "openstack_networking_floatingip_v2";
const RECORD = "openstack_dns_recordset_v2";
const RULE = "openstack_networking_secgroup_rule_v2";

type Plans = ReturnType<typeof planned>;

bothWays(explainedByBlueprint, () => example(), [
  [
    "a resource of a type that no Blueprint has",
    (p) => {
      p.stacks.get("lab").resource.openstack_objectstorage_container_v1 = {
        leak: { name: "recordings" },
      };
      return "lab/openstack_objectstorage_container_v1.leak";
    },
    /no part of the Blueprint explains it/,
  ],
  [
    "a data source that nobody needs",
    (p) => {
      p.stacks.get("lab").data.openstack_images_image_v2 = { x: { name: "x" } };
      return "lab/data.openstack_images_image_v2.x";
    },
    /no part of the Blueprint explains it/,
  ],
  [
    "a network of somebody else",
    (p) => {
      p.stacks.get("lab").data.openstack_networking_network_v2.other = { name: "office" };
      return "lab/data.openstack_networking_network_v2.other";
    },
    /the Blueprint has no "network office"/,
  ],
  [
    "a host that the Blueprint lacks",
    (p) => {
      p.stacks.get("lab").resource[SERVER].spare = {
        ...body(p, SERVER, "bridge-1"),
        tags: ["polder-part=bridge-9"],
      };
      return `lab/${SERVER}.spare`;
    },
    /the Blueprint has no "server bridge-9"/,
  ],
  [
    "a host twice",
    (p) => {
      p.stacks.get("lab").resource[SERVER].spare = { ...body(p, SERVER, "bridge-1") };
      return `lab/${SERVER}.spare`;
    },
    /is "server bridge-1" a second time/,
  ],
  [
    "a resource that says nothing of its part",
    (p) => {
      delete body(p, NETWORK, "zone-service").tags;
      return [
        subject(p, NETWORK, "zone-service"),
        // What stands on it points at nothing known any more.
        ...p.blueprint.hosts
          .filter((h: Loose) => h.zone === "service")
          .map((h: Loose) => subject(p, PORT, `${h.id}_`))
          .sort(),
        ...[4, 6].map((v) => subject(p, SUBNET, `zone-service_ipv${v}`)),
        "lab/zone service",
      ];
    },
    /explains it|network_id: got|the stack doesn't/,
  ],
  ...(
    [
      ["volume", VOLUME, "control-1", "lab/volume control-1-data"],
      ["server group's host", SERVER, "turn-2", "lab/server turn-2"],
      ["record", RECORD, "dns_apex-caa", "lab/record vergaderen.voorbeeld.example. CAA"],
      [
        "public address",
        "openstack_networking_floatingip_associate_v2",
        "bridge-2",
        "lab/public address of bridge-2",
      ],
      [
        "route",
        "openstack_networking_router_interface_v2",
        "zone-service_route-ipv6",
        "lab/route service IPv6",
      ],
    ] as const
  ).map(
    ([what, type, name, key]) =>
      [
        `a missing ${what}`,
        (p: Planted) => {
          const attached =
            type === VOLUME ? [subject(p, "openstack_compute_volume_attach_v2", "control-1")] : [];
          without(p, type, name);
          return [...attached, key, ...(type === VOLUME ? ["lab/attachment control-1-data"] : [])];
        },
        /the Blueprint has it, the stack doesn't|no part of the Blueprint explains it/,
      ] as const,
  ),
  [
    "a missing placement",
    (p) => {
      delete p.stacks.get("lab").resource.openstack_compute_servergroup_v2["placement-monitor"];
      return [subject(p, SERVER, "monitor-1"), "lab/placement monitor"];
    },
    /scheduler_hints: got|the stack doesn't/,
  ],
  [
    "a missing address",
    (p) => {
      without(p, FLOATING, "edge-1", "lab-addresses");
      return "lab-addresses/address edge-1";
    },
    /the stack doesn't/,
  ],
  [
    "a missing stack",
    (p) => {
      p.stacks.delete("lab");
      return "lab";
    },
    /the stack is missing/,
  ],
  [
    "another flavour",
    (p) => set(p, SERVER, "bridge-1", { flavor_name: "lab.small" }),
    /flavor_name: got "lab\.small", the Blueprint says/,
  ],
  [
    "another image",
    (p) => set(p, SERVER, "bridge-1", { image_name: "cirros" }),
    /image_name: got "cirros"/,
  ],
  [
    "a softer placement",
    (p) =>
      set(p, "openstack_compute_servergroup_v2", "placement-bridge", {
        policies: ["soft-affinity"],
      }),
    /policies: got/,
  ],
  [
    "a server in another role's placement",
    (p) => set(p, SERVER, "bridge-1", { scheduler_hints: [] }),
    /scheduler_hints: got \[\]/,
  ],
  ["another size of a volume", (p) => set(p, VOLUME, "control-1", { size: 1 }), /size: got 1/],
  [
    "another address",
    (p) => {
      body(p, PORT, "bridge-1").fixed_ip[0].ip_address = "10.80.0.99";
      return subject(p, PORT, "bridge-1");
    },
    /fixed_ip: got/,
  ],
  [
    "a subnet of another range",
    (p) => set(p, SUBNET, "zone-service_ipv4", { cidr: "10.0.0.0/8" }),
    /cidr: got "10\.0\.0\.0\/8"/,
  ],
  [
    "another record",
    (p) => set(p, RECORD, "dns_apex-a_", { records: ["192.0.2.66"] }),
    /records: got \["192\.0\.2\.66"\]/,
  ],
  [
    "another public network",
    (p) => set(p, FLOATING, "turn-1", { pool: "other" }, "lab-addresses"),
    /pool: got "other"/,
  ],
  ...["count", "for_each", "dynamic"].map(
    (name) =>
      [
        `a block that multiplies by ${name}`,
        (p: Planted) => [
          set(p, RECORD, "dns_apex-a_", { [name]: 2 }),
          "lab/record vergaderen.voorbeeld.example. A",
        ],
        /one block would be many|the stack doesn't/,
      ] as const,
  ),
  [
    "an output that says another place",
    (p) => {
      p.stacks.get("lab-addresses").output.location.value = "openstack/elsewhere";
      return "lab-addresses/output.location";
    },
    /got "openstack\/elsewhere", the Blueprint says "openstack\/lab-floating"/,
  ],
  [
    "an output that nobody asked for",
    (p) => {
      p.stacks.get("lab").output = { all: { value: "x" } };
      return "lab/output.all";
    },
    /no part of the Blueprint explains it/,
  ],
]);

bothWays(explainedByBlueprint, planned, [
  [
    "a resource that only the plan has",
    (p) => {
      const extra = structuredClone(change(p, VOLUME, "control-1"));
      extra.address = `${VOLUME}.extra`;
      p.plans.get("lab").resource_changes.push(extra);
      return `lab/${VOLUME}.extra`;
    },
    /is in the plan, not in the stack's document/,
  ],
  [
    "a resource that the plan leaves out",
    (p) => {
      const { address } = change(p, VOLUME, "control-1");
      const plan = p.plans.get("lab");
      plan.resource_changes = plan.resource_changes.filter((c: Loose) => c.address !== address);
      return `lab/${address}`;
    },
    /not in the plan/,
  ],
]);

const after = (p: Plans, type: string, name: string, values: object): string => {
  const found = change(p, type, name);
  Object.assign(found.change.after, values);
  return `lab/${found.address}`;
};
const twice = (s: string) => [s, s];

bothWays(planIsOfThisBlueprint, planned, [
  [
    "a planned flavour",
    (p) => twice(after(p, SERVER, "turn-1", { flavor_name: "lab.small" })),
    /flavor_name: .*lab\.small/,
  ],
  [
    "a planned address",
    (p) =>
      twice(
        after(p, PORT, "turn-1_", {
          fixed_ip: [
            { ip_address: "10.80.0.77" },
            { ip_address: p.blueprint.hosts.find((h: Loose) => h.id === "turn-1").ipv6 },
          ],
        }),
      ),
    /fixed_ip: .*10\.80\.0\.77/,
  ],
  [
    "a planned record",
    (p) => twice(after(p, RECORD, "dns_apex-a_", { records: ["192.0.2.66"] })),
    /records: .*192\.0\.2\.66/,
  ],
  [
    "one record more",
    (p) =>
      twice(after(p, RECORD, "dns_apex-caa", { records: ['0 issue ";"', '0 issue "ca.example"'] })),
    /records: /,
  ],
  ["a planned size", (p) => twice(after(p, VOLUME, "monitor-1", { size: 1 })), /size: /],
  [
    "one tag more",
    (p) => {
      const { tags } = change(p, PORT, "turn-1_").change.after;
      return after(p, PORT, "turn-1_", { tags: [...tags, "x"] });
    },
    /tags: the plan has/,
  ],
  [
    "a planned rule",
    (p) => after(p, RULE, "security_edge-ingress-v4-tcp-22", { remote_ip_prefix: "0.0.0.0/0" }),
    /remote_ip_prefix: the plan has "0\.0\.0\.0\/0"/,
  ],
  [
    "a planned public address",
    (p) =>
      twice(
        after(p, "openstack_networking_floatingip_associate_v2", "turn-1", {
          floating_ip: "203.0.113.250",
        }),
      ),
    /floating_ip: .*203\.0\.113\.250/,
  ],
  [
    "a plan of yesterday's document",
    (p) => {
      const host = p.blueprint.hosts.find((h: Loose) => h.id === "turn-1");
      host.flavour = "lab.huge";
      return `lab/${change(p, SERVER, "turn-1").address}`;
    },
    /in the plan: flavor_name: got .*, the Blueprint says "lab\.huge"/,
  ],
  [
    "a plan whose document tied a port to another group",
    (p) => {
      const { address } = change(p, PORT, "monitor-1_");
      const made = p.plans
        .get("lab")
        .configuration.root_module.resources.find((r: Loose) => r.address === address);
      made.expressions.security_group_ids.constant_value = [
        "${openstack_networking_secgroup_v2.other.id}",
      ];
      return `lab/${address}`;
    },
    /security_group_ids: the plan was made from a document that says something else/,
  ],
  [
    "a plan whose document had other user_data",
    (p) => {
      const { address } = change(p, SERVER, "bridge-1");
      const made = p.plans
        .get("lab")
        .configuration.root_module.resources.find((r: Loose) => r.address === address);
      made.expressions.user_data.constant_value += "runcmd: [reboot]\n";
      return `lab/${address}`;
    },
    /user_data: the plan was made from a document that says something else/,
  ],
  [
    "a plan whose document had one argument more",
    (p) => {
      const { address } = change(p, SERVER, "bridge-1");
      const made = p.plans
        .get("lab")
        .configuration.root_module.resources.find((r: Loose) => r.address === address);
      made.expressions.key_pair = { constant_value: "x" };
      return `lab/${address}`;
    },
    /key_pair: only the document that the plan was made from has it/,
  ],
  [
    "a plan whose document lacked a resource",
    (p) => {
      const { address } = change(p, VOLUME, "control-1");
      const root = p.plans.get("lab").configuration.root_module;
      root.resources = root.resources.filter((r: Loose) => r.address !== address);
      return `lab/${address}`;
    },
    /not in the configuration/,
  ],
  ...(
    [
      ["a plan that failed", { errored: true }, /the plan failed/],
      ["a plan of a part", { complete: false }, /not complete/],
      ["a plan in a format of the future", { format_version: "2.0" }, /format_version: got "2\.0"/],
    ] as const
  ).map(
    ([what, values, says]) =>
      [what, (p: Plans) => doing(Object.assign(p.plans.get("lab"), values), "lab"), says] as const,
  ),
  [
    "no plan at all",
    (p) => {
      p.plans.set("lab-addresses", {});
      return [
        "lab-addresses",
        "lab-addresses",
        ...Object.keys(p.stacks.get("lab-addresses").resource[FLOATING]).map(
          (n) => `lab-addresses/${FLOATING}.${n}`,
        ),
      ];
    },
    /format_version|no resource_changes|not in the configuration/,
  ],
  [
    "a plan of another instance",
    (p) => {
      p.plans.set("other", p.plans.get("lab"));
      return "other";
    },
    /a plan of a stack that isn't there/,
  ],
]);

describe("plan-is-of-this-blueprint", () => {
  it("lets a running host keep what its lifecycle ignores", () => {
    const p = planned();
    const found = change(p, SERVER, "bridge-1");
    becomes(found, ["no-op"]);
    Object.assign(found.change.after, {
      image_name: "debian-13-of-last-year",
      user_data: "0".repeat(40),
    });
    expect(planIsOfThisBlueprint.check(asInput(p), AS_OF).map((f) => f.verdict)).toEqual([
      "pass",
      "pass",
    ]);
  });
});
