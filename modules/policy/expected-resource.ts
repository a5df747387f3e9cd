import type { Blueprint } from "../planning/blueprint/index.ts";
import { blueprintName, type Resource } from "./document.ts";
import type { JsonObject } from "./json.ts";

/** A resource in the Blueprint's words: which one it is, and its attributes. */
export interface DescribedResource {
  /** `server bridge-1`, `record meet.example. A`: one resource for one key. */
  readonly key: string;
  /** By Terraform attribute; references as the key of what they point at. */
  readonly facts: JsonObject;
}

/** What must stand in a stack. */
export interface ExpectedResource extends DescribedResource {
  readonly stack: string;
}

/** What a description of a resource needs beside the resource. */
export interface DescribeContext {
  readonly blueprint: Blueprint;
  /** The key of what a reference points at; what is no plain reference is shown as it is. */
  readonly target: (value: unknown, attribute?: string) => unknown;
}

/** Describes a resource of one type; undefined for one that isn't in the Blueprint. */
export type Describe = (
  resource: Resource,
  context: DescribeContext,
) => DescribedResource | undefined;

/** Attributes as they stand. */
export const own = (resource: Resource, ...names: readonly string[]): JsonObject =>
  Object.fromEntries(names.map((name) => [name, resource.body[name]]));

/** The description of a resource that carries its name in the Blueprint as a tag or label. */
export const described = (
  kind: string,
  resource: Resource,
  facts: JsonObject,
): DescribedResource | undefined => {
  const id = blueprintName(resource);
  return id === undefined ? undefined : { key: `${kind} ${id}`, facts };
};
