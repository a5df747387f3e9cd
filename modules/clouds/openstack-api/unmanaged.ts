import type { Finding } from "../../common/findings/index.ts";
import type { Testbed } from "../../common/testbed/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import { besideFindings, type ImportBlock, type PlanRead, type Unmanaged } from "../cloud/index.ts";
import type { BesideListing, Item, Kind, Listing } from "./api.ts";
import { besideIn, plannedRouteKey, routeKey } from "./beside.ts";
import { belongsTo, connect } from "./project.ts";

/** Something that the cloud holds and no state knows. */
interface UnmanagedObject {
  /** What Terraform's `import` calls it. */
  readonly id: string;
  /** What it is in a plan; undefined for what is never imported. */
  readonly key: string | undefined;
  /** The finding when it is not imported; undefined where that is no fault. */
  readonly finding?: Pick<Finding, "subject" | "message">;
}

const ID = "cloud-holds-nothing-else";
const SERVER = "openstack_compute_instance_v2";

const words = (item: Item, ...names: string[]): string =>
  names.map((name) => item[name] || "").join(" ");

/** What a rule allows: two rules of one group with the same can't both exist. */
const ruleKey = (rule: Item): string =>
  `rule ${words(
    rule,
    "security_group_id",
    "direction",
    "ethertype",
    "protocol",
    "port_range_min",
    "port_range_max",
    "remote_group_id",
    "remote_ip_prefix",
  )}`;

/**
 * What is imported only where a person says that it is the instance's: of servers and volumes nobody
 * knows what is in them, security groups bring rules of their own.
 */
const ASKED: Readonly<Record<string, (after: Item) => string>> = {
  [SERVER]: (a) => `servers ${words(a, "name")}`,
  openstack_blockstorage_volume_v3: (a) => `volumes ${words(a, "name")}`,
  openstack_networking_secgroup_v2: (a) => `securityGroups ${words(a, "name")}`,
};

/** What makes an object the planned one, by the plan's type; what a run cut short is made of. */
const PLANNED: Readonly<Record<string, (after: Item) => string>> = {
  openstack_networking_secgroup_rule_v2: ruleKey,
  openstack_networking_router_interface_v2: (a) =>
    `interface ${words(a, "router_id", "subnet_id")}`,
  openstack_compute_volume_attach_v2: (a) => `attachment ${words(a, "instance_id", "volume_id")}`,
  openstack_networking_network_v2: (a) => `networks ${words(a, "name")}`,
  openstack_networking_router_v2: (a) => `routers ${words(a, "name")}`,
  openstack_networking_subnet_route_v2: plannedRouteKey,
  openstack_networking_subnet_v2: (a) => `subnets ${words(a, "name", "network_id")}`,
  openstack_networking_port_v2: (a) => `ports ${words(a, "name", "network_id")}`,
  openstack_networking_floatingip_v2: (a) => `floatingIps ${words(a, "description")}`,
  openstack_compute_servergroup_v2: (a) => `serverGroups ${words(a, "name")}`,
  openstack_dns_zone_v2: (a) => `zones ${words(a, "name")}`,
  openstack_dns_recordset_v2: (a) => `records ${words(a, "zone_id", "name", "type")}`,
};

/** The same for an object of the cloud, by its kind. */
const HELD: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  servers: ["name"],
  volumes: ["name"],
  securityGroups: ["name"],
  networks: ["name"],
  routers: ["name"],
  subnets: ["name", "network_id"],
  ports: ["name", "network_id"],
  floatingIps: ["description"],
  serverGroups: ["name"],
  zones: ["name"],
  records: ["zone_id", "name", "type"],
};

/** What OpenStack's own command calls a kind. */
const COMMAND: Readonly<Record<Kind, string>> = {
  servers: "server",
  serverGroups: "server group",
  networks: "network",
  subnets: "subnet",
  routers: "router",
  ports: "port",
  securityGroups: "security group",
  floatingIps: "floating ip",
  volumes: "volume",
  zones: "zone",
  records: "recordset",
};

const list = (item: Item, name: string): readonly Item[] =>
  (item[name] as readonly Item[] | undefined) ?? [];

