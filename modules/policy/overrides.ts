import type { Blueprint } from "../planning/blueprint/index.ts";
import type { Difference } from "./differences.ts";
import { addressesStack, type Resource } from "./document.ts";
import { exact, isObject, isSet } from "./json.ts";
import type { PolicyInput } from "./types.ts";

/** Terraform's names are the path in the stack, and a sum where that has more than one part. */
export function isMeant(
  blueprint: Blueprint,
  pattern: string,
  { stack, address }: Pick<Resource, "stack" | "address">,
): boolean {
  const ofAddresses = stack === addressesStack(blueprint);
  if (address.startsWith("data.") || pattern.startsWith("addresses/") !== ofAddresses) return false;
  const path = pattern.replace(/^addresses\//, "").replaceAll("*", "[a-z0-9_-]*");
  return new RegExp(`^${path.replaceAll("/", "_")}(_[0-9A-F]{8})?$`).test(
    address.split(".")[1] ?? "",
  );
}

/** What an argument becomes: lists are added to, objects merged, everything else replaced. */
function merged(made: unknown, value: unknown): unknown {
  if (Array.isArray(value)) return [...(Array.isArray(made) ? made : []), ...value];
  if (!isObject(value)) return value;
  const result: Record<string, unknown> = isObject(made) ? { ...made } : {};
  for (const [key, inner] of Object.entries(value)) result[key] = merged(result[key], inner);
  return result;
}

/** Whether a difference is what overrides.yaml makes of the stacks' own, and nothing more. */
export function isExplained({ blueprint }: PolicyInput, difference: Difference): boolean {
  const { argument, got, expected } = difference;
  if (argument === undefined) return false;
  const named = blueprint.overrides.filter(
    ({ resource, set }) => Object.hasOwn(set, argument) && isMeant(blueprint, resource, difference),
  );
  const made = named.reduce((value, { set }) => merged(value, set[argument]), expected);
  return named.length > 0 && exact(got) === exact(made);
}

/** What an argument may be changed to, and the rule or the bound that it is held against. */
interface Allowed {
  readonly by: string;
  readonly accepts: (value: unknown) => boolean;
}

const NAME: Allowed = {
  by: "one of the location's own names, in letters, digits, dots and dashes",
  accepts: (value) => typeof value === "string" && /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(value),
};
const NAMES: Allowed = {
  by: "a list of the location's own names",
  accepts: (value) => Array.isArray(value) && value.every(NAME.accepts),
};
const TEXT: Allowed = {
  by: "a line of at most 120 characters, which no-secret reads",
  accepts: (value) => typeof value === "string" && /^[^\n\r]{0,120}$/.test(value),
};
const TAGS: Allowed = {
  by: "tags beside polder's own, which labelled and no-secret read",
  accepts: (value) =>
    Array.isArray(value) && value.every((tag) => typeof tag === "string" && !/^polder/.test(tag)),
};
const LABELS: Allowed = {
  by: "keys beside polder's own, which labelled and no-secret read",
  accepts: (value) =>
    isObject(value) &&
    Object.entries(value).every(
      ([key, text]) => !key.startsWith("polder") && TEXT.accepts(text) && isSet(text),
    ),
};
const SECONDS: Allowed = {
  by: "60 to 86400 seconds",
  accepts: (value) => typeof value === "number" && value >= 60 && value <= 86400,
};
const SWITCH: Allowed = {
  by: "true or false",
  accepts: (value) => typeof value === "boolean",
};

/** Every argument that an override may set: what isn't here is the Blueprint's to decide. */
const ALLOWED: Readonly<Record<string, Readonly<Record<string, Allowed>>>> = {
  openstack_compute_instance_v2: {
    availability_zone: NAME,
    metadata: LABELS,
    tags: TAGS,
    stop_before_destroy: SWITCH,
  },
  openstack_blockstorage_volume_v3: {
    availability_zone: NAME,
    description: TEXT,
    metadata: LABELS,
    volume_type: NAME,
  },
  openstack_networking_port_v2: { description: TEXT, tags: TAGS },
  openstack_networking_network_v2: {
    availability_zone_hints: NAMES,
    description: TEXT,
    tags: TAGS,
  },
  openstack_networking_subnet_v2: { description: TEXT, tags: TAGS },
  openstack_networking_router_v2: {
    availability_zone_hints: NAMES,
    description: TEXT,
    tags: TAGS,
  },
  openstack_networking_secgroup_v2: { description: TEXT, tags: TAGS },
  openstack_networking_floatingip_v2: { description: TEXT, tags: TAGS },
  openstack_dns_zone_v2: { description: TEXT, ttl: SECONDS },
  openstack_dns_recordset_v2: { description: TEXT, ttl: SECONDS },
  hcloud_server: { labels: LABELS, keep_disk: SWITCH, shutdown_before_deletion: SWITCH },
  hcloud_volume: { labels: LABELS },
  hcloud_network: { labels: LABELS },
  hcloud_primary_ip: { labels: LABELS },
  hcloud_firewall: { labels: LABELS },
  hcloud_placement_group: { labels: LABELS },
  hcloud_zone: { labels: LABELS, ttl: SECONDS },
  hcloud_zone_rrset: { labels: LABELS, ttl: SECONDS },
};

/** What is wrong with setting an argument to a value; undefined when a rule reads it and nothing is. */
export function refusal(type: string, argument: string, value: unknown): string | undefined {
  const allowed = ALLOWED[type] ?? {};
  const one = Object.hasOwn(allowed, argument) ? allowed[argument] : undefined;
  if (!one) {
    const names = Object.keys(allowed).sort().join(", ");
    return `${argument}: no rule reads what it is set to, allowed: ${names || "none"}`;
  }
  return one.accepts(value) ? undefined : `${argument}: allowed: ${one.by}`;
}
