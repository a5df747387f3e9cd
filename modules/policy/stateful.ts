import type { Blueprint } from "../planning/blueprint/index.ts";
import { addressesStack, blueprintName, type Resource, resourcesIn } from "./document.ts";
import { at, type JsonObject } from "./json.ts";
import type { Change } from "./plan.ts";
import type { PolicyInput } from "./types.ts";

/**
 * Whether a resource's loss loses something that can't be made again: a volume, a public address, a
 * protected host. A server whose role the Blueprint doesn't know counts as protected.
 */
export function holdsState(blueprint: Blueprint, resource: Resource): boolean {
  switch (resource.type) {
    case "openstack_blockstorage_volume_v3":
    case "openstack_networking_floatingip_v2":
    case "hcloud_volume":
    case "hcloud_primary_ip":
      return true;
    case "openstack_networking_port_v2":
      return resource.stack === addressesStack(blueprint);
    case "openstack_compute_instance_v2":
    case "hcloud_server": {
      const role = blueprintName(resource)?.replace(/-\d+$/, "");
      const alike = blueprint.hosts.filter((host) => host.role === role);
      return alike.length === 0 || alike.some((host) => host.protected);
    }
    default:
      return false;
  }
}

/**
 * The same for a plan's change, which may be of something that no document has any more. The address
 * of a host that the Blueprint no longer has is given back, which is what a smaller demand asks for;
 * not so where the role's hosts hold state.
 */
export const changeHoldsState = (blueprint: Blueprint, change: Change): boolean =>
  change.mode === "managed" &&
  !isAddressOfNoHost(blueprint, change) &&
  [change.before, change.after].some(
    (body) => Object.keys(body).length > 0 && holdsState(blueprint, asResource(change, body)),
  );

function isAddressOfNoHost(blueprint: Blueprint, change: Change): boolean {
  const part = blueprintName(asResource(change, change.before));
  const alike = blueprint.hosts.filter((host) => host.role === part?.replace(/-\d+$/, ""));
  return (
    change.stack === addressesStack(blueprint) &&
    alike.length > 0 &&
    !alike.some((host) => host.id === part || host.protected)
  );
}

/** Whether the stack's document still protects what the plan changes. */
export function isProtected(input: PolicyInput, change: Change): boolean {
  const resources = resourcesIn(change.stack, input.stacks.get(change.stack));
  const written = resources.find((resource) => resource.address === change.address);
  return at(written?.body, "lifecycle", "prevent_destroy") === true;
}

/** A planned or a former state of a resource, in the shape in which documents are read. */
export const asResource = (change: Change, body: JsonObject): Resource => ({
  stack: change.stack,
  kind: change.mode === "data" ? "data" : "resource",
  type: change.type,
  address: change.address,
  subject: change.subject,
  body,
});
