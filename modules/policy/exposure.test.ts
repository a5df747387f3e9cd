import { example, planned } from "../../lab/testing/examples.ts";
import { portsAreGuarded } from "./openstack/ports-are-guarded.ts";
import { exposureEqualsFlows } from "./rules/exposure-equals-flows.ts";
import { noManagementFromInternet } from "./rules/no-management-from-internet.ts";
import { becomes, body, bothWays, change, type Planted, subject } from "./testing.ts";

const RULE = "openstack_networking_secgroup_rule_v2";
const GROUP = "openstack_networking_secgroup_v2";
const PORT = "openstack_networking_port_v2";
const SERVER = "openstack_compute_instance_v2";
const FLOATING = "openstack_networking_floatingip_v2";
const ASSOCIATE = "openstack_networking_floatingip_associate_v2";
const PUBLIC_PORT = "openstack_networking_port_secgroup_associate_v2";

const group = (p: Planted, role: string, stack = "lab") =>
  subject(p, GROUP, `security_${role}_`, stack);
const reference = (p: Planted, role: string, stack = "lab") =>
  `\${${group(p, role, stack).slice(stack.length + 1)}.id}`;

/** Puts a rule beside the others; gives its subject. */
function open(p: Planted, role: string, rule: Record<string, unknown>, name = "planted"): string {
  p.stacks.get("lab").resource[RULE][name] = {
    security_group_id: reference(p, role),
    direction: "ingress",
    ethertype: "IPv4",
    ...rule,
  };
  return `lab/${RULE}.${name}`;
}

const tcp = (port: number, more: Record<string, unknown>) => ({
  protocol: "tcp",
  port_range_min: port,
  port_range_max: port,
  ...more,
});