/** All of an instance that the cloud holds, whether a state knows it or not. */
function held(cloud: Listing, blueprint: Blueprint, whole: boolean, ids: ReadonlySet<string>) {
  const found: UnmanagedObject[] = [];
  // A plan of the addresses alone doesn't know what the cluster's state holds.
  const inScope = (kind: string, item: Item) =>
    whole || kind === "floatingIps" || String(item["name"]).endsWith("-public");
  for (const [kind, items] of Object.entries(cloud)) {
    for (const item of items) {
      if (!belongsTo(item, blueprint) || !inScope(kind, item)) continue;
      // The zone's own records, and what is being deleted in the background.
      if (["SOA", "NS"].includes(String(item["type"])) || item["action"] === "DELETE") continue;
      // Nothing was ever on it, and nothing can be.
      const failed = kind === "volumes" && item["status"] === "error";
      const names = failed ? undefined : HELD[kind as Kind];
      const command = `openstack ${COMMAND[kind as Kind]} delete ${kind === "records" ? `${item["zone_id"]} ` : ""}${item["id"]}`;
      found.push({
        id: kind === "records" ? `${item["zone_id"]}/${item["id"]}` : String(item["id"]),
        key: names && `${kind} ${words(item, ...names)}`,
        finding: {
          subject: `${kind} ${item["name"] || item["floating_ip_address"]}`,
          message: failed
            ? `the cloud holds ${item["id"]}, whose creation failed (status error): delete it (${command}), then plan again`
            : `the cloud holds ${item["id"]}, which is in no state: made by hand, or by a run that was cut short; look what it is, then delete it (${command})`,
        },
      });
    }
  }
  if (!whole) return found;
  for (const port of cloud.ports.filter((p) => ids.has(String(p["device_id"])))) {
    if (!String(port["device_owner"]).startsWith("network:router_interface")) continue;
    const subnet = list(port, "fixed_ips")[0]?.["subnet_id"];
    found.push({ id: String(port["id"]), key: `interface ${port["device_id"]} ${subnet}` });
  }
  // One that no plan makes is reported with what else stands beside the instance.
  for (const subnet of cloud.subnets.filter((one) => ids.has(String(one["id"]))))
    for (const { destination, nexthop } of list(subnet, "host_routes"))
      found.push({
        id: `${subnet["id"]}-route-${destination}-${nexthop}`,
        key: routeKey(subnet["id"], destination, nexthop),
      });
  const networks = cloud.networks.filter(
    (n) => ids.has(String(n["id"])) && belongsTo(n, blueprint),
  );
  for (const { id, name } of networks) {
    for (const port of cloud.ports.filter((p) => p["network_id"] === id)) {
      // The cloud's own (routers, DHCP), and what is ours by its name already.
      if (String(port["device_owner"]).startsWith("network:") || belongsTo(port, blueprint))
        continue;
      const at = list(port, "fixed_ips").map((ip) => ip["ip_address"]);
      found.push({
        id: String(port["id"]),
        key: undefined,
        finding: {
          subject: `port ${at.join(", ")}`,
          message: `the cloud's network ${name} also has port ${port["id"]} (${port["device_owner"] || "unused"}), which no plan made: delete it, or what it belongs to, in the cloud`,
        },
      });
    }
  }
  for (const volume of cloud.volumes.filter((v) => ids.has(String(v["id"])))) {
    for (const { server_id } of list(volume, "attachments"))
      found.push({
        id: `${server_id}/${volume["id"]}`,
        key: `attachment ${server_id} ${volume["id"]}`,
      });
  }
  for (const group of cloud.securityGroups.filter((g) => ids.has(String(g["id"])))) {
    for (const rule of list(group, "security_group_rules")) {
      found.push({
        id: String(rule["id"]),
        key: ruleKey(rule),
        finding: {
          subject: `security rule ${rule["id"]}`,
          message: `the cloud's group ${group["name"]} also has ${describe(rule)}, which no plan made: delete it in the cloud (openstack security group rule delete ${rule["id"]})`,
        },
      });
    }
  }
  return found;
}

/**
 * Looks for what the cloud holds of an instance and no state knows.
 *
 * @throws CloudFailure
 */
export async function findUnmanaged(
  blueprint: Blueprint,
  testbed: Testbed,
  plans: ReadonlyMap<string, PlanRead>,
  importing: boolean,
): Promise<Unmanaged> {
  const api = await connect(blueprint, testbed);
  const [cloud, beside] = [await api.listAll(), await api.listBeside()];
  return unmanagedIn(cloud, blueprint, plans, { importing, beside });
}

export interface UnmanagedOptions {
  /** A person says that the servers and volumes with the plan's names are the instance's. */
  readonly importing?: boolean;
  /** What the project holds of kinds that polder never makes. */
  readonly beside?: BesideListing;
}

const NOTHING: BesideListing = {
  listing: { snapshots: [], backups: [], images: [], keypairs: [], loadBalancers: [] },
  refused: [],
};

/**
 * What the cloud holds of an instance and no state knows: made by hand, or by a run that was cut
 * short before it could write its state. Terraform never looks for such things: it would fail on
 * them, or make them twice, and a security rule among them opens what no plan shows.
 */
