import { describe, expect, it } from "vitest";
import { example, planned } from "../../lab/testing/examples.ts";
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
  type Loose,
  type Planted,
  set,
  subject,
  without,
} from "./testing.ts";

const SERVER = "openstack_compute_instance_v2";
const VOLUME = "openstack_blockstorage_volume_v3";
const PORT = "openstack_networking_port_v2";
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
    /nothing of this Blueprint asks for it/,
  ],
  [
    "a data source that nobody needs",
    (p) => {
      p.stacks.get("lab").data.openstack_images_image_v2 = { x: { name: "x" } };
      return "lab/data.openstack_images_image_v2.x";
    },
    /nothing of this Blueprint asks for it/,
  ],
  [
    "a host twice",
    (p) => {
      p.stacks.get("lab").resource[SERVER].spare = { ...body(p, SERVER, "bridge-1") };
      return `lab/${SERVER}.spare`;
    },
    /nothing of this Blueprint asks for it/,
  ],
  [
    "a resource that says nothing of its part",
    (p) => {
      delete body(p, NETWORK, "zone-service").tags;
      return subject(p, NETWORK, "zone-service");
    },
    /tags: got nothing, for this Blueprint the stacks write \["polder"/,
  ],
  ...(
    [
      ["volume", VOLUME, "control-1"],
      ["server", SERVER, "turn-2"],
      ["record", RECORD, "dns_apex-caa"],
      ["public address", "openstack_networking_floatingip_associate_v2", "bridge-2"],
      ["route", "openstack_networking_router_interface_v2", "zone-service_route-ipv6"],
      ["rule", RULE, "security_edge-ingress-v4-tcp-22"],
    ] as const
  ).map(
    ([what, type, name]) =>
      [
        `a missing ${what}`,
        (p: Planted) => {
          const gone = subject(p, type, name);
          without(p, type, name);
          return gone;
        },
        /this Blueprint asks for it, the document has none/,
      ] as const,
  ),
  [
    "a missing address",
    (p) => {
      const gone = subject(p, FLOATING, "edge-1", "lab-addresses");
      without(p, FLOATING, "edge-1", "lab-addresses");
      return gone;
    },
    /the document has none/,
  ],
  ["a missing stack", (p) => doing(p.stacks.delete("lab"), "lab"), /the document is missing/],
  [
    "a stack more",
    (p) => doing(p.stacks.set("lab-2", {}), "lab-2"),
    /this Blueprint has no such stack/,
  ],
  ["another image", (p) => set(p, SERVER, "bridge-1", { image_name: "cirros" }), /got "cirros"/],
  [
    "an argument that is given twice",
    (p) => set(p, SERVER, "bridge-1", { image_id: "7f0c0f0e-0000-4000-8000-000000000001" }),
    /image_id: got "7f0c0f0e-0000-4000-8000-000000000001", for this Blueprint the stacks write nothing/,
  ],
  [
    "a list in another order",
    (p) => {
      body(p, SERVER, "bridge-1").network.reverse();
      body(p, PORT, "bridge-1").fixed_ip.reverse();
      return subject(p, PORT, "bridge-1");
    },
    /fixed_ip: got/,
  ],
  [
    "a resource that is written as a list",
    (p) => {
      const { address } = p.stacks.get("lab").resource.openstack_networking_router_v2;
      const routers = p.stacks.get("lab").resource.openstack_networking_router_v2;
      const [name = ""] = Object.keys(routers);
      routers[name] = [routers[name], address].filter(Boolean);
      return `lab/openstack_networking_router_v2.${name}`;
    },
    /another form/,
  ],
  [
    "a block of Terraform's own",
    (p) => doing(Object.assign(p.stacks.get("lab"), { locals: { x: 1 } }), "lab/locals"),
    /nothing of this Blueprint asks for it/,
  ],
  [
    "an output that says another place",
    (p) => {
      p.stacks.get("lab-addresses").output.location.value = "openstack/elsewhere";
      return "lab-addresses/output.location";
    },
    /got "openstack\/elsewhere", for this Blueprint the stacks write "openstack\/lab-floating"/,
  ],
  [
    "an override that the document goes beyond",
    (p) => {
      p.blueprint.overrides = [
        { resource: "bridge-1/server", set: { metadata: { rack: "7" } }, reason: "x", owner: "y" },
      ];
      body(p, SERVER, "bridge-1").metadata = {
        ...body(p, SERVER, "bridge-1").metadata,
        rack: "7",
        row: "8",
      };
      return subject(p, SERVER, "bridge-1");
    },
    /metadata: got/,
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

bothWays(planIsOfThisBlueprint, planned, [
  [
    "a planned flavour",
    (p) => after(p, SERVER, "turn-1", { flavor_name: "lab.small" }),
    /flavor_name: .*lab\.small/,
  ],
  [
    "a planned address",
    (p) =>
      after(p, PORT, "turn-1_", {
        fixed_ip: [
          { ip_address: "10.80.0.77" },
          { ip_address: p.blueprint.hosts.find((h: Loose) => h.id === "turn-1").ipv6 },
        ],
      }),
    /fixed_ip: .*10\.80\.0\.77/,
  ],
  [
    "a planned record",
    (p) => after(p, RECORD, "dns_apex-a_", { records: ["192.0.2.66"] }),
    /records: .*192\.0\.2\.66/,
  ],
  [
    "one record more",
    (p) => after(p, RECORD, "dns_apex-caa", { records: ['0 issue ";"', '0 issue "ca.example"'] }),
    /records: /,
  ],
  ["a planned size", (p) => after(p, VOLUME, "monitor-1", { size: 1 }), /size: /],
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
      after(p, "openstack_networking_floatingip_associate_v2", "turn-1", {
        floating_ip: "203.0.113.250",
      }),
    /floating_ip: .*203\.0\.113\.250/,
  ],
  [
    "a plan of yesterday's document",
    (p) => {
      const found = set(p, SERVER, "turn-1", { flavor_name: "lab.huge" });
      return [found, found];
    },
    /flavor_name: the plan (has .*, the document says "lab\.huge"|was made from a document)/,
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
