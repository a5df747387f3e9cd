import type { Blueprint } from "../../planning/blueprint/index.ts";
import { canonical } from "../json.ts";
import {
  type Change,
  changesOf,
  driftOf,
  plannedName,
  plansOf,
  stays,
  takesAway,
  verbOf,
} from "../plan.ts";
import { defineRule, fail, failsOr, type Observation, pass } from "../rule.ts";
import { asResource, changeHoldsState, holdsState } from "../stateful.ts";
import { rebuildOf } from "./no-unnoticed-destruction.ts";

/**
 * What running hosts stand on. Rules and records may come and go: that is what flows and DNS do. So
 * may placement groups: they matter only at the moment at which a host starts.
 */
export const CARRIES_CALLS = new Set([
  "hcloud_firewall",
  "hcloud_network",
  "hcloud_network_subnet",
  "hcloud_primary_ip",
  "hcloud_server",
  "hcloud_volume_attachment",
  "hcloud_zone",
  "openstack_compute_instance_v2",
  "openstack_compute_volume_attach_v2",
  "openstack_dns_zone_v2",
  "openstack_networking_floatingip_v2",
  "openstack_networking_network_v2",
  "openstack_networking_port_v2",
  "openstack_networking_router_interface_v2",
  "openstack_networking_router_v2",
  "openstack_networking_secgroup_v2",
  "openstack_networking_subnet_route_v2",
  "openstack_networking_subnet_v2",
]);

/** Of each cloud's servers: what a change of restarts it, and how it says that it runs. */
const SERVERS: Readonly<
  Record<string, { restarts: readonly string[]; status: string; runs: string }>
> = {
  openstack_compute_instance_v2: {
    restarts: ["flavor_name"],
    status: "power_state",
    runs: "active",
  },
  // Of a running server the API takes none of these, so the provider switches it off.
  hcloud_server: {
    restarts: ["server_type", "public_net", "placement_group_id"],
    status: "status",
    runs: "running",
  },
};
const isServer = ({ type }: Change): boolean => Object.hasOwn(SERVERS, type);

/**
 * Apart from `no-unnoticed-destruction`, because this one may be waived: hosts without state come back
 * by themselves, so replacing one after it was drained is a decision that a person can answer for.
 */
export const noUnnoticedInterruption = defineRule({
  id: "no-unnoticed-interruption",
  level: "error",
  what: "the plan replaces, rebuilds, resizes or deletes nothing that running hosts need, and recreates nothing that vanished; a resource that the plan deletes because the Blueprint no longer has it is reported by name",
  why: "Whoever is in a meeting would be thrown out: a person waits until no meeting runs there, and answers for it by a waiver with a date.",
  norms: ["BIO2 8.32.01"],
  looksAt: "plan",
  check: (input) =>
    plansOf(input).flatMap(([stack, plan]) => {
      const changes = changesOf(stack, plan);
      const seen = changes
        .filter(
          (change) => CARRIES_CALLS.has(change.type) && !changeHoldsState(input.blueprint, change),
        )
        .flatMap((change) => interruption(input.blueprint, change));
      const resized = changes.flatMap((change) => {
        const name = restart(change);
        return name
          ? [
              fail(
                change.subject,
                `the plan resizes it or gives it another network, so it restarts: ${name} changes`,
              ),
            ]
          : [];
      });
      const gone = driftOf(stack, plan)
        .filter((drift) => drift.actions.includes("delete") && losesData(input.blueprint, drift))
        .map((drift) =>
          fail(
            drift.subject,
            "gone from the cloud since the last apply: the plan would make another, empty one",
          ),
        );
      return failsOr(
        [...seen, ...resized, ...gone],
        stack,
        `${changes.length} changes read: running hosts run on`,
      );
    }),
});

/** What can't be made again as it was. A host can: its state is on its volumes. */
const losesData = (blueprint: Blueprint, drift: Change): boolean =>
  !isServer(drift) && holdsState(blueprint, asResource(drift, drift.before));

function interruption(blueprint: Blueprint, change: Change): Observation[] {
  if (neverCameUp(change)) {
    return [pass(change.subject, "the plan replaces it: it never came up")];
  }
  if (takesAway(change)) {
    if (!stays(change) && !isPlanned(blueprint, change)) {
      return [
        pass(
          change.subject,
          `the plan ${verbOf(change)} it, and the Blueprint no longer has it (${change.reason})`,
        ),
      ];
    }
    return [
      fail(
        change.subject,
        `the plan ${verbOf(change)} it (${change.reason}): wait until no meeting runs on it, then waive this for the day`,
      ),
    ];
  }
  const rebuilt = rebuildOf(change);
  return rebuilt ? [fail(change.subject, `the plan rebuilds it: ${rebuilt} changes`)] : [];
}

/** Tainted and not running: its creation failed. A running one was tainted by somebody's hand. */
export const neverCameUp = (change: Change): boolean =>
  change.reason.startsWith("replace_because_tainted") &&
  change.before[SERVERS[change.type]?.status ?? "power_state"] !== SERVERS[change.type]?.runs;

/** Whether the Blueprint still has the part. What says of no part whose it is counts as still there. */
function isPlanned({ hosts, sizing, zones }: Blueprint, change: Change): boolean {
  const part = plannedName(change);
  if (part === undefined) return !UNLABELLED.includes(change.type);
  return [
    "router",
    "network",
    ...hosts.map((host) => host.id),
    ...hosts.flatMap((host) => host.volumes.map((volume) => volume.id)),
    ...zones.map((zone) => `zone-${zone.name}`),
    ...sizing.roles.map(({ role }) => `role-${role}`),
  ].includes(part);
}

/** What belongs to a host and can't say so. */
const UNLABELLED = ["openstack_compute_volume_attach_v2", "hcloud_volume_attachment"];

/** The attribute whose change restarts a running server, if one does. */
export const restart = (change: Change): string | undefined =>
  change.actions.includes("update")
    ? SERVERS[change.type]?.restarts.find(
        (name) =>
          change.afterUnknown[name] !== true &&
          canonical(change.before[name]) !== canonical(change.after[name]),
      )
    : undefined;
