import type { Blueprint } from "../planning/blueprint/index.ts";
import { canonical, isObject, isSet, type JsonObject, listOf, textOf } from "./json.ts";
import { type Change, changesOf, plannedName, takesAway } from "./plan.ts";
import { rebuildOf } from "./rules/no-unnoticed-destruction.ts";
import { CARRIES_CALLS, neverCameUp, restart } from "./rules/no-unnoticed-interruption.ts";
import { asResource, holdsState } from "./stateful.ts";
import type { PlanJson } from "./types.ts";

/** What a plan does to a resource, the gravest first. */
export const ACTIONS = [
  "destroy",
  "replace",
  "let go",
  "rebuild",
  "restart",
  "change",
  "import",
  "create",
] as const;
export type Action = (typeof ACTIONS)[number];

/** One resource that a plan changes. */
export interface PlannedChange {
  readonly stack: string;
  readonly action: Action;
  /** What it is: `host`, `volume`, `public address`, `security rule`. */
  readonly kind: string;
  /** The part of the Blueprint that it is, or belongs to: `bridge-3`, `control-1-data`. */
  readonly part: string;
  /** Its address, its size, or what of it changes. */
  readonly detail: string;
  /** Whether something that carries calls or holds state is taken away. */
  readonly loses: boolean;
}

/** What a person calls a type of either provider; the others by their own name. */
const KINDS: Readonly<Record<string, string>> = {
  openstack_compute_instance_v2: "host",
  hcloud_server: "host",
  openstack_blockstorage_volume_v3: "volume",
  hcloud_volume: "volume",
  openstack_networking_floatingip_v2: "public address",
  hcloud_primary_ip: "public address",
  openstack_networking_floatingip_associate_v2: "address attachment",
  openstack_compute_volume_attach_v2: "volume attachment",
  hcloud_volume_attachment: "volume attachment",
  openstack_networking_secgroup_v2: "security group",
  openstack_networking_secgroup_rule_v2: "security rule",
  openstack_networking_port_secgroup_associate_v2: "group attachment",
  openstack_compute_servergroup_v2: "placement group",
  openstack_dns_zone_v2: "DNS zone",
  openstack_dns_recordset_v2: "DNS record",
  hcloud_zone: "DNS zone",
  hcloud_zone_rrset: "DNS record",
  hcloud_rdns: "reverse name",
};

/** A group or a firewall that nobody needs any more cuts nobody off; one that is replaced does. */
const CUTS_ONLY_REPLACED = new Set(["hcloud_firewall", "openstack_networking_secgroup_v2"]);

const kindOf = (blueprint: Blueprint, { type, stack }: Change): string =>
  stack !== blueprint.instance && type === "openstack_networking_port_v2"
    ? "public address"
    : (KINDS[type] ??
      type
        .replace(/^(openstack_(networking|compute|blockstorage|dns)|hcloud)_/, "")
        .replace(/_v\d$/, "")
        .replaceAll("_", " "));

function actionOf(change: Change): Action | undefined {
  if (change.mode !== "managed") return undefined;
  const does = (name: string) => change.actions.includes(name);
  if (does("forget")) return "let go";
  if (does("delete")) return does("create") ? "replace" : "destroy";
  if (does("create")) return "create";
  if (does("update")) {
    if (rebuildOf(change)) return "rebuild";
    return restart(change) ? "restart" : "change";
  }
  return change.importing === undefined ? undefined : "import";
}

/** The first name in a resource's own: `bridge-1` of `bridge-1_server_6EC55535`. */
const nameIn = (address: string): string =>
  (address.split(".")[1] ?? address).replace(/_[0-9A-F]{8}$/, "").split("_")[0] ?? address;

const addressesOf = (body: JsonObject): string[] =>
  [body["address"], body["ip_address"], ...listOf(body["all_fixed_ips"])].flatMap(
    (value) => textOf(value) ?? [],
  );

/** A value where a line has room for it. */
function brief(value: unknown): string | undefined {
  if (!isSet(value)) return "none";
  if (typeof value === "object") return undefined;
  const text = String(value);
  return text.length <= 40 && !text.includes("\n") ? text : undefined;
}

/** `size: 10 -> 20, description`: what an update changes. Nothing of what the provider calls sensitive. */
function differences(change: Change): string {
  const names = [...new Set([...Object.keys(change.before), ...Object.keys(change.after)])].sort();
  return names
    .filter(
      (name) =>
        change.afterUnknown[name] !== true &&
        canonical(change.before[name]) !== canonical(change.after[name]),
    )
    .map((name) => {
      const secret = [change.beforeSensitive, change.afterSensitive].some(
        (marks) => isObject(marks) && isSet(marks[name]) && marks[name] !== false,
      );
      const [from, to] = [brief(change.before[name]), brief(change.after[name])];
      return secret || from === undefined || to === undefined ? name : `${name}: ${from} -> ${to}`;
    })
    .join(", ");
}

function detailOf(change: Change, action: Action): string {
  const stands = action === "create" ? change.after : change.before;
  const size = isSet(stands["size"]) ? [`${stands["size"]} GiB`] : [];
  const flavour = textOf(stands["flavor_name"]) ?? textOf(stands["server_type"]);
  const facts = [...addressesOf(stands), ...size, ...(flavour ? [flavour] : [])].join(", ");
  if (action === "change" || action === "restart" || action === "rebuild")
    return differences(change);
  const why = action === "replace" ? change.reason.replace(/^replace_because_/, "") : "";
  return [facts, why.replaceAll("_", " ")].filter(Boolean).join("; ");
}

/** Whether calls are cut or something is lost that can't be made again. */
function losesSomething(blueprint: Blueprint, change: Change): boolean {
  if (!takesAway(change) || neverCameUp(change)) return false;
  if (CUTS_ONLY_REPLACED.has(change.type)) return change.actions.includes("create");
  return CARRIES_CALLS.has(change.type) || holdsState(blueprint, asResource(change, change.before));
}

/** All that a plan changes, the gravest first. */
export function plannedChanges(
  blueprint: Blueprint,
  plans: ReadonlyMap<string, PlanJson>,
): PlannedChange[] {
  const found = [...plans].flatMap(([stack, plan]) =>
    changesOf(stack, plan).flatMap((change): PlannedChange[] => {
      const action = actionOf(change);
      if (!action) return [];
      const kind = kindOf(blueprint, change);
      const part = plannedName(change) ?? nameIn(change.address);
      const loses = losesSomething(blueprint, change);
      return [{ stack, action, kind, part, detail: detailOf(change, action), loses }];
    }),
  );
  const order = (one: PlannedChange) => ACTIONS.indexOf(one.action);
  return found.sort((a, b) => order(a) - order(b));
}

/** The parts that a plan takes away although they carry calls or hold state: what `--destroys` names. */
export const lostNames = (changes: readonly PlannedChange[]): string[] =>
  [...new Set(changes.filter(({ loses }) => loses).map(({ part }) => part))].sort((a, b) =>
    a.localeCompare(b, "en", { numeric: true }),
  );