bothWays(exposureEqualsFlows, () => example(), [
  [
    "a rule that no flow asks for",
    (p) => open(p, "control", tcp(8443, { remote_ip_prefix: "0.0.0.0/0" })),
    /no flow asks for: control ingress IPv4 tcp 8443-8443 0\.0\.0\.0\/0/,
  ],
  [
    "a rule without protocol",
    (p) => open(p, "bridge", { remote_ip_prefix: "10.0.0.0/8" }),
    /bridge ingress IPv4 any 0-65535/,
  ],
  [
    "a rule without remote, which is anywhere",
    (p) => open(p, "monitor", tcp(443, {})),
    /monitor ingress IPv4 tcp 443-443 0\.0\.0\.0\/0/,
  ],
  [
    "a flow's rule a second time",
    (p) => open(p, "control", tcp(443, { remote_ip_prefix: "0.0.0.0/0" })),
    /stands here twice/,
  ],
  [
    "a rule of a group of nobody",
    (p) =>
      open(p, "control", tcp(443, { security_group_id: "11111111-1111-4111-8111-111111111111" })),
    /no flow asks for: unknown/,
  ],
  [
    "an address group in place of a range",
    (p) => open(p, "control", tcp(443, { remote_address_group_id: "x" })),
    /unreadable address group/,
  ],
  [
    "a missing rule",
    (p) => {
      const rules = p.stacks.get("lab").resource[RULE];
      const name = Object.keys(rules).find((n) =>
        n.startsWith("security_bridge-ingress-v6-udp-10000-from-internet"),
      );
      delete rules[name ?? ""];
      return group(p, "bridge");
    },
    /a flow asks for it, no rule gives it: bridge ingress IPv6 udp 10000-10000 ::\/0/,
  ],
  [
    "a wider range of ports",
    (p) => {
      const name = "security_bridge-ingress-v4-udp-10000-from-internet";
      body(p, RULE, name).port_range_max = 10001;
      return [subject(p, RULE, name), group(p, "bridge")];
    },
    /bridge ingress IPv4 udp 10000-1000[01]/,
  ],
  [
    "another peer",
    (p) => {
      const name = "security_control-ingress-v4-tcp-5222-from-bridge";
      body(p, RULE, name).remote_group_id = reference(p, "turn");
      return [subject(p, RULE, name), group(p, "control")];
    },
    /5222-5222 role (turn|bridge)/,
  ],
  [
    "a direction turned round",
    (p) => {
      const name = "security_control-ingress-v4-tcp-80-from-internet";
      body(p, RULE, name).direction = "egress";
      return [subject(p, RULE, name), group(p, "control")];
    },
    /control (in|e)gress IPv4 tcp 80-80/,
  ],
  [
    "a flow that is gone from the Blueprint",
    (p) => {
      p.blueprint.flows = p.blueprint.flows.filter(
        (flow: { id: string }) => flow.id !== "web-redirect",
      );
      return [4, 6].map((f) =>
        subject(p, RULE, `security_control-ingress-v${f}-tcp-80-from-internet`),
      );
    },
    /no flow asks for: control ingress IPv[46] tcp 80-80/,
  ],
  [
    "a second group of a role",
    (p) => {
      p.stacks.get("lab").resource[GROUP].spare = { ...body(p, GROUP, "security_turn_") };
      return `lab/${GROUP}.spare`;
    },
    /a second group of role turn/,
  ],
  [
    "the cloud's default rules left in a group",
    (p) => {
      delete body(p, GROUP, "security_turn_").delete_default_rules;
      return group(p, "turn");
    },
    /delete_default_rules is not true/,
  ],
  [
    "a group without memory of connections",
    (p) => {
      body(p, GROUP, "security_turn_").stateful = false;
      return group(p, "turn");
    },
    /stateful is false/,
  ],
  [
    "a port with another role's group",
    (p) => {
      body(p, PORT, "monitor-1_").security_group_ids = [reference(p, "control")];
      return subject(p, PORT, "monitor-1_");
    },
    /carries \["control"\], allowed: the group of role monitor alone/,
  ],
  [
    "a port with a second group",
    (p) => {
      body(p, PORT, "control-1_").security_group_ids.push("default");
      return subject(p, PORT, "control-1_");
    },
    /a group of nobody/,
  ],
  [
    "a port without groups",
    (p) => {
      delete body(p, PORT, "edge-1_").security_group_ids;
      return subject(p, PORT, "edge-1_");
    },
    /carries \[\]/,
  ],
  [
    "a public address on a host that is not to be public",
    (p) => {
      const port = subject(p, PORT, "monitor-1_").slice(4);
      p.stacks.get("lab").resource[ASSOCIATE].planted = {
        floating_ip: "203.0.113.99",
        port_id: `\${${port}.id}`,
      };
      return `lab/${ASSOCIATE}.planted`;
    },
    /on a host that is not to be public/,
  ],
  [
    "a public address allocated in the cluster's stack",
    (p) => {
      p.stacks.get("lab").resource[FLOATING] = { planted: { pool: "public" } };
      return `lab/${FLOATING}.planted`;
    },
    /outside the addresses stack/,
  ],
  [
    "a public address allocated for a host that is not to be public",
    (p) => {
      p.stacks.get("lab-addresses").resource[FLOATING].planted = {
        pool: "public",
        tags: ["polder-part=monitor-1"],
      };
      return `lab-addresses/${FLOATING}.planted`;
    },
    /for a host that is not to be public/,
  ],
  [
    "an allocated address that ties itself to a port",
    (p) => {
      body(p, FLOATING, "turn-1", "lab-addresses").port_id = "x";
      return `lab-addresses/${FLOATING}.turn-1`;
    },
    /port_id is set/,
  ],
  [
    "another host's public address",
    (p) => {
      body(p, ASSOCIATE, "turn-1_").floating_ip = "203.0.113.200";
      return subject(p, ASSOCIATE, "turn-1_");
    },
    /got "203\.0\.113\.200"/,
  ],
  [
    "a public address tied to another private one",
    (p) => {
      body(p, ASSOCIATE, "turn-1_").fixed_ip = "10.80.0.31";
      return subject(p, ASSOCIATE, "turn-1_");
    },
    /to "10\.80\.0\.31", allowed/,
  ],
  [
    "a group named by something else than its id",
    (p) => {
      body(p, PORT, "edge-1_").security_group_ids = [
        reference(p, "edge").replace(".id}", ".name}"),
      ];
      return subject(p, PORT, "edge-1_");
    },
    /a group of nobody/,
  ],
  [
    "a host that the Blueprint keeps private",
    (p) => {
      p.blueprint.hosts.find((h: { id: string }) => h.id === "edge-1").exposure.public = false;
      return [subject(p, ASSOCIATE, "edge-1_"), `lab-addresses/${FLOATING}.edge-1`];
    },
    /not to be public/,
  ],
  [
    "a server on a network of the cloud's choice",
    (p) => {
      body(p, SERVER, "monitor-1_").network.push({ name: "public" });
      return subject(p, SERVER, "monitor-1_");
    },
    /is on \{"name":"public"\}, allowed: its own port$/,
  ],
  [
    "a server on another host's port",
    (p) => {
      body(p, SERVER, "monitor-1_").network = body(p, SERVER, "edge-1_").network;
      return subject(p, SERVER, "monitor-1_");
    },
    /is on "edge-1"/,
  ],
  [
    "groups on the server itself",
    (p) => {
      body(p, SERVER, "turn-2_").security_groups = ["default"];
      return subject(p, SERVER, "turn-2_");
    },
    /groups belong on its ports/,
  ],
]);

