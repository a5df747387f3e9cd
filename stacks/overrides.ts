import { TerraformResource, type TerraformStack } from "cdktf";
import {
  checkAgainstSchema,
  type ProviderSchema,
} from "../modules/clouds/provider-schema/index.ts";
import { BadInput, inFileOrder, nearest, type Problem } from "../modules/common/input/index.ts";
import type { LoadedInstance } from "../modules/workspace/index.ts";

/** A resource that an override can name. */
interface Named {
  readonly name: string;
  readonly type: string;
  readonly element: TerraformResource;
}

/** Arguments of Terraform itself: with them one block becomes many, runs programs or loses its guard. */
const META = "connection count depends_on dynamic for_each lifecycle provider provisioner".split(
  " ",
);

/**
 * The resources of an instance by the name that overrides.yaml calls them: their path in the stack,
 * those of the addresses stack behind `addresses/`.
 */
function namedResources(stacks: readonly TerraformStack[], instance: string): Named[] {
  return stacks.flatMap((stack) =>
    stack.node.findAll().flatMap((element) => {
      if (!(element instanceof TerraformResource)) return [];
      const path = element.node.path.split("/").slice(1).join("/");
      const name = stack.node.id === instance ? path : `addresses/${path}`;
      return [{ name, type: element.terraformResourceType, element }];
    }),
  );
}

const matcher = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replaceAll("*", "[a-z0-9_-]*")}$`);

/**
 * Applies overrides.yaml to an instance's constructs, each value held against the provider's schema.
 * Lists are added to ours, blocks of keys merged, everything else replaced. What the policy guards
 * stays guarded: it evaluates the documents that come out.
 *
 * @throws BadInput for a resource that isn't there, and for arguments that its type doesn't have.
 */
export function applyOverrides(
  stacks: readonly TerraformStack[],
  { blueprint, overrides: yaml }: LoadedInstance,
  schema: ProviderSchema,
): void {
  if (!yaml) return;
  const resources = namedResources(stacks, blueprint.instance);
  const problems: Problem[] = [];
  blueprint.overrides.forEach(({ resource, set }, i) => {
    const report = (path: readonly (string | number)[], message: string) =>
      problems.push({
        file: yaml.file,
        at: yaml.at(["overrides", i, ...path]),
        message: `overrides[${i}].${message}`,
      });
    const meant = resources.filter(({ name }) => matcher(resource).test(name));
    // Until its addresses are allocated the cluster has no resources, and may be named already.
    const whole = blueprint.addresses.state === "allocated" || resource.startsWith("addresses/");
    if (meant.length === 0 && whole) {
      const names = resources.map(({ name }) => name);
      const near = nearest(resource, names);
      const hint = near ? `did you mean "${near}"?` : `there are: ${names.sort().join(", ")}`;
      report(["resource"], `resource: got "${resource}", no resource is called so; ${hint}`);
    }
    for (const name of Object.keys(set).filter((argument) => META.includes(argument)))
      report(["set", name], `set.${name}: is Terraform's own, and polder's to decide`);
    for (const type of new Set(meant.map((one) => one.type))) {
      const document = { resource: { [type]: { it: set } } };
      for (const { kind, path, message } of checkAgainstSchema(document, schema)) {
        const [argument = ""] = path.split(/[.[]/);
        if (kind !== "missing" && !META.includes(argument))
          report(["set", argument], `set.${path}: ${message} (${type})`);
      }
    }
    for (const { element } of meant)
      for (const [argument, value] of Object.entries(set)) element.addOverride(argument, value);
  });
  if (problems.length > 0) throw new BadInput(inFileOrder(problems));
}
