import type { Blueprint } from "../planning/blueprint/index.ts";
import { type Resource, referenceOf } from "./document.ts";
import type { Around, Describe, ExpectedPart, Part } from "./expected-part.ts";
import { DESCRIBE_HETZNER, expectedOnHetzner } from "./hetzner/expected.ts";
import { DESCRIBE_OPENSTACK, expectedOnOpenStack } from "./openstack/expected.ts";

/**
 * Everything that a Blueprint needs from the cloud but the packet filter's rules, which have a rule
 * of their own. Written from the Blueprint alone: it shares no line with what builds the stacks.
 */
export function expectedParts(blueprint: Blueprint): ExpectedPart[] {
  const { cloud } = blueprint;
  return cloud.provider === "openstack"
    ? expectedOnOpenStack({ ...blueprint, cloud })
    : expectedOnHetzner({ ...blueprint, cloud });
}

/** Each type is one provider's, so all of them together are one table. */
const DESCRIBE: Readonly<Record<string, Describe>> = { ...DESCRIBE_OPENSTACK, ...DESCRIBE_HETZNER };

/** Which part of the Blueprint a resource is; undefined when it is none. */
export function describePart(
  resource: Resource,
  seen: { readonly blueprint: Blueprint; readonly resources: ReadonlyMap<string, Resource> },
): Part | undefined {
  const { blueprint, resources } = seen;
  const target: Around["target"] = (value, attribute) => {
    const found = resources.get(referenceOf(value, attribute) ?? "");
    return found ? describePart(found, seen)?.key : value;
  };
  return Object.hasOwn(DESCRIBE, resource.type)
    ? DESCRIBE[resource.type]?.(resource, { blueprint, target })
    : undefined;
}
