import { allResources } from "../document.ts";
import { at } from "../json.ts";
import { defineRule, fail, pass } from "../rule.ts";
import { holdsState } from "../stateful.ts";

/** The cloud's own locks. OpenStack's provider has none. */
const LOCKS: Readonly<Record<string, readonly string[]>> = {
  hcloud_server: ["delete_protection", "rebuild_protection"],
  hcloud_volume: ["delete_protection"],
  hcloud_primary_ip: ["delete_protection"],
};

export const stateIsProtected = defineRule({
  id: "state-is-protected",
  level: "error",
  what: "every protected host, every volume and every public address has prevent_destroy, and the cloud's own delete protection where it has one",
  why: "Terraform refuses to destroy what is protected so; otherwise one wrong line in a file could cost a ministry its keys, logs or addresses.",
  looksAt: "stacks",
  check: (input) =>
    allResources(input)
      .filter((resource) => resource.kind === "resource" && holdsState(input.blueprint, resource))
      .map((resource) => {
        const open = [
          ...(at(resource.body, "lifecycle", "prevent_destroy") === true
            ? []
            : ["prevent_destroy"]),
          ...(LOCKS[resource.type] ?? []).filter((lock) => resource.body[lock] !== true),
        ];
        return open.length === 0
          ? pass(resource.subject, ["prevent_destroy", ...(LOCKS[resource.type] ?? [])].join(", "))
          : fail(
              resource.subject,
              `holds state and ${open.join(", ")} is not true: only \`polder decommission\` lifts it`,
            );
      }),
});
