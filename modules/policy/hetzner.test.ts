import { describe, expect, it } from "vitest";
import { example, planned } from "../../lab/testing/examples.ts";
import { evaluate } from "./engine.ts";
import { privateNetworkIsClosed } from "./hetzner/private-network-is-closed.ts";
import { PACKS } from "./packs.ts";
import { explainedByBlueprint } from "./rules/explained-by-blueprint.ts";
import { exposureEqualsFlows } from "./rules/exposure-equals-flows.ts";
import { labelled } from "./rules/labelled.ts";
import { mailAndCaLocked } from "./rules/mail-and-ca-locked.ts";
import { noManagementFromInternet } from "./rules/no-management-from-internet.ts";
import { noUnnoticedDestruction } from "./rules/no-unnoticed-destruction.ts";
import { noUnnoticedInterruption } from "./rules/no-unnoticed-interruption.ts";
import { planIsOfThisBlueprint } from "./rules/plan-is-of-this-blueprint.ts";
import { providerPinned } from "./rules/provider-pinned.ts";
import { runningHostsAreKept } from "./rules/running-hosts-are-kept.ts";
import { stateIsProtected } from "./rules/state-is-protected.ts";
import { userDataIsIdentity } from "./rules/user-data-is-identity.ts";
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

const NAME = "eea-voorbeeld";
const ADDRESSES = `${NAME}-addresses`;
const start = () => example(NAME);
const plans = () => planned(NAME);
const put = (p: Planted, type: string, name: string, values: object, stack = NAME) =>
  set(p, `hcloud_${type}`, name, values, stack);
const at = (p: Planted, type: string, name: string, stack = NAME): string =>
  subject(p, `hcloud_${type}`, name, stack);
/** IPv4 and IPv6 are each reported. */
const twice = (one: string): string[] => [one, one];
const rules = (p: Planted, name: string): Loose[] => body(p, "hcloud_firewall", name, NAME).rule;

describe("the packs of both clouds", () => {
  it("have the same rules, but the one for the cloud's own network", () => {
    const ids = ({ rules: list }: (typeof PACKS)["hetzner"]) => list.map((rule) => rule.id);
    const [one, other] = [ids(PACKS.openstack), ids(PACKS.hetzner)];
    expect(one.filter((id) => !other.includes(id))).toEqual(["ports-are-guarded"]);
    expect(other.filter((id) => !one.includes(id))).toEqual(["private-network-is-closed"]);
  });

  it("are not taken for each other: OpenStack's documents fail Hetzner's pack", () => {
    const verdicts = evaluate(asInput(example()), AS_OF, PACKS.hetzner);
    expect(verdicts.filter((f) => f.id === "private-network-is-closed")[0]?.verdict).toBe(
      "not-tested",
    );
  });
});