bothWays(exposureEqualsFlows, () => example("lab-direct"), [
  [
    "a public port with another role's group",
    (p) => {
      body(p, PUBLIC_PORT, "bridge-1_", "lab-direct").security_group_ids = [
        reference(p, "control", "lab-direct"),
      ];
      return subject(p, PUBLIC_PORT, "bridge-1_", "lab-direct");
    },
    /carries \["control"\]/,
  ],
  [
    "a public port that keeps other groups",
    (p) => {
      body(p, PUBLIC_PORT, "bridge-1_", "lab-direct").enforce = false;
      return subject(p, PUBLIC_PORT, "bridge-1_", "lab-direct");
    },
    /enforce is not true/,
  ],
  [
    "a public port of nobody",
    (p) => {
      body(p, PUBLIC_PORT, "bridge-1_", "lab-direct").port_id = "x";
      return subject(p, PUBLIC_PORT, "bridge-1_", "lab-direct");
    },
    /no host that is to be public/,
  ],
  [
    "a private host on a public port",
    (p) => {
      const { publicAddress } = p.blueprint.hosts.find((h: { id: string }) => h.id === "turn-1");
      body(p, SERVER, "monitor-1_", "lab-direct").network.unshift({ port: publicAddress.id });
      return subject(p, SERVER, "monitor-1_", "lab-direct");
    },
    /allowed: its own port$/,
  ],
]);

