import { Firewall } from "@cdktf/provider-hcloud/lib/firewall";
import { Token } from "cdktf";
import { Construct } from "constructs";
import { type Blueprint, securityRules } from "../../planning/blueprint/index.ts";
import type { Role } from "../../planning/sizing/index.ts";
import { cloudName, labels, publicHosts } from "../stack/index.ts";

/** Characters that the API takes for a rule's description. */
const DESCRIPTION = 255;

/**
 * One firewall a role with public hosts, with exactly the rules that the flows from and to the
 * outside ask for, in both directions. Hetzner's firewalls see public traffic only: what goes over
 * the private network, and what a host without a public address does, is left to the hosts' own
 * packet filters. Where no rule is for a direction, nothing comes in and everything goes out; every
 * role has a rule for going out, so what has none is dropped both ways.
 */
export class RoleFirewalls extends Construct {
  readonly #firewalls = new Map<Role, Firewall>();

  constructor(scope: Construct, id: string, blueprint: Blueprint) {
    super(scope, id);
    for (const role of new Set(publicHosts(blueprint).map((host) => host.role)))
      this.#firewalls.set(
        role,
        new Firewall(this, role, {
          name: cloudName(blueprint, role),
          labels: labels(blueprint, `role-${role}`),
          rule: rulesOf(blueprint, role),
        }),
      );
  }

  /** Id of a role's firewall. @throws Error for a role without public hosts. */
  firewallId(role: Role): number {
    const firewall = this.#firewalls.get(role);
    if (!firewall) throw new Error(`the blueprint has no public ${role} hosts`);
    return Token.asNumber(firewall.id);
  }
}

/** A role's rules: IPv4 and IPv6 of one port stand in one rule there. */
function rulesOf({ flows }: Blueprint, role: Role) {
  const rules = new Map<string, { ranges: string[]; flows: Set<string> }>();
  for (const rule of securityRules(flows)) {
    if (rule.role !== role || !("range" in rule.remote)) continue;
    const [from, to] = rule.ports;
    const key = `${rule.direction} ${rule.protocol} ${from === to ? from : `${from}-${to}`}`;
    const known = rules.get(key) ?? { ranges: [], flows: new Set() };
    known.ranges.push(rule.remote.range);
    for (const flow of rule.flows) known.flows.add(flow);
    rules.set(key, known);
  }
  return [...rules].map(([key, { ranges, flows: asking }]) => {
    const [direction, protocol = "", port = ""] = key.split(" ");
    const why = flows.filter((f) => asking.has(f.id)).map((f) => `${f.id}: ${f.why}`);
    return {
      direction: direction === "ingress" ? "in" : "out",
      protocol,
      port,
      ...(direction === "ingress" ? { sourceIps: ranges } : { destinationIps: ranges }),
      description: why.join("; ").slice(0, DESCRIPTION),
    };
  });
}
