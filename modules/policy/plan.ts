import { nameInTags } from "./document.ts";
import { at, isObject, isSet, type JsonObject, listOf, shown, textOf } from "./json.ts";
import type { PlanJson, PolicyInput } from "./types.ts";

/** One entry of a plan's `resource_changes` or `resource_drift`. */
export interface Change {
  readonly stack: string;
  readonly address: string;
  readonly subject: string;
  readonly mode: string;
  readonly type: string;
  readonly provider: string;
  readonly actions: readonly string[];
  readonly before: JsonObject;
  readonly after: JsonObject;
  /** Values that only the apply will know. */
  readonly afterUnknown: JsonObject;
  readonly afterSensitive: unknown;
  readonly beforeSensitive: unknown;
  /** Why Terraform does it, in its own words: `replace_because_cannot_update: user_data`. */
  readonly reason: string;
  /** The cloud's id of what is taken into the state; undefined when it isn't. */
  readonly importing: string | undefined;
  /** The whole, as the plan has it. */
  readonly entry: JsonObject;
}

/** By identity alone, or once the id is known, there is no id yet: then it says what there is. */
const importedId = (importing: unknown): string | undefined =>
  isSet(importing) ? (textOf(at(importing, "id")) ?? shown(importing)) : undefined;

function changesAt(stack: string, plan: PlanJson, key: string): Change[] {
  return listOf(plan[key])
    .filter(isObject)
    .map((entry) => {
      const change = at(entry, "change");
      const object = (name: string): JsonObject => {
        const value = at(change, name);
        return isObject(value) ? value : {};
      };
      const paths = listOf(at(change, "replace_paths")).map((path) => listOf(path).join("."));
      const because = textOf(entry["action_reason"]) ?? "no reason given";
      const address = textOf(entry["address"]) ?? "(no address)";
      return {
        stack,
        address,
        subject: `${stack}/${address}`,
        mode: textOf(entry["mode"]) ?? "managed",
        type: textOf(entry["type"]) ?? "",
        provider: textOf(entry["provider_name"]) ?? "",
        actions: listOf(at(change, "actions")).map(String),
        before: object("before"),
        after: object("after"),
        afterUnknown: object("after_unknown"),
        afterSensitive: at(change, "after_sensitive"),
        beforeSensitive: at(change, "before_sensitive"),
        reason: paths.length > 0 ? `${because}: ${paths.join(", ")}` : because,
        importing: importedId(at(change, "importing")),
        entry,
      };
    });
}

/** What a plan will do. */
export const changesOf = (stack: string, plan: PlanJson): Change[] =>
  changesAt(stack, plan, "resource_changes");

/** What changed outside Terraform since the last apply. */
export const driftOf = (stack: string, plan: PlanJson): Change[] =>
  changesAt(stack, plan, "resource_drift");

/** The plans that are there, by stack name. */
export const plansOf = (input: PolicyInput): (readonly [string, PlanJson])[] => [
  ...(input.plans ?? []),
];

/** Whether a change takes away what stands there now: delete, replace, or leave to its fate. */
export const takesAway = (change: Change): boolean =>
  change.actions.includes("delete") || change.actions.includes("forget");

/** Whether the resource is still managed after the apply. */
export const stays = (change: Change): boolean =>
  !takesAway(change) || change.actions.includes("create");

/** "deletes", "replaces" or "stops managing". */
export function verbOf(change: Change): string {
  if (change.actions.includes("forget")) return "stops managing";
  return change.actions.includes("create") ? "replaces" : "deletes";
}

/** The name in the Blueprint that the resource carries before the change, else after it. */
export function plannedName(change: Change): string | undefined {
  return nameInTags(change.before) ?? nameInTags(change.after);
}
