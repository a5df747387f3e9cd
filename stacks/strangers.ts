import type { Blueprint } from "../modules/blueprint/index.ts";
import type { Finding } from "../modules/findings/index.ts";
import type { Item, Listing } from "../modules/openstack-api/index.ts";
import type { PlanJson } from "../modules/policy/index.ts";
import type { LoadedInstance } from "../modules/workspace/index.ts";
import { belongsTo, connect } from "./cloud-objects.ts";

/** An object of the cloud that Terraform shall take into its state, as an `import` block says it. */
export interface Adoption {
  readonly to: string;
  readonly id: string;
}

export interface Strangers {
  /** Security rules that equal one that is planned: an interrupted run made them. */
  readonly adopt: readonly Adoption[];
  readonly findings: readonly Finding[];
}

/** The part of a plan that is read here. */
interface Plan {
  readonly prior_state?: {
    readonly values?: {
      readonly root_module?: { readonly resources?: readonly { readonly values: Item }[] };
    };
  };
  readonly resource_changes?: readonly {
    readonly address: string;
    readonly type: string;
    readonly change: {
      readonly actions: readonly string[];
      readonly after: Item | null;
      readonly importing?: { readonly id: string };
    };
  }[];
}

const ID = "cloud-holds-nothing-else";

/** What a rule allows: two rules of one group with the same can't both exist. */
const ruleKey = (rule: Item): string =>
  [
    "security_group_id",
    "direction",
    "ethertype",
    "protocol",
    "port_range_min",
    "port_range_max",
    "remote_group_id",
    "remote_ip_prefix",
  ]
    .map((name) => rule[name] || "")
    .join(" ");

/**
 * Looks for what the cloud holds of an instance and no state knows.
 *
 * @throws CloudFailure
 */
export async function findStrangers(
  loaded: LoadedInstance,
  plans: ReadonlyMap<string, PlanJson>,
): Promise<Strangers> {
  const { blueprint } = loaded;
  // A plan of the addresses alone doesn't know what the cluster's state holds.
  if (blueprint.addresses.state !== "allocated") return { adopt: [], findings: [] };
  return strangersIn(await (await connect(blueprint)).listAll(), blueprint, plans);
}

/**
 * What the cloud holds of an instance and no state knows: made by hand, or by a run that was killed
 * before it could write its state. Terraform never looks for such things, and a security rule among
 * them opens what no plan shows.
 */
export function strangersIn(
  cloud: Listing,
  blueprint: Blueprint,
  plans: ReadonlyMap<string, PlanJson>,
): Strangers {
  const all = [...plans.values()] as Plan[];
  const known = new Set(
    all.flatMap((plan) => [
      ...(plan.prior_state?.values?.root_module?.resources ?? []).map((r) =>
        String(r.values["id"]),
      ),
      ...(plan.resource_changes ?? []).map((c) => c.change.importing?.id ?? ""),
    ]),
  );
  const planned = new Map(
    all
      .flatMap((plan) => plan.resource_changes ?? [])
      .filter((c) => c.type === "openstack_networking_secgroup_rule_v2")
      .filter((c) => c.change.actions.join() === "create" && c.change.after)
      .map((c) => [ruleKey(c.change.after ?? {}), c.address]),
  );
  const adopt: Adoption[] = [];
  const findings: Finding[] = [];
  const fail = (subject: string, message: string) =>
    findings.push({ id: ID, verdict: "fail", subject, message });
  const groups = cloud.securityGroups.filter((group) => belongsTo(group, blueprint));
  for (const group of groups.filter((group) => known.has(String(group["id"])))) {
    for (const rule of group["security_group_rules"] as readonly Item[]) {
      const id = String(rule["id"]);
      if (known.has(id)) continue;
      const to = planned.get(ruleKey(rule));
      if (to) adopt.push({ to, id });
      else
        fail(
          `security rule ${id}`,
          `the cloud's group ${group["name"]} also has ${describe(rule)}, which no plan made: delete it in the cloud (openstack security group rule delete ${id})`,
        );
    }
  }
  for (const [kind, items] of Object.entries(cloud)) {
    for (const item of items.filter((item) => belongsTo(item, blueprint))) {
      const id = kind === "records" ? `${item["zone_id"]}/${item["id"]}` : String(item["id"]);
      // The zone's own records, and what is being deleted in the background.
      if (["SOA", "NS"].includes(String(item["type"])) || item["action"] === "DELETE") continue;
      if (known.has(id)) continue;
      fail(
        `${kind} ${item["name"] || item["floating_ip_address"]}`,
        `the cloud holds ${item["id"]}, which is in no state: made by hand, or by a run that was killed; delete it in the cloud`,
      );
    }
  }
  if (findings.length === 0)
    findings.push({
      id: ID,
      verdict: "pass",
      subject: blueprint.instance,
      message: "the cloud holds nothing of it that is in no state",
    });
  return { adopt, findings };
}

const describe = (rule: Item): string =>
  [
    rule["direction"],
    rule["ethertype"],
    rule["protocol"] ?? "any protocol",
    rule["port_range_min"] === null
      ? "any port"
      : `${rule["port_range_min"]}-${rule["port_range_max"]}`,
    rule["remote_ip_prefix"] ?? rule["remote_group_id"] ?? "from anywhere",
  ].join(" ");