bothWays(exposureEqualsFlows, start, [
  [
    "a port that no flow asks for",
    (p) => {
      rules(p, "firewall_control").push({
        direction: "in",
        protocol: "tcp",
        port: "8443",
        source_ips: ["0.0.0.0/0"],
      });
      return at(p, "firewall", "firewall_control");
    },
    /no flow asks for: control ingress IPv4 tcp 8443-8443 0\.0\.0\.0\/0/,
  ],
  [
    "a rule that is missing",
    (p) => {
      const list = rules(p, "firewall_bridge");
      list.splice(
        list.findIndex((rule) => rule.port === "10000"),
        1,
      );
      return twice(at(p, "firewall", "firewall_bridge"));
    },
    /no rule gives it: bridge ingress IPv[46] udp 10000-10000/,
  ],
  [
    "any port",
    (p) => {
      Object.assign(rules(p, "firewall_edge").find((rule) => rule.port === "22") as object, {
        port: "any",
      });
      return Array(4).fill(at(p, "firewall", "firewall_edge"));
    },
    /no flow asks for: edge ingress IPv[46] tcp 0-65535|no rule gives it: edge ingress/,
  ],
  [
    "a server without its firewall",
    (p) => put(p, "server", "bridge-1", { firewall_ids: [] }),
    /allowed: the firewall of role bridge alone/,
  ],
  [
    "another role's firewall",
    (p) =>
      put(p, "server", "edge-1", {
        firewall_ids: body(p, "hcloud_server", "bridge-1", NAME).firewall_ids,
      }),
    /carries \["role-bridge"\]/,
  ],
  [
    "something that the monitor lets in: its address is a way out",
    (p) => {
      rules(p, "firewall_monitor").push({
        direction: "in",
        protocol: "tcp",
        port: "19532",
        source_ips: ["0.0.0.0/0"],
      });
      return at(p, "firewall", "firewall_monitor");
    },
    /no flow asks for: monitor ingress IPv4 tcp 19532-19532/,
  ],
  [
    "an address on a host that is to have none",
    (p) => {
      const monitor = p.blueprint.hosts.find((one: Loose) => one.id === "monitor-1");
      monitor.exposure.addressed = false;
      delete monitor.publicAddress;
      const own = ["ipv4", "ipv6"].map((type) =>
        at(p, "primary_ip", `monitor-1-${type}`, ADDRESSES),
      );
      const firewall = at(p, "firewall", "firewall_monitor");
      const server = at(p, "server", "monitor-1");
      const rules = body(p, "hcloud_firewall", "firewall_monitor", NAME).rule;
      const tuples = rules.flatMap((rule: Loose) => rule.destination_ips);
      return [...tuples.map(() => firewall), firewall, server, server, server, ...own];
    },
    /is not switched off|is to have none|allowed: none|no flow asks|no role whose hosts/,
  ],
  [
    "a server to which the cloud gives addresses",
    (p) => put(p, "server", "monitor-1", { public_net: null }),
    /exactly one block is needed/,
  ],
  [
    "another host's address",
    (p) =>
      twice(
        put(p, "server", "edge-1", {
          public_net: body(p, "hcloud_server", "bridge-1", NAME).public_net,
        }),
      ),
    /got \d+, allowed: \d+/,
  ],
  [
    "a firewall that spreads by itself",
    (p) => put(p, "firewall", "firewall_turn", { apply_to: [{ label_selector: "polder=1" }] }),
    /apply_to is set/,
  ],
  [
    "an address that goes with its server",
    (p) => put(p, "primary_ip", "edge-1-ipv4", { auto_delete: true }, ADDRESSES),
    /auto_delete is not false/,
  ],
]);

bothWays(noManagementFromInternet, start, [
  [
    "SSH from everywhere",
    (p) => {
      Object.assign(rules(p, "firewall_edge").find((rule) => rule.port === "22") as object, {
        source_ips: ["0.0.0.0/0"],
      });
      return at(p, "firewall", "firewall_edge");
    },
    /opens port 22 \(SSH\) to 0\.0\.0\.0\/0/,
  ],
]);

bothWays(privateNetworkIsClosed, start, [
  [
    "a vSwitch",
    (p) => put(p, "network_subnet", "private_service", { type: "vswitch", vswitch_id: 4711 }),
    /brings machines outside the project in/,
  ],
  [
    "routes shown to a vSwitch",
    (p) => put(p, "network", "private_network", { expose_routes_to_vswitch: true }),
    /learn the way in/,
  ],
  [
    "further addresses",
    (p) => {
      body(p, "hcloud_server", "turn-1", NAME).network[0].alias_ips = ["10.84.0.99"];
      return at(p, "server", "turn-1");
    },
    /send and receive as others/,
  ],
]);

bothWays(stateIsProtected, start, [
  [
    "a volume that the API would delete",
    (p) => put(p, "volume", "control-1", { delete_protection: false }),
    /delete_protection is not true/,
  ],
  [
    "a server that may be rebuilt",
    (p) => put(p, "server", "monitor-1", { rebuild_protection: null }),
    /rebuild_protection/,
  ],
  [
    "an address without prevent_destroy",
    (p) => put(p, "primary_ip", "edge-1-ipv6", { lifecycle: {} }, ADDRESSES),
    /prevent_destroy is not true/,
  ],
]);

