import { addressesStack, allResources, type Resource } from "../document.ts";
import { at, isSet, listOf, shown } from "../json.ts";
import { defineRule, fail, failsOr } from "../rule.ts";

/** Each of them replaces a running server, or rebuilds it on an empty disk (image). */
const KEEP: Readonly<Record<string, readonly string[]>> = {
  openstack_compute_instance_v2: ["user_data", "image_id", "image_name", "scheduler_hints"],
  hcloud_server: ["user_data", "image"],
};
/** The addresses stack closes a port, the cluster's stack then puts the role's group on it. */
const HANDED_OVER = ["security_group_ids", "no_security_groups"];

export const runningHostsAreKept = defineRule({
  id: "running-hosts-are-kept",
  level: "error",
  what: "servers ignore changes of user_data, image and, on OpenStack, scheduler_hints, and nothing else ignores a change or is replaced along with another",
  why: "Otherwise a new image or another admin in the file would replace running hosts, though converge and upgrade can bring it to them; and a change that is ignored elsewhere would be drift that nobody sees.",
  looksAt: "stacks",
  check: (input) =>
    allResources(input)
      .filter((resource) => resource.kind === "resource")
      .flatMap((resource) => {
        const handed =
          resource.stack === addressesStack(input.blueprint) &&
          resource.type === "openstack_networking_port_v2";
        const keep = KEEP[resource.type];
        const allowed = keep ?? (handed ? HANDED_OVER : []);
        const fails = problems(resource, allowed);
        if (!keep) return fails.map((text) => fail(resource.subject, text));
        return failsOr(
          fails.map((text) => fail(resource.subject, text)),
          resource.subject,
          `runs on: ${keep.join(", ")} are ignored`,
        );
      }),
});

function problems({ body, type }: Resource, allowed: readonly string[]): string[] {
  const written = at(body, "lifecycle", "ignore_changes");
  const ignored = listOf(written).map(String);
  const missing = (KEEP[type] ?? []).filter((name) => !ignored.includes(name));
  const extra = ignored.filter((name) => !allowed.includes(name));
  return [
    ...missing.map(
      (name) => `ignore_changes lacks ${name}: a change of it would take the running host away`,
    ),
    ...(extra.length > 0
      ? [`ignore_changes: got ${shown(extra)}, allowed: ${allowed.join(", ") || "none"}`]
      : []),
    ...(isSet(at(body, "lifecycle", "replace_triggered_by"))
      ? ["replace_triggered_by: it would go with another resource"]
      : []),
  ];
}
