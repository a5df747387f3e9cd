import type { Blueprint } from "../planning/blueprint/index.ts";
import { at, entriesOf, isObject, type JsonObject, listOf, textOf } from "./json.ts";
import type { PolicyInput, TerraformJson } from "./types.ts";

/** One resource or data source of a stack. */
export interface Resource {
  readonly stack: string;
  readonly kind: "resource" | "data";
  readonly type: string;
  /** `openstack_networking_port_v2.x`, `data.openstack_networking_network_v2.x`. */
  readonly address: string;
  /** `<stack>/<address>`: what findings are about. */
  readonly subject: string;
  readonly body: JsonObject;
}

export const clusterStack = (blueprint: Blueprint): string => blueprint.instance;
export const addressesStack = (blueprint: Blueprint): string => `${blueprint.instance}-addresses`;

/** Every resource and data source of one stack, in the order of its document. */
export function resourcesIn(stack: string, json: TerraformJson | undefined): Resource[] {
  return (["resource", "data"] as const).flatMap((kind) =>
    entriesOf(at(json, kind)).flatMap(([type, named]) =>
      entriesOf(named).flatMap(([name, written]) =>
        listOf(written).map((body) => {
          const address = `${kind === "data" ? "data." : ""}${type}.${name}`;
          const subject = `${stack}/${address}`;
          return { stack, kind, type, address, subject, body: isObject(body) ? body : {} };
        }),
      ),
    ),
  );
}

/** Every resource and data source of all stacks. */
export const allResources = (input: PolicyInput): Resource[] =>
  [...input.stacks].flatMap(([stack, json]) => resourcesIn(stack, json));

export const ofType = (resources: readonly Resource[], type: string): readonly Resource[] =>
  resources.filter((r) => r.kind === "resource" && r.type === type);

/** What one stack's references point at. */
export const byAddress = (resources: readonly Resource[]): ReadonlyMap<string, Resource> =>
  new Map(resources.map((resource) => [resource.address, resource]));

/** The address in `${address.id}`; undefined for anything else, so that cleverness fails closed. */
export function referenceOf(value: unknown, attribute = "id"): string | undefined {
  const pattern = /^\$\{((?:data\.)?[a-z][a-z0-9_]*\.[A-Za-z_][\w-]*)\.([a-z]+)\}$/;
  const [, address, named] = pattern.exec(textOf(value) ?? "") ?? [];
  return named === attribute ? address : undefined;
}

/** The name in the tag, metadata or label `polder-part`: which host, volume or role of the Blueprint it is. */
export function nameInTags(body: JsonObject): string | undefined {
  const tag = listOf(body["tags"])
    .map(textOf)
    .find((t) => t?.startsWith("polder-part="));
  return (
    tag?.slice("polder-part=".length) ??
    textOf(at(body, "metadata", "polder_part")) ??
    textOf(at(body, "labels", "polder_part"))
  );
}

/** The name in the Blueprint that a resource carries in its tag `polder-part`. */
export const blueprintName = (resource: Resource | undefined): string | undefined =>
  resource && nameInTags(resource.body);