bothWays(noManagementFromInternet, () => example(), [
  [
    "SSH from anywhere",
    (p) => open(p, "edge", tcp(22, { remote_ip_prefix: "0.0.0.0/0" })),
    /port 22 \(SSH\) to 0\.0\.0\.0\/0, which is the internet/,
  ],
  [
    "SSH from anywhere over IPv6",
    (p) => open(p, "edge", tcp(22, { ethertype: "IPv6", remote_ip_prefix: "::/0" })),
    /port 22/,
  ],
  ["SSH without a remote", (p) => open(p, "edge", tcp(22, {})), /port 22/],
  [
    "a port inside a wide range of ports",
    (p) => {
      const range = { protocol: "6", port_range_min: 5223, port_range_max: 5300 };
      const subject = open(p, "control", { ...range, remote_ip_prefix: "0.0.0.0/0" });
      // Each port of the range is a finding of its own.
      return [subject, subject, subject];
    },
    /port (5269|5280|5281)/,
  ],
  [
    "a range as wide as countries",
    (p) => open(p, "edge", tcp(22, { remote_ip_prefix: "80.0.0.0/8" })),
    /port 22/,
  ],
  [
    "the internet in two halves",
    (p) => [
      open(p, "edge", tcp(22, { remote_ip_prefix: "0.0.0.0/1" }), "half-1"),
      open(p, "edge", tcp(22, { remote_ip_prefix: "128.0.0.0/1" }), "half-2"),
    ],
    /which is the internet/,
  ],
  [
    "many ranges that together are as wide",
    (p) => [
      subject(p, RULE, "security_edge-ingress-v4-tcp-22"),
      ...[0, 128].map((second) =>
        open(p, "edge", tcp(22, { remote_ip_prefix: `80.${second}.0.0/9` }), `piece-${second}`),
      ),
    ],
    /with others as wide as the internet/,
  ],
  [
    "every protocol",
    (p) => open(p, "turn", { remote_ip_prefix: "198.51.100.0/24" }),
    /permits every protocol and port/,
  ],
  ...["0", "any", ""].map(
    (protocol) =>
      [
        `every protocol, written as "${protocol}"`,
        (p: Planted) => open(p, "turn", { protocol, remote_ip_prefix: "198.51.100.0/24" }),
        /permits every protocol and port/,
      ] as const,
  ),
  [
    "every protocol outwards",
    (p) => open(p, "turn", { direction: "egress" }),
    /permits every protocol and port \(egress/,
  ],
  [
    "a peer that can't be read",
    (p) => open(p, "control", tcp(8888, { remote_ip_prefix: "${var.anyone}" })),
    /nobody can say who that is/,
  ],
  [
    "a group that can't be read",
    (p) => open(p, "control", tcp(8080, { remote_group_id: "x" })),
    /nobody can say who that is/,
  ],
]);

bothWays(portsAreGuarded, () => planned(), [
  [
    "a port without port security",
    (p) => {
      body(p, PORT, "turn-1_").port_security_enabled = false;
      return [subject(p, PORT, "turn-1_"), subject(p, PORT, "turn-1_")];
    },
    /port_security_enabled is/,
  ],
  [
    "a port that leaves port security to the cloud",
    (p) => {
      delete body(p, PORT, "turn-1_").port_security_enabled;
      return subject(p, PORT, "turn-1_");
    },
    /port_security_enabled is not true/,
  ],
  [
    "further addresses on a port",
    (p) => {
      body(p, PORT, "bridge-1_").allowed_address_pairs = [{ ip_address: "0.0.0.0/0" }];
      return subject(p, PORT, "bridge-1_");
    },
    /allowed_address_pairs/,
  ],
  [
    "a port on the bare hardware",
    (p) => {
      body(p, PORT, "bridge-1_").binding = { vnic_type: "direct" };
      return subject(p, PORT, "bridge-1_");
    },
    /passes the filter by/,
  ],
  [
    "settings that no rule reads",
    (p) => {
      body(p, PORT, "bridge-1_").value_specs = { port_security_enabled: "false" };
      return subject(p, PORT, "bridge-1_");
    },
    /value_specs/,
  ],
  [
    "a port of the cluster without groups",
    (p) => {
      body(p, PORT, "edge-1_").no_security_groups = true;
      return subject(p, PORT, "edge-1_");
    },
    /outside the addresses stack/,
  ],
  [
    "a network that others may use",
    (p) => {
      body(p, "openstack_networking_network_v2", "zone-service").shared = true;
      return subject(p, "openstack_networking_network_v2", "zone-service");
    },
    /shared: others could put ports on it/,
  ],
  [
    "a network without port security",
    (p) => {
      body(p, "openstack_networking_network_v2", "zone-service").port_security_enabled = false;
      return subject(p, "openstack_networking_network_v2", "zone-service");
    },
    /port_security_enabled is not true/,
  ],
  [
    "a planned port without port security",
    (p) => {
      change(p, PORT, "turn-2_").change.after.port_security_enabled = false;
      return subject(p, PORT, "turn-2_");
    },
    /in the plan: port_security_enabled is false/,
  ],
  [
    "a planned port that keeps further addresses",
    (p) => {
      change(p, PORT, "turn-2_").change.after.allowed_address_pairs = [{ ip_address: "10.0.0.9" }];
      return subject(p, PORT, "turn-2_");
    },
    /in the plan: allowed_address_pairs/,
  ],
]);

/** The reserved ports stand, on a network that gives them port security. */
function reserved() {
  const p = planned("lab-direct");
  for (const c of p.plans.get("lab-direct-addresses").resource_changes) {
    becomes(c, ["no-op"]);
    c.change.after.port_security_enabled = true;
  }
  return p;
}

bothWays(portsAreGuarded, reserved, [
  ...[false, null].map(
    (value) =>
      [
        `a reserved port on a network without port security (${value})`,
        (p: ReturnType<typeof reserved>) => {
          const found = change(p, PORT, "edge-1", "lab-direct-addresses");
          found.change.after.port_security_enabled = value;
          return `lab-direct-addresses/${found.address}`;
        },
        /in the plan: (port_security_enabled is false|its network gives it no port security)/,
      ] as const,
  ),
]);

bothWays(portsAreGuarded, () => example("lab-direct"), [
  [
    "a reserved port that isn't closed",
    (p) => {
      delete body(p, PORT, "bridge-2", "lab-direct-addresses").no_security_groups;
      return `lab-direct-addresses/${PORT}.bridge-2`;
    },
    /a reserved port is closed until/,
  ],
]);