export function unmanagedIn(
  cloud: Listing,
  blueprint: Blueprint,
  plans: ReadonlyMap<string, PlanRead>,
  { importing = false, beside = NOTHING }: UnmanagedOptions = {},
): Unmanaged {
  const ids = new Set<string>();
  const managed = new Map<string, Item>();
  const planned = new Map<string, Planned>();
  for (const [stack, plan] of plans) {
    const known = plan.prior_state?.values?.root_module?.resources ?? [];
    const knowsNothing = !known.some(({ mode }) => mode !== "data");
    for (const { values, mode } of known) {
      ids.add(String(values["id"]));
      if (mode !== "data") managed.set(String(values["id"]), values);
    }
    for (const { address, type, change } of plan.resource_changes ?? []) {
      if (change.importing) ids.add(change.importing.id);
      const key = PLANNED[type] ?? ASKED[type];
      if (change.actions.join() === "create" && change.after && key)
        planned.set(key(change.after), {
          stack,
          to: address,
          type,
          knowsNothing,
          after: change.after,
        });
    }
  }
  const whole = blueprint.addresses.state === "allocated";
  const unmanaged = held(cloud, blueprint, whole, ids).filter(({ id }) => !ids.has(id));
  const matched = unmanaged.map((object) => {
    const place = object.key === undefined ? undefined : planned.get(object.key);
    const alike = unmanaged.filter((other) => other.key === object.key).length;
    return { ...object, place: alike === 1 ? place : undefined };
  });
  const { instance } = blueprint;
  const own = matched.filter(({ place }) => place && ASKED[place.type]);
  if (!importing && own.some(({ place }) => place?.knowsNothing))
    return { imports: [], findings: [{ id: ID, verdict: "fail", ...lost(instance, matched) }] };
  const imports: ImportBlock[] = [];
  const findings: Finding[] = [];
  for (const { id, place, finding } of matched) {
    const asked = place && ASKED[place.type] !== undefined;
    if (place && (importing || !asked)) {
      imports.push({ stack: place.stack, to: place.to, id });
      managed.set(id, place.after);
    } else if (finding) {
      const more = asked
        ? `. If it is ${instance}'s, \`polder plan ${instance} --import\` imports it`
        : "";
      const message = finding.message + more;
      findings.push({ id: ID, verdict: "fail", ...finding, message });
    }
  }
  // A plan of the addresses alone doesn't know what the cluster's state holds.
  const besides = whole
    ? besideIn(cloud, beside, managed, (item) => belongsTo(item, blueprint))
    : { touching: [], idle: [], unlisted: [] };
  const isLab = blueprint.residency.profile === "lab";
  findings.push(...besideFindings(besides, ID, instance, isLab));
  if (findings.every(({ verdict }) => verdict !== "fail")) {
    const message = "the cloud holds nothing of it that is in no state";
    findings.push({ id: ID, verdict: "pass", subject: blueprint.instance, message });
  }
  // A server's plan is only right once what it hangs on has its ids.
  const servers = (one: ImportBlock) => one.to.startsWith(`${SERVER}.`);
  const first = imports.filter((one) => !servers(one));
  return { imports: first.length > 0 ? first : imports, findings };
}

/** Where in a plan something would be made. */
interface Planned {
  readonly stack: string;
  readonly to: string;
  readonly type: string;
  /** Whether the stack's state holds nothing at all. */
  readonly knowsNothing: boolean;
  /** What it would be. */
  readonly after: Item;
}

/** Of an instance that runs and that the state knows nothing of: nobody shall delete it on our advice. */
function lost(
  instance: string,
  found: readonly UnmanagedObject[],
): Pick<Finding, "subject" | "message"> {
  const kinds = found.flatMap(
    ({ key }) => /^(servers|volumes|networks|floatingIps) /.exec(key ?? "")?.[1] ?? [],
  );
  const counts = [...new Set(kinds)].map(
    (kind) => `${kinds.filter((other) => other === kind).length} ${kind}`,
  );
  return {
    subject: instance,
    message: `the state holds nothing, and the cloud holds ${counts.join(", ")} that are named like what the plan would make: the state is lost, or lies elsewhere. Restore it from your backup; without one \`polder plan ${instance} --import\` imports what is there. Delete nothing: it may be running`,
  };
}

const describe = (rule: Item): string =>
  [
    rule["direction"],
    rule["ethertype"],
    rule["protocol"] ?? "any protocol",
    rule["port_range_min"] === null
      ? "any port"
      : `${rule["port_range_min"]}-${rule["port_range_max"]}`,
    rule["remote_ip_prefix"] ?? rule["remote_group_id"] ?? "from anywhere",
  ].join(" ");