bothWays(runningHostsAreKept, start, [
  [
    "another image",
    (p) => put(p, "server", "edge-1", { lifecycle: { ignore_changes: ["user_data"] } }),
    /lacks image/,
  ],
]);

bothWays(userDataIsIdentity, start, [
  [
    "a key beside it",
    (p) => put(p, "server", "edge-1", { ssh_keys: ["somebody"] }),
    /sets ssh_keys/,
  ],
]);

bothWays(labelled, start, [
  [
    "another instance's label",
    (p) =>
      doing(
        Object.assign(body(p, "hcloud_volume", "control-1", NAME).labels, {
          polder_instance: "lab",
        }),
        NAME,
      ) && at(p, "volume", "control-1"),
    /labels polder_instance: got "lab"/,
  ],
]);

bothWays(mailAndCaLocked, start, [
  [
    "a zone without CAA",
    (p) =>
      doing(
        without(p, "hcloud_zone_rrset", "dns_apex-caa", NAME),
        `${NAME}/zone ${p.blueprint.dns.zone}`,
      ),
    /CAA: got \[\]/,
  ],
  [
    "mail for a name below it",
    (p) => {
      const { resource } = p.stacks.get(NAME);
      resource.hcloud_zone_rrset.mail = { zone: "x", name: "post", type: "MX", records: [] };
      return `${NAME}/hcloud_zone_rrset.mail`;
    },
    /takes mail/,
  ],
]);

bothWays(providerPinned, start, [
  [
    "another source",
    (p) => {
      p.stacks.get(NAME).terraform.required_providers.hcloud.source = "elsewhere/hcloud";
      return NAME;
    },
    /allowed: hetznercloud\/hcloud/,
  ],
]);

bothWays(explainedByBlueprint, start, [
  [
    "another machine",
    (p) => put(p, "server", "bridge-1", { server_type: "cx23" }),
    /server_type: got "cx23"/,
  ],
  [
    "another site",
    (p) => put(p, "volume", "control-1", { location: "ash" }),
    /location: got "ash"/,
  ],
  [
    "a reverse name that points elsewhere",
    (p) => put(p, "rdns", "control-1_reverse-a_", { dns_ptr: "elsewhere.example" }),
    /dns_ptr: got "elsewhere.example"/,
  ],
  [
    "a server of nobody",
    (p) => {
      const { hcloud_server: servers } = p.stacks.get(NAME).resource;
      servers.planted = { ...body(p, "hcloud_server", "turn-1", NAME), labels: {} };
      return `${NAME}/hcloud_server.planted`;
    },
    /nothing of this Blueprint asks for it/,
  ],
]);

bothWays(planIsOfThisBlueprint, plans, [
  [
    "a plan of another size",
    (p) => {
      change(p, "hcloud_volume", "control-1", NAME).change.after.size = 11;
      return at(p, "volume", "control-1");
    },
    /size: the plan has 11/,
  ],
]);

bothWays(noUnnoticedDestruction, plans, [
  [
    "an address that is replaced",
    (p) => {
      becomes(change(p, "hcloud_primary_ip", "control-1-ipv4", ADDRESSES), ["delete", "create"]);
      return at(p, "primary_ip", "control-1-ipv4", ADDRESSES);
    },
    /holds state and the plan replaces it/,
  ],
]);

bothWays(noUnnoticedInterruption, plans, [
  [
    "a bridge that gets another size",
    (p) => {
      becomes(change(p, "hcloud_server", "bridge-1", NAME), ["update"], { server_type: "ccx13x" });
      return at(p, "server", "bridge-1");
    },
    /so it restarts: server_type changes/,
  ],
  [
    "a subnet that goes",
    (p) => {
      becomes(change(p, "hcloud_network_subnet", "private_service", NAME), ["delete", "create"]);
      return at(p, "network_subnet", "private_service");
    },
    /the plan replaces it/,
  ],
]);
