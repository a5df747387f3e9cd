import type { Blueprint } from "../planning/blueprint/index.ts";
import { partOf, type Resource } from "./document.ts";
import type { JsonObject } from "./json.ts";

/** Which part of the Blueprint a resource is, and what it says about it. */
export interface Part {
  /** `server bridge-1`, `record meet.example. A`: one resource for one key. */
  readonly key: string;
  /** By Terraform attribute; references as the key of what they point at. */
  readonly facts: JsonObject;
}

/** What must stand in a stack. */
export interface ExpectedPart extends Part {
  readonly stack: string;
}

/** What a description needs around it. */
export interface Around {
  readonly blueprint: Blueprint;
  /** The key of what a reference points at; what is no plain reference is shown as it is. */
  readonly target: (value: unknown, attribute?: string) => unknown;
}

/** How resources of a type are described: undefined for one that is no part of the Blueprint. */
export type Describe = (resource: Resource, around: Around) => Part | undefined;

/** Attributes as they stand. */
export const own = (resource: Resource, ...names: readonly string[]): JsonObject =>
  Object.fromEntries(names.map((name) => [name, resource.body[name]]));

/** The part that a resource's tags or labels name. */
export const part = (kind: string, resource: Resource, facts: JsonObject): Part | undefined => {
  const id = partOf(resource);
  return id === undefined ? undefined : { key: `${kind} ${id}`, facts };
};
