import type { Blueprint } from "../planning/blueprint/index.ts";
import { type Resource, referenceOf } from "./document.ts";
import type {
  Describe,
  DescribeContext,
  DescribedResource,
  ExpectedResource,
} from "./expected-resource.ts";
import { DESCRIBE_HETZNER, expectedOnHetzner } from "./hetzner/expected.ts";
import { DESCRIBE_OPENSTACK, expectedOnOpenStack } from "./openstack/expected.ts";

/**
 * Everything that a Blueprint needs from the cloud but the packet filter's rules, which have a rule
 * of their own. Written from the Blueprint alone: it shares no line with what builds the stacks.
 */
export function expectedResources(blueprint: Blueprint): ExpectedResource[] {
  const { cloud } = blueprint;
  return cloud.provider === "openstack"
    ? expectedOnOpenStack({ ...blueprint, cloud })
    : expectedOnHetzner({ ...blueprint, cloud });
}

/** Each type is one provider's, so all of them together are one table. */
const DESCRIBE: Readonly<Record<string, Describe>> = { ...DESCRIBE_OPENSTACK, ...DESCRIBE_HETZNER };

/** Describes a resource in the Blueprint's words; undefined when it isn't in the Blueprint. */
export function describeResource(
  resource: Resource,
  seen: { readonly blueprint: Blueprint; readonly resources: ReadonlyMap<string, Resource> },
): DescribedResource | undefined {
  const { blueprint, resources } = seen;
  const target: DescribeContext["target"] = (value, attribute) => {
    const found = resources.get(referenceOf(value, attribute) ?? "");
    return found ? describeResource(found, seen)?.key : value;
  };
  return Object.hasOwn(DESCRIBE, resource.type)
    ? DESCRIBE[resource.type]?.(resource, { blueprint, target })
    : undefined;
}
