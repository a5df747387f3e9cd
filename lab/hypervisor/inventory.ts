import { type Api, type Json, text } from "../cloud/api.ts";

// What the cloud's APIs say, as far as the hypervisor looks: for all projects, in our own words.

export interface Server {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly hostname: string;
  /** Nova's: ACTIVE, SHUTOFF, ERROR, … */
  readonly status: string;
  /** Changes with each action on the server. */
  readonly updated: string;
  readonly diskGiB: number;
  /** Base64, as nova keeps it; empty when there is none. */
  readonly userData: string;
  readonly keyName: string;
  readonly userId: string;
  /** Of its ports, in the order in which the guest sees them. */
  readonly macs: readonly string[];
  /** In the order in which they were attached. */
  readonly volumes: readonly string[];
}

export interface FixedAddress {
  readonly subnet: string;
  readonly address: string;
}

export interface Port {
  readonly id: string;
  readonly mac: string;
  readonly network: string;
  /** The server or router that it belongs to. */
  readonly device: string;
  readonly deviceOwner: string;
  readonly addresses: readonly FixedAddress[];
  readonly groups: readonly string[];
  /** Addresses or ranges beside its own from which it may send. */
  readonly allowedPairs: readonly string[];
  readonly secured: boolean;
}

export interface Network {
  readonly id: string;
  /** A network of the provider's own, joined to its edge. */
  readonly atEdge: boolean;
  readonly mtu: number;
}

export interface Subnet {
  readonly id: string;
  readonly network: string;
  readonly version: 4 | 6;
  readonly cidr: string;
  readonly gateway: string | undefined;
  readonly nameservers: readonly string[];
}

export interface Router {
  readonly id: string;
  /** Its IPv4 address at the edge; undefined without an external gateway. */
  readonly external: string | undefined;
  readonly snat: boolean;
}

export interface GroupRule {
  readonly direction: "ingress" | "egress";
  readonly version: 4 | 6;
  readonly protocol: string | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly remoteGroup: string | undefined;
  readonly remotePrefix: string | undefined;
}

export interface SecurityGroup {
  readonly id: string;
  readonly rules: readonly GroupRule[];
}

export interface FloatingAddress {
  readonly address: string;
  readonly fixed: string;
  readonly router: string;
}

export interface Volume {
  readonly id: string;
  readonly sizeGiB: number;
}

/** All that a round of reconciling looks at. */
export interface Inventory {
  readonly servers: readonly Server[];
  readonly ports: readonly Port[];
  readonly groups: readonly SecurityGroup[];
  readonly floating: readonly FloatingAddress[];
  readonly networks: readonly Network[];
  readonly subnets: readonly Subnet[];
  readonly routers: readonly Router[];
  readonly volumes: readonly Volume[];
  /** Names of projects by their ids. */
  readonly projects: ReadonlyMap<string, string>;
}

const optional = (object: Json, key: string) => text(object, key).replace("null", "") || undefined;
const number = (object: Json, key: string) =>
  typeof object[key] === "number" ? object[key] : undefined;
const list = (object: Json, key: string) => (object[key] ?? []) as readonly Json[];
const version = (value: unknown): 4 | 6 => (value === 6 || value === "IPv6" ? 6 : 4);

export function toServer(json: Json): Server {
  return {
    id: text(json, "id"),
    name: text(json, "name"),
    project: text(json, "tenant_id"),
    hostname: text(json, "OS-EXT-SRV-ATTR:hostname") || text(json, "name"),
    status: text(json, "status"),
    updated: text(json, "updated"),
    diskGiB: Number(text(json["flavor"] as Json, "disk")) || 10,
    userData: optional(json, "OS-EXT-SRV-ATTR:user_data") ?? "",
    keyName: optional(json, "key_name") ?? "",
    userId: text(json, "user_id"),
    macs: [
      ...new Set(
        Object.values((json["addresses"] ?? {}) as Record<string, readonly Json[]>)
          .flat()
          .map((one) => text(one, "OS-EXT-IPS-MAC:mac_addr")),
      ),
    ],
    volumes: list(json, "os-extended-volumes:volumes_attached").map((one) => text(one, "id")),
  };
}

export function toPort(json: Json): Port {
  return {
    id: text(json, "id"),
    mac: text(json, "mac_address"),
    network: text(json, "network_id"),
    device: text(json, "device_id"),
    deviceOwner: text(json, "device_owner"),
    addresses: list(json, "fixed_ips").map((one) => ({
      subnet: text(one, "subnet_id"),
      address: text(one, "ip_address"),
    })),
    groups: (json["security_groups"] ?? []) as string[],
    allowedPairs: list(json, "allowed_address_pairs").map((one) => text(one, "ip_address")),
    secured: json["port_security_enabled"] !== false,
  };
}

