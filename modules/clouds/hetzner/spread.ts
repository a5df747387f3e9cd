import { PlacementGroup } from "@cdktf/provider-hcloud/lib/placement-group";
import { Token } from "cdktf";
import { Construct } from "constructs";
import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import { cloudName, labels } from "../stack/index.ts";

/** Servers that one group takes; see `antiAffinityHosts` in the location's record. */
const GROUP = 10;

const groupOf = (host: Host): string => {
  const number = Math.ceil(Number(host.id.slice(host.role.length + 1)) / GROUP);
  return number === 1 ? host.role : `${host.role}-group-${number}`;
};

/**
 * Groups whose servers never share a machine. One takes ten, so a larger role has several, and two
 * servers of different groups may share one: that is what soft anti-affinity is here.
 */
export class Spread extends Construct {
  readonly #groups = new Map<string, PlacementGroup>();

  constructor(scope: Construct, id: string, blueprint: Blueprint) {
    super(scope, id);
    for (const host of blueprint.hosts) {
      const name = groupOf(host);
      if (this.#groups.has(name)) continue;
      const group = new PlacementGroup(this, name, {
        name: cloudName(blueprint, name),
        type: "spread",
        labels: labels(blueprint, `role-${host.role}`),
      });
      this.#groups.set(name, group);
    }
  }

  /** Id of a host's group. @throws Error for a host that the Blueprint lacks. */
  groupId(host: Host): number {
    const group = this.#groups.get(groupOf(host));
    if (!group) throw new Error(`the blueprint has no ${host.id}`);
    return Token.asNumber(group.id);
  }
}
