import { canonical, isSet } from "../json.ts";
import { type Change, changesOf, plansOf, takesAway, verbOf } from "../plan.ts";
import { defineRule, fail, failsOr, type Observation } from "../rule.ts";
import { changeHoldsState, isProtected } from "../stateful.ts";

/** Attributes whose change makes a cloud rebuild a server in place: a new, empty system disk. */
const REBUILDS: Readonly<Record<string, readonly string[]>> = {
  openstack_compute_instance_v2: ["image_id", "image_name", "personality"],
  // Another image replaces the server there, which is seen as such.
  hcloud_server: [],
};

export const noUnnoticedDestruction = defineRule({
  id: "no-unnoticed-destruction",
  level: "error",
  what: "the plan doesn't delete, replace or rebuild a volume, a public address or a protected host, and doesn't remove one from Terraform's state",
  why: "None of these can be made again: only `polder decommission` may destroy them, and no waiver allows anything else. The address of a host that the Blueprint no longer has doesn't count, unless hosts of that role are protected.",
  norms: ["BIO2 8.32.01"],
  looksAt: "plan",
  check: (input) =>
    plansOf(input).flatMap(([stack, plan]) => {
      const changes = changesOf(stack, plan);
      const fails = changes
        .filter((change) => changeHoldsState(input.blueprint, change))
        .flatMap((change): Observation[] => {
          if (takesAway(change)) {
            const lifted = isProtected(input, change) ? "" : "; and its prevent_destroy was lifted";
            return [
              fail(
                change.subject,
                `holds state and the plan ${verbOf(change)} it (${change.reason})${lifted}`,
              ),
            ];
          }
          const rebuilt = rebuildOf(change);
          if (rebuilt) {
            return [
              fail(change.subject, `holds state and the plan rebuilds it: ${rebuilt} changes`),
            ];
          }
          const [had, gets] = [Number(change.before["size"]), Number(change.after["size"])];
          return gets < had
            ? [
                fail(
                  change.subject,
                  `no volume can shrink (${had} to ${gets} GiB): set retention.logVolumeGiB to ${had}`,
                ),
              ]
            : [];
        });
      return failsOr(
        fails,
        stack,
        `${changes.length} changes read: all that holds state stays as it is`,
      );
    }),
});

/** The attribute whose change rebuilds a running server, if one does. */
export function rebuildOf(change: Change): string | undefined {
  if (!change.actions.includes("update")) return undefined;
  return REBUILDS[change.type]?.find(
    (name) =>
      change.afterUnknown[name] !== true &&
      isSet(change.after[name]) &&
      canonical(change.before[name]) !== canonical(change.after[name]),
  );
}
