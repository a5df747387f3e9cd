import type { Blueprint } from "../../planning/blueprint/index.ts";
import { addressesStack, allResources, clusterStack, ofType, type Resource } from "../document.ts";
import { publicTrafficOnly } from "../hetzner/firewalls.ts";
import { allocated, attached } from "../openstack/attachments.ts";
import { defineRule, fail, failsOr, type Observation } from "../rule.ts";
import { readRule, rolesOfGroups, tupleOf, tuplesOfFlows } from "../tuples.ts";

export const exposureEqualsFlows = defineRule({
  id: "exposure-equals-flows",
  level: "error",
  what: "the cloud's packet filter permits exactly the Blueprint's flows (at Hetzner those from and to the outside: its firewalls see no other), each host carries exactly its role's group, and only hosts that are to have a public address have one",
  why: "Otherwise the network could let through something that nobody decided, and the register of exposure would be wrong.",
  norms: ["BIO2 5.14.04", "BIO2 8.22.01", "ISO 27002 8.22"],
  looksAt: "stacks",
  check: (input) => {
    const { blueprint } = input;
    const all = allResources(input);
    const cluster = all.filter((r) => r.stack === clusterStack(blueprint));
    const addresses = all.filter((r) => r.stack === addressesStack(blueprint));
    if (blueprint.cloud.provider === "hetzner")
      return publicTrafficOnly(blueprint, cluster, addresses);
    return [
      ...(cluster.length > 0 ? groups(blueprint, cluster) : []),
      ...cluster.flatMap((resource) => attached(blueprint, cluster, resource)),
      ...addresses.flatMap((resource) => allocated(blueprint, resource)),
    ];
  },
});

/** Every role's group against the flows. */
function groups(blueprint: Blueprint, cluster: readonly Resource[]): Observation[] {
  const roles = rolesOfGroups(cluster);
  const wanted = tuplesOfFlows(blueprint.flows);
  const found = new Map<string, Resource>();
  const fails: Observation[] = [];
  for (const resource of ofType(cluster, "openstack_networking_secgroup_rule_v2")) {
    const tuple = tupleOf(readRule(resource, roles));
    if (!wanted.has(tuple)) fails.push(fail(resource.subject, `no flow asks for: ${tuple}`));
    else if (found.has(tuple)) fails.push(fail(resource.subject, `stands here twice: ${tuple}`));
    found.set(tuple, resource);
  }
  return [
    ...fails,
    ...blueprint.sizing.roles.flatMap(({ role }) => {
      const [group, ...others] = ofType(cluster, "openstack_networking_secgroup_v2").filter(
        (r) => roles.get(r.address) === role,
      );
      if (!group) return [fail(`${blueprint.instance}/role ${role}`, "has no security group")];
      if (others.length > 0) {
        return others.map((r) => fail(r.subject, `a second group of role ${role}`));
      }
      const own = [...wanted].filter((tuple) => tuple.startsWith(`${role} `));
      const missing = own
        .filter((tuple) => !found.has(tuple))
        .map((tuple) => fail(group.subject, `a flow asks for it, no rule gives it: ${tuple}`));
      if (group.body["delete_default_rules"] !== true) {
        missing.push(
          fail(
            group.subject,
            "delete_default_rules is not true: the cloud's own rules let everything out",
          ),
        );
      }
      if (group.body["stateful"] === false) {
        missing.push(
          fail(group.subject, "stateful is false: then replies need rules of their own"),
        );
      }
      return failsOr(
        missing,
        group.subject,
        `every one of the ${own.length} permissions of role ${role} is there`,
      );
    }),
  ];
}
