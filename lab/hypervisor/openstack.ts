import { statSync } from "node:fs";
import { Api, type Json, text } from "../cloud/api.ts";
import { readPasswords } from "../cloud/credentials.ts";
import type { LabNet } from "../cloud/network.ts";
import { labPaths } from "../cloud/paths.ts";
import type {
  Action,
  FloatingAddress,
  Inventory,
  Network,
  Port,
  Router,
  SecurityGroup,
  Server,
  Subnet,
} from "./inventory.ts";
import type { Source } from "./source.ts";

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
    userData: Buffer.from(optional(json, "OS-EXT-SRV-ATTR:user_data") ?? "", "base64").toString(),
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
    hostRoutes: list(json, "host_routes").map((route) => ({
      destination: text(route, "destination"),
      nexthop: text(route, "nexthop"),
    })),
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

/** As virtio shows the serial number that OpenStack gives to a volume. */
const diskLink = (volume: string) => `virtio-${volume.slice(0, 20)}`;

/** ms until a change that no service reported is seen. */
const UNTOLD = 30_000;

/** Nova shows user data, hostnames and the flavour's disk from this version on. */
const novaVersion = { "x-openstack-nova-api-version": "2.96" };

type Groups = Pick<Inventory, "groups">;
type Fast = Pick<Inventory, "servers" | "ports" | "floating">;
type Slow = Omit<Inventory, keyof Fast | keyof Groups>;

/** Some 20 ms. */
async function readGroups(api: Api): Promise<Groups> {
  const groups = await api.list("network", "/v2.0/security-groups", "security_groups");
  return { groups: groups.map(toGroup) };
}

/** What changes often. Some 150 ms. */
async function readFast(api: Api): Promise<Fast> {
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
async function readSlow(api: Api): Promise<Slow> {
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
    volumes: volumes.map((one) => {
      const id = text(one, "id");
      return { id, sizeGiB: number(one, "size") ?? 1, link: diskLink(id) };
    }),
    projects: new Map(projects.map((one) => [text(one, "id"), text(one, "name")])),
  };
}

const isCarriedOut = (name: string): name is Action["name"] =>
  ["reboot", "start", "rebuild"].includes(name);

/** The lab's OpenStack, with the admin's token: all projects. */
export class OpenStackSource implements Source {
  private readonly lab: string;
  private readonly net: LabNet;
  private readonly changesFile: string;
  private api: Api | undefined;
  /** How many changes the cloud had reported when it was last asked. */
  private readonly asked = { filters: -1, look: -1, whole: -1 };
  /** When everything is asked for next, even if no change was reported; ms as performance.now counts. */
  private due = 0;

  constructor(lab: string, net: LabNet) {
    this.lab = lab;
    this.net = net;
    this.changesFile = labPaths(lab).changesFile;
  }

  private told(): number {
    return statSync(this.changesFile, { throwIfNoEntry: false })?.size ?? 0;
  }

  private async login(): Promise<Api> {
    const password = readPasswords(labPaths(this.lab))?.admin ?? "";
    return Api.open({ host: this.net.lab, user: "admin", password, project: "admin" });
  }

  private async ask<Answer>(question: (api: Api) => Promise<Answer>): Promise<Answer> {
    try {
      this.api ??= await this.login();
      return await question(this.api);
    } catch (error) {
      // A token that ran out: the next question logs in anew.
      this.api = undefined;
      // Whatever was reported meanwhile: everything is asked again, until there is an answer.
      Object.assign(this.asked, { filters: -1, look: -1, whole: -1 });
      throw error;
    }
  }

  async filters(): Promise<Partial<Groups>> {
    const told = this.told();
    if (told === this.asked.filters) return {};
    const groups = await this.ask(readGroups);
    this.asked.filters = told;
    return groups;
  }

  async look(before: Inventory, whole: boolean): Promise<Partial<Inventory>> {
    const told = this.told();
    const wholly = whole && (told !== this.asked.whole || performance.now() > this.due);
    if (!wholly && told === this.asked.look) return {};
    const seen = await this.ask(async (api) => {
      const fast = await readFast(api);
      const differs =
        fast.ports.length !== before.ports.length || fast.servers.length !== before.servers.length;
      const slow = differs || wholly ? await readSlow(api) : {};
      // A new port may come with a new group.
      const groups = differs || wholly ? await readGroups(api) : {};
      return { ...fast, ...slow, ...groups };
    });
    this.asked.look = told;
    if (wholly) {
      this.asked.whole = told;
      this.due = performance.now() + UNTOLD;
    }
    return seen;
  }

  actions(server: Server): Promise<Action[]> {
    const path = `/servers/${server.id}/os-instance-actions`;
    return this.ask(async (api) =>
      (await api.list("compute", path, "instanceActions")).flatMap((one) => {
        const name = text(one, "action");
        if (!isCarriedOut(name)) return [];
        const request = text(one, "request_id");
        // Nova counts whole seconds.
        return [{ name, request, at: Date.parse(`${text(one, "start_time")}Z`) + 1000 }];
      }),
    );
  }

  key(server: Server): Promise<string> {
    const path = `/os-keypairs/${encodeURIComponent(server.keyName)}?user_id=${server.userId}`;
    return this.ask(async (api) => {
      const answer = await api.ask("compute", "GET", path, undefined, novaVersion);
      return text(answer["keypair"] as Json, "public_key");
    });
  }

  async poweredOff({ id }: Server): Promise<void> {
    // As nova does when it finds a guest shut down; refused when somebody was quicker.
    await this.ask((api) =>
      api.call("compute", "POST", `/servers/${id}/action`, { "os-stop": null }),
    );
  }
}
