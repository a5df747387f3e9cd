import { type Beside, type Foreign, sortForeign } from "../cloud/index.ts";
import type { BesideKind, BesideListing, Item, Listing } from "./api.ts";

/** By kind: what a person calls it, and OpenStack's own command. */
const CALLED: Readonly<
  Record<keyof Listing | BesideKind, readonly [word: string, command: string]>
> = {
  servers: ["server", "server"],
  serverGroups: ["server group", "server group"],
  networks: ["network", "network"],
  subnets: ["subnet", "subnet"],
  routers: ["router", "router"],
  ports: ["port", "port"],
  securityGroups: ["security group", "security group"],
  floatingIps: ["floating address", "floating ip"],
  volumes: ["volume", "volume"],
  zones: ["zone", "zone"],
  records: ["records", "recordset"],
  snapshots: ["snapshot", "volume snapshot"],
  backups: ["backup", "volume backup"],
  images: ["image", "image"],
  keypairs: ["SSH key", "keypair"],
  loadBalancers: ["load balancer", "loadbalancer"],
};

const items = (item: Item, name: string): readonly Item[] =>
  (item[name] as readonly Item[] | undefined) ?? [];

const nameOf = (item: Item): string =>
  String(item["name"] || item["floating_ip_address"] || item["id"]);

/** What makes a route that a subnet tells its hosts this one and no other. */
export const routeKey = (subnet: unknown, destination: unknown, nextHop: unknown): string =>
  `route ${subnet} ${destination} ${nextHop}`;

/** The same of what a plan or a state says (`openstack_networking_subnet_route_v2`). */
export const plannedRouteKey = (item: Item): string =>
  routeKey(item["subnet_id"], item["destination_cidr"], item["next_hop"]);

/** Reported elsewhere, by the network, the group or the zone that they are in; and what each project has by itself. */
const isPart = (kind: string, item: Item): boolean =>
  ["ports", "records"].includes(kind) || (kind === "securityGroups" && item["name"] === "default");

/**
 * What stands beside an instance in its project: snapshots, backups and images of its disks, floating addresses and load
 * balancers that lead to its ports, foreign routers and subnets on its networks, routes, further addresses of its ports.
 * None of this is in a state of its own, so no plan shows it.
 *
 * @param managed what the states know, by the cloud's id
 * @param isNamed whether an object is called or tagged as the instance's: of the kinds that polder makes it is reported
 *   elsewhere
 */
export function besideIn(
  cloud: Listing,
  { listing, refused }: BesideListing,
  managed: ReadonlyMap<string, Item>,
  isNamed: (item: Item) => boolean,
): Beside {
  const isOurs = (id: unknown) => managed.has(String(id));
  const own = (kind: keyof Listing) => cloud[kind].filter(({ id }) => isOurs(id));
  const nameById = (kind: keyof Listing, id: unknown) =>
    nameOf(cloud[kind].find((item) => item["id"] === id) ?? { id });
  const disk = (id: unknown) => `of ${nameById("volumes", id)}, with all that was on it`;
  const ties: Readonly<
    Partial<Record<keyof Listing | BesideKind, (item: Item) => string | undefined>>
  > = {
    subnets: ({ network_id }) =>
      isOurs(network_id)
        ? `is on the instance's network ${nameById("networks", network_id)}`
        : undefined,
    floatingIps: ({ port_id }) =>
      isOurs(port_id) ? `leads to ${nameById("ports", port_id)}` : undefined,
    volumes: (item) => {
      const at = items(item, "attachments").find(({ server_id }) => isOurs(server_id));
      return at && `is attached to ${nameById("servers", at["server_id"])}`;
    },
    snapshots: ({ volume_id }) => (isOurs(volume_id) ? `is one ${disk(volume_id)}` : undefined),
    backups: ({ volume_id }) => (isOurs(volume_id) ? `is one ${disk(volume_id)}` : undefined),
    images: ({ instance_uuid: server }) =>
      server && isOurs(server)
        ? `is one of ${nameById("servers", server)}, with all that was on its disk`
        : undefined,
    loadBalancers: ({ vip_network_id, vip_subnet_id }) =>
      isOurs(vip_network_id) || isOurs(vip_subnet_id)
        ? "stands on the instance's network and leads to its hosts, past its own addresses"
        : undefined,
  };
  const all = Object.entries({ ...cloud, ...listing }) as [
    keyof Listing | BesideKind,
    readonly Item[],
  ][];
  const foreign = all.flatMap(([kind, found]) => {
    const [word, command] = CALLED[kind];
    const isNeverMade = kind in listing;
    return found
      .filter((item) => !isOurs(item["id"]) && !isPart(kind, item))
      .filter((item) => !isNamed(item) || isNeverMade)
      .map((item): Foreign => {
        const tie = ties[kind]?.(item);
        return {
          word,
          name: nameOf(item),
          tie: tie ?? (isNamed(item) ? "is called like the instance's" : undefined),
          deletes: `openstack ${command} delete ${item["id"]}`,
        };
      });
  });
  const sorted = sortForeign(foreign);
  const touching = [...sorted.touching];
  for (const port of cloud.ports.filter(({ network_id }) => isOurs(network_id))) {
    const isRouter = String(port["device_owner"]).startsWith("network:router_interface");
    if (isRouter && !isOurs(port["device_id"]))
      touching.push({
        subject: `router ${nameById("routers", port["device_id"])}`,
        message: `is on the instance's network ${nameById("networks", port["network_id"])}, and no plan made it: take it off (openstack router remove port ${port["device_id"]} ${port["id"]})`,
      });
  }
  for (const router of own("routers"))
    for (const { destination, nexthop } of items(router, "routes"))
      touching.push({
        subject: `route ${destination}`,
        message: `router ${nameOf(router)} sends ${destination} to ${nexthop}, which no plan said: delete it (openstack router unset ${router["id"]} --route destination=${destination},gateway=${nexthop})`,
      });
  const known = new Set([...managed.values()].map(plannedRouteKey));
  for (const subnet of own("subnets"))
    for (const { destination, nexthop } of items(subnet, "host_routes"))
      if (!known.has(routeKey(subnet["id"], destination, nexthop)))
        touching.push({
          subject: `route ${destination}`,
          message: `subnet ${nameOf(subnet)} tells its hosts to send ${destination} to ${nexthop}, which no plan said: delete it (openstack subnet unset ${subnet["id"]} --host-route destination=${destination},gateway=${nexthop})`,
        });
  for (const port of own("ports")) {
    const given = items(managed.get(String(port["id"])) ?? {}, "fixed_ip");
    const known = given.map(({ ip_address }) => ip_address);
    // Where the cloud chose the addresses, no file names them.
    const chosen = given.length === 0 || known.some((address) => !address);
    const further = [
      ...(chosen ? [] : items(port, "fixed_ips").map(({ ip_address }) => ip_address)),
      ...items(port, "allowed_address_pairs").map(({ ip_address }) => ip_address),
    ].filter((address) => !known.includes(address));
    if (further.length > 0)
      touching.push({
        subject: `port ${nameOf(port)}`,
        message: `may also send as ${further.join(", ")}, which no plan gave it: take that away in the cloud (openstack port unset ${port["id"]} --fixed-ip or --allowed-address)`,
      });
  }
  return {
    touching,
    idle: sorted.idle,
    unlisted: refused.map(({ kind, why }) => `${CALLED[kind][0]}s can't be listed: ${why}`),
  };
}
