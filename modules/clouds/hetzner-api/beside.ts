import { type Beside, type Foreign, sortForeign } from "../cloud/index.ts";
import { type Item, isNeverMade, type ProjectKind } from "./api.ts";

/** Everything that a project of Hetzner Cloud holds, whosever it is. */
export type ProjectListing = Readonly<Record<ProjectKind, readonly Item[]>>;

/** By kind: what a person calls it, and Hetzner's own command. */
const CALLED: Readonly<Record<ProjectKind, readonly [word: string, command: string]>> = {
  servers: ["server", "server"],
  volumes: ["volume", "volume"],
  primary_ips: ["address", "primary-ip"],
  networks: ["network", "network"],
  firewalls: ["firewall", "firewall"],
  placement_groups: ["placement group", "placement-group"],
  zones: ["zone", "zone"],
  images: ["image", "image"],
  floating_ips: ["floating address", "floating-ip"],
  load_balancers: ["load balancer", "load-balancer"],
  ssh_keys: ["SSH key", "ssh-key"],
};

const items = (item: Item, name: string): readonly Item[] =>
  (item[name] as readonly Item[] | undefined) ?? [];

const nameOf = (item: Item): string => String(item["name"] || item["description"] || item["id"]);

/**
 * What stands beside an instance in its project: snapshots and backups of its servers, floating addresses and load
 * balancers that lead to them, other servers on its network, routes, alias addresses. None of this is in a state of its own,
 * so no plan shows it.
 *
 * @param isManaged whether a state knows an object, by its kind and id
 * @param isNamed whether an object is called or labelled as the instance's: of the kinds that polder makes it is reported
 *   elsewhere
 */
export function besideIn(
  project: ProjectListing,
  isManaged: (kind: "servers" | "networks", id: unknown) => boolean,
  isNamed: (item: Item) => boolean,
): Beside {
  const isServer = (id: unknown) => id !== null && isManaged("servers", id);
  const serverName = (id: unknown) =>
    nameOf(project.servers.find((server) => server["id"] === id) ?? { id });
  /** What a foreign object has to do with the instance; undefined for nothing. */
  const ties: Readonly<Partial<Record<ProjectKind, (item: Item) => string | undefined>>> = {
    servers: (item) =>
      items(item, "private_net").some(({ network }) => isManaged("networks", network))
        ? "is on the instance's private network, which no firewall of the cloud looks into"
        : undefined,
    volumes: (item) =>
      isServer(item["server"]) ? `is attached to ${serverName(item["server"])}` : undefined,
    primary_ips: (item) =>
      isServer(item["assignee_id"]) ? `leads to ${serverName(item["assignee_id"])}` : undefined,
    floating_ips: (item) =>
      isServer(item["server"]) ? `leads to ${serverName(item["server"])}` : undefined,
    images: (item) => {
      const from = (item["created_from"] as Item | null)?.["id"] ?? item["bound_to"];
      return isServer(from)
        ? `is a ${item["type"]} of ${serverName(from)}, with whatever its disk held, keys included`
        : undefined;
    },
    load_balancers: (item) => {
      const isOn = items(item, "private_net").some(({ network }) => isManaged("networks", network));
      const leads = items(item, "targets").some(({ server }) =>
        isServer((server as Item | undefined)?.["id"]),
      );
      return isOn || leads ? "leads to the instance's hosts, past its own addresses" : undefined;
    },
  };
  const foreign = (Object.entries(project) as [ProjectKind, readonly Item[]][]).flatMap(
    ([kind, found]) => {
      const [word, command] = CALLED[kind];
      return found
        .filter((item) => !isNamed(item) || isNeverMade(kind))
        .map((item): Foreign => {
          const tie = ties[kind]?.(item);
          return {
            word,
            name: nameOf(item),
            tie: tie ?? (isNamed(item) ? "is called like the instance's" : undefined),
            deletes: `hcloud ${command} delete ${item["id"]}`,
          };
        });
    },
  );
  const sorted = sortForeign(foreign);
  const touching = [...sorted.touching];
  for (const server of project.servers.filter(({ id }) => isManaged("servers", id)))
    for (const net of items(server, "private_net")) {
      const alias = (net["alias_ips"] as readonly string[] | undefined) ?? [];
      if (!isManaged("networks", net["network"]))
        touching.push({
          subject: `server ${nameOf(server)}`,
          message: `is also on network ${net["network"]}, which no plan made: take it off (hcloud server detach-from-network ${server["id"]} --network ${net["network"]})`,
        });
      else if (alias.length > 0)
        touching.push({
          subject: `server ${nameOf(server)}`,
          message: `has the further addresses ${alias.join(", ")} on the private network, which no plan gave it: take them away (hcloud server change-alias-ips ${server["id"]} --network ${net["network"]} --clear)`,
        });
    }
  for (const network of project.networks.filter(({ id }) => isManaged("networks", id)))
    for (const { destination, gateway } of items(network, "routes"))
      touching.push({
        subject: `route ${destination}`,
        message: `network ${nameOf(network)} sends ${destination} to ${gateway}, which no plan said: delete it (hcloud network remove-route ${network["id"]} --destination ${destination} --gateway ${gateway})`,
      });
  return { touching, idle: sorted.idle, unlisted: [] };
}
