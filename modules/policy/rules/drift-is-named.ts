import { resourcesIn } from "../document.ts";
import { at, canonical, isObject, isSet, type JsonObject, listOf, shown } from "../json.ts";
import { type Change, changesOf, driftOf, plannedName, plansOf } from "../plan.ts";
import { defineRule, fail, type Observation, pass } from "../rule.ts";
import type { PolicyInput } from "../types.ts";

/** What the cloud itself writes into a resource after it was made, when another is put on it. */
const BY_THE_CLOUD: Readonly<Record<string, readonly string[]>> = {
  // The name: nova gives it the server's (2025.1, seen 2026-11-28).
  openstack_networking_port_v2: ["binding", "device_id", "device_owner", "dns_name", "mac_address"],
  openstack_networking_floatingip_v2: ["fixed_ip", "port_id", "subnet_id"],
  openstack_networking_router_v2: ["external_fixed_ip", "enable_snat"],
  openstack_networking_network_v2: ["segments", "external", "transparent_vlan"],
  openstack_compute_instance_v2: ["access_ip_v4", "access_ip_v6", "network", "power_state"],
  openstack_compute_servergroup_v2: ["members"],
  openstack_dns_zone_v2: ["disable_status_check"],
  hcloud_primary_ip: ["assignee_id", "assignee_type"],
  hcloud_volume: ["server_id"],
  hcloud_server: ["network"],
  // The servers that name it; which firewalls a server has, the server itself says.
  hcloud_firewall: ["apply_to"],
};

export const driftIsNamed = defineRule({
  id: "drift-is-named",
  level: "warning",
  what: "what somebody changed in the cloud since the last apply is reported in words, and the plan puts it back",
  why: "A lock or a filter that was changed by hand shows that somebody has the project's credential and bypasses polder.",
  norms: ["BIO2 8.32.01"],
  looksAt: "plan",
  check: (input) =>
    plansOf(input).flatMap(([stack, plan]) => {
      const changes = changesOf(stack, plan);
      const drift = driftOf(stack, plan).filter((change) => change.mode === "managed");
      const seen = drift.flatMap((one) => observed(input, one, changes));
      return seen.length > 0
        ? seen
        : [pass(stack, `${drift.length} changes outside Terraform read: none by hand`)];
    }),
});

function observed(input: PolicyInput, drift: Change, changes: readonly Change[]): Observation[] {
  const { stack, address, subject } = drift;
  const name = plannedName(drift) ?? address;
  const next = changes.find(
    (change) => change.address === address && !isSet(change.entry["deposed"]),
  );
  if (drift.actions.includes("delete"))
    return [
      warning(
        subject,
        `${name} was deleted outside Terraform${next?.actions.includes("create") ? "; the plan makes it again" : ""}`,
      ),
    ];
  const written = resourcesIn(stack, input.stacks.get(stack)).find((r) => r.address === address);
  const ignored = listOf(at(written?.body, "lifecycle", "ignore_changes")).map(String);
  const skip = [...ignored, ...(BY_THE_CLOUD[drift.type] ?? [])];
  const changed = changedIn(drift).filter(
    (argument) => !skip.includes(argument) && isSettable(input, drift.type, argument),
  );
  // Of what was being made when an apply was cut short, the state has the id alone, and the plan makes it anew.
  const isCut = next?.reason.startsWith("replace_because_tainted") ?? false;
  const unread = isCut ? changed.filter((argument) => !isSet(drift.before[argument])) : [];
  const named = changed
    .filter((argument) => !unread.includes(argument))
    .map((argument): Observation => {
      const [from, to] = [drift.before[argument], drift.after[argument]];
      const hidden = isSensitive(drift, argument);
      const words = hidden ? "" : `: ${shown(from)} -> ${shown(to)}`;
      const what = `${name}: ${argument} was changed outside Terraform${words}`;
      // Nothing stays of what goes.
      if (next?.actions.includes("delete"))
        return warning(
          subject,
          `${what}; the plan ${next.actions.includes("create") ? "makes it anew" : "deletes it"}`,
        );
      const isBack = next !== undefined && canonical(next.after[argument]) === canonical(from);
      if (isBack) return warning(subject, `${what}; the plan puts it back`);
      return isSet(written?.body[argument])
        ? fail(subject, `${what}, and the plan leaves it so`)
        : warning(subject, `${what}, and no document says what it must be`);
    });
  if (unread.length === 0) return named;
  const cut = `${name} is of an apply that was cut short before it knew ${unread.join(", ")}; the plan makes it anew`;
  return [warning(subject, cut), ...named];
}

const warning = (subject: string, message: string): Observation => ({
  ...pass(subject, message),
  warns: true,
});

const changedIn = ({ before, after }: Change): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .filter((name) => canonical(emptied(before[name])) !== canonical(emptied(after[name])));

/** Nothing, an empty list and an empty text are one to a provider that reads its cloud again. */
const emptied = (value: unknown): unknown =>
  value === "" || ["[]", "{}"].includes(JSON.stringify(value)) ? null : value;

/** Whether a person could have set it: not so what the provider only reads. */
function isSettable({ schema }: PolicyInput, type: string, argument: string): boolean {
  const blocks = Object.values(schema.provider_schemas).flatMap(
    (provider) => provider.resource_schemas?.[type]?.block ?? [],
  );
  const found = blocks.map((block) => block.attributes?.[argument]).find((one) => one);
  if (found) return found.optional === true || found.required === true;
  return blocks.some((block) => Object.hasOwn(block.block_types ?? {}, argument));
}

const isSensitive = (change: Change, argument: string): boolean =>
  [change.beforeSensitive, change.afterSensitive].some(
    (marks: unknown) => isObject(marks) && hasMark((marks as JsonObject)[argument]),
  );
const hasMark = (mark: unknown): boolean =>
  mark === true || (typeof mark === "object" && mark !== null && Object.values(mark).some(hasMark));
