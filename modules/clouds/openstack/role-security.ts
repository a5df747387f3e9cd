import { NetworkingSecgroupRuleV2 } from "@cdktf/provider-openstack/lib/networking-secgroup-rule-v2";
import { NetworkingSecgroupV2 } from "@cdktf/provider-openstack/lib/networking-secgroup-v2";
import { Construct } from "constructs";
import { type Blueprint, securityRules } from "../../planning/blueprint/index.ts";
import type { Role } from "../../planning/sizing/index.ts";
import { cloudName } from "../stack/index.ts";
import { tags } from "./names.ts";

/** One security group a role, with exactly the rules that the flows ask for, in both directions. */
export class RoleSecurity extends Construct {
  readonly #groups = new Map<Role, NetworkingSecgroupV2>();

  constructor(scope: Construct, id: string, blueprint: Blueprint) {
    super(scope, id);
    for (const { role } of blueprint.sizing.roles) {
      const group = new NetworkingSecgroupV2(this, role, {
        name: cloudName(blueprint, role),
        description: `Flows of the ${role} hosts; nothing else passes`,
        // The cloud's own defaults let everything out.
        deleteDefaultRules: true,
        tags: tags(blueprint, `role-${role}`),
      });
      this.#groups.set(role, group);
    }
    for (const rule of securityRules(blueprint.flows)) {
      const why = blueprint.flows
        .filter((f) => rule.flows.includes(f.id))
        .map((f) => `${f.id}: ${f.why}`);
      new NetworkingSecgroupRuleV2(this, rule.id, {
        securityGroupId: this.groupId(rule.role),
        direction: rule.direction,
        ethertype: rule.family === 4 ? "IPv4" : "IPv6",
        protocol: rule.protocol,
        portRangeMin: rule.ports[0],
        portRangeMax: rule.ports[1],
        ...("role" in rule.remote
          ? { remoteGroupId: this.groupId(rule.remote.role) }
          : { remoteIpPrefix: rule.remote.range }),
        description: why.join("; ").slice(0, 255),
      });
    }
  }

  /** Id of a role's group. @throws Error for a role without hosts. */
  groupId(role: Role): string {
    const group = this.#groups.get(role);
    if (!group) throw new Error(`the blueprint has no ${role} hosts`);
    return group.id;
  }
}
