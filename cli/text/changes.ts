import { endsWith } from "../../modules/operations/review/index.ts";
import type { Blueprint } from "../../modules/planning/blueprint/index.ts";
import { type Action, lostNames, type PlannedChange } from "../../modules/policy/index.ts";
import type { Paint } from "./paint.ts";
import { labelled, table } from "./table.ts";

/** Of these each one has a line of its own; alike ones of all else share one. */
const BY_NAME = ["host", "volume", "public address"];
/** Named in a shared line before the rest is only counted. */
const NAMED = 6;

/** What takes something away stands out where there is no colour, too. */
const LOUD: readonly Action[] = ["destroy", "replace", "let go", "rebuild", "restart"];
const word = (action: Action): string => (LOUD.includes(action) ? action.toUpperCase() : action);

const byName = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });

/** Changes of one stack as rows: what has a name of its own singly, all else by kind. */
function rows(changes: readonly PlannedChange[]): string[][] {
  const groups = new Map<string, PlannedChange[]>();
  for (const change of changes) {
    const { action, kind, part, detail } = change;
    // What changes of alike ones is mostly the same: then it is one line.
    const shared = LOUD.includes(action) || action === "change" ? detail : "";
    const key = BY_NAME.includes(kind)
      ? `${action} ${kind} ${part} ${detail}`
      : `${action} ${kind} ${shared}`;
    groups.set(key, [...(groups.get(key) ?? []), change]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const parts = [...new Set(group.map(({ part }) => part))].sort(byName);
    const more = parts.length > NAMED ? ` and ${parts.length - NAMED} more` : "";
    const plural = first.kind.endsWith("s") ? `${first.kind}es` : `${first.kind}s`;
    const many = group.length > 1 ? `${group.length} ${plural}` : first.kind;
    const detail = group.length === 1 || first.action === "change" ? first.detail : "";
    return [[word(first.action), many, parts.slice(0, NAMED).join(", ") + more, detail]];
  });
}

/** What it means that a part goes: one sentence a kind. */
function meaning(blueprint: Blueprint, part: string, lost: readonly PlannedChange[]): string {
  const kinds = new Set(lost.filter((one) => one.part === part).map(({ kind }) => kind));
  const said: string[] = [];
  if (kinds.has("host")) said.push(endsWith(blueprint, part));
  if (kinds.has("volume")) said.push("all that is on it is lost");
  if (kinds.has("public address"))
    said.push("its address goes back to the cloud, for anybody to get");
  if (said.length === 0) said.push("the hosts that need it are cut off");
  return said.join("; ");
}

interface TextOptions {
  readonly width: number;
  readonly paint: Paint;
}

/** What changes of one stack, as a table's lines. */
export function changesTable(
  changes: readonly PlannedChange[],
  { width, paint }: TextOptions,
): string[] {
  if (changes.length === 0) return [];
  const loud = (line: string) => (/^ +[A-Z]{5}/.test(line) ? paint.warn(line) : line);
  const columns = ["action", "what", "which…", "of it…"];
  return table(columns, rows(changes), { width, title: paint.bold }).map(loud);
}

/** Names what is destroyed, what that means, and the option that the apply needs; nothing where all stays. */
export function describeLosses(
  blueprint: Blueprint,
  changes: readonly PlannedChange[],
  { width, paint }: TextOptions,
): string[] {
  const lost = changes.filter(({ loses }) => loses);
  const parts = lostNames(changes);
  if (parts.length === 0) return [];
  const carriers = lost.some(({ kind, part }) => kind === "host" && /^(bridge|turn)-/.test(part));
  return [
    paint.warn(`goes: ${parts.join(", ")}`),
    ...labelled(
      parts.map((part) => [part, meaning(blueprint, part, lost)] as const),
      { width, title: paint.warn },
    ),
    ...(carriers
      ? ["  no command drains a host before its removal: apply when no meeting runs on it"]
      : []),
    `  polder apply ${blueprint.instance} --destroys ${parts.join(",")}`,
  ];
}