export function toNetwork(json: Json): Network {
  return {
    id: text(json, "id"),
    atEdge: json["provider:network_type"] === "flat",
    mtu: number(json, "mtu") ?? 1500,
  };
}

export function toSubnet(json: Json): Subnet {
  return {
    id: text(json, "id"),
    network: text(json, "network_id"),
    version: version(json["ip_version"]),
    cidr: text(json, "cidr"),
    gateway: optional(json, "gateway_ip"),
    nameservers: (json["dns_nameservers"] ?? []) as string[],
  };
}

export function toRouter(json: Json): Router {
  const gateway = json["external_gateway_info"] as Json | null;
  const addresses = gateway ? list(gateway, "external_fixed_ips") : [];
  return {
    id: text(json, "id"),
    external: addresses.map((one) => text(one, "ip_address")).find((one) => !one.includes(":")),
    snat: gateway?.["enable_snat"] !== false,
  };
}

export function toGroup(json: Json): SecurityGroup {
  return {
    id: text(json, "id"),
    rules: list(json, "security_group_rules").map((rule) => ({
      direction: rule["direction"] === "egress" ? "egress" : "ingress",
      version: version(rule["ethertype"]),
      protocol: optional(rule, "protocol"),
      min: number(rule, "port_range_min"),
      max: number(rule, "port_range_max"),
      remoteGroup: optional(rule, "remote_group_id"),
      remotePrefix: optional(rule, "remote_ip_prefix"),
    })),
  };
}

function toFloating(json: Json): FloatingAddress[] {
  const [fixed, router] = [optional(json, "fixed_ip_address"), optional(json, "router_id")];
  return fixed && router ? [{ address: text(json, "floating_ip_address"), fixed, router }] : [];
}

/** Nova shows user data, hostnames and the flavour's disk from this version on. */
export const novaVersion = { "x-openstack-nova-api-version": "2.96" };

type Groups = Pick<Inventory, "groups">;
type Fast = Pick<Inventory, "servers" | "ports" | "floating">;
type Slow = Omit<Inventory, keyof Fast | keyof Groups>;

/** What must act at once. Some 20 ms. */
export async function readGroups(api: Api): Promise<Groups> {
  const groups = await api.list("network", "/v2.0/security-groups", "security_groups");
  return { groups: groups.map(toGroup) };
}

/** What changes often. Some 150 ms. */
export async function readFast(api: Api): Promise<Fast> {
  const network = (path: string) => api.list("network", `/v2.0/${path}`, path);
  const [servers, ports, floating] = await Promise.all([
    api.ask("compute", "GET", "/servers/detail?all_tenants=1", undefined, novaVersion),
    network("ports"),
    network("floatingips"),
  ]);
  return {
    servers: list(servers, "servers").map(toServer),
    ports: ports.map(toPort),
    floating: floating.flatMap(toFloating),
  };
}

/** What changes seldom, or only together with ports and servers. */
export async function readSlow(api: Api): Promise<Slow> {
  const network = (path: string) => api.list("network", `/v2.0/${path}`, path);
  const [networks, subnets, routers, volumes, projects] = await Promise.all([
    network("networks"),
    network("subnets"),
    network("routers"),
    api.list("volumev3", `/${api.projectId}/volumes/detail?all_tenants=1`, "volumes"),
    api.list("identity", "/projects", "projects"),
  ]);
  return {
    networks: networks.map(toNetwork),
    subnets: subnets.map(toSubnet),
    routers: routers.map(toRouter),
    volumes: volumes.map((one) => ({ id: text(one, "id"), sizeGiB: number(one, "size") ?? 1 })),
    projects: new Map(projects.map((one) => [text(one, "id"), text(one, "name")])),
  };
}

/** An action on a server that a hypervisor carries out, such as `reboot`. */
export interface Action {
  readonly name: string;
  readonly request: string;
  /** ms since 1970; nova counts whole seconds. */
  readonly at: number;
}

/** What was done to a server, newest first. */
export async function readActions(api: Api, server: string): Promise<Action[]> {
  const path = `/servers/${server}/os-instance-actions`;
  return (await api.list("compute", path, "instanceActions")).map((one) => ({
    name: text(one, "action"),
    request: text(one, "request_id"),
    at: Date.parse(`${text(one, "start_time")}Z`),
  }));
}

/** The public key that a server was made with. */
export async function readKey(api: Api, server: Server): Promise<string> {
  const path = `/os-keypairs/${encodeURIComponent(server.keyName)}?user_id=${server.userId}`;
  const answer = await api.ask("compute", "GET", path, undefined, novaVersion);
  return text(answer["keypair"] as Json, "public_key");
}
