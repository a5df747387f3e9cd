import { createHash } from "node:crypto";
import { LabError } from "../cloud/error.ts";
import {
  type Action,
  type GroupRule,
  type Inventory,
  NOTHING,
  type Port,
  type SecurityGroup,
  type Server,
  type Subnet,
  together,
  type Volume,
} from "./inventory.ts";
import type { Source } from "./source.ts";

// What the stand-in of Hetzner's API says to its operator, in our words. A server is on up to two
// kinds of network: the public one, which all servers share and where firewalls hold, and private
// ones, where none does. Both are of layer 3: a server has its own address alone on its link, and
// reaches all else by a gateway.

interface Project {
  readonly id: string;
  readonly servers: readonly ShownServer[];
  readonly networks: readonly ShownNetwork[];
  readonly firewalls: readonly ShownFirewall[];
  readonly volumes: readonly ShownVolume[];
  readonly actions: readonly ShownAction[];
}

interface ShownServer {
  readonly id: number;
  readonly name: string;
  readonly status: string;
  readonly primary_disk_size: number;
  readonly user_data: string;
  readonly public_net: {
    readonly ipv4: { readonly ip: string } | null;
    readonly ipv6: { readonly ip: string } | null;
    readonly firewalls: readonly { readonly id: number }[];
  };
  readonly private_net: readonly {
    readonly network: number;
    readonly ip: string;
    readonly alias_ips: readonly string[];
    readonly mac_address: string;
  }[];
  readonly volumes: readonly number[];
}

interface ShownNetwork {
  readonly id: number;
  readonly ip_range: string;
  readonly subnets: readonly { readonly gateway: string }[];
}

interface ShownFirewall {
  readonly id: number;
  readonly rules: readonly {
    readonly direction: "in" | "out";
    readonly protocol: string;
    readonly port: string | null;
    readonly source_ips: readonly string[];
    readonly destination_ips: readonly string[];
  }[];
}

interface ShownVolume {
  readonly id: number;
  readonly size: number;
  readonly linux_device: string;
}

interface ShownAction {
  readonly id: number;
  readonly command: string;
  readonly started: string;
  readonly finished: string | null;
  readonly resources: readonly { readonly id: number; readonly type: string }[];
}

/** Ids are numbers there, and of one project; here they are the lab's, and a machine's own is a UUID. */
function idOf(project: string, kind: string, id: number | string): string {
  const hex = createHash("sha256").update(`${project} ${kind} ${id}`).digest("hex");
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(12, 15)}`,
    `8${hex.slice(15, 18)}`,
  ];
  return [...parts, hex.slice(18, 30)].join("-");
}

const PUBLIC = idOf("", "network", "public");
const [PUBLIC_4, PUBLIC_6] = [idOf("", "subnet", "v4"), idOf("", "subnet", "v6")];

/**
 * The public network as its servers see it: an address with nothing beside it, and a gateway. That of
 * IPv6 is https://docs.hetzner.com/robot/dedicated-server/network/net-config-debian-ubuntu's, that of
 * IPv4 second-hand, from public configurations of such servers, where they agree (read 2026-11-25).
 */
const publicSubnets = (resolver: string): Subnet[] => [
  {
    id: PUBLIC_4,
    network: PUBLIC,
    version: 4,
    cidr: "172.31.1.1/32",
    gateway: "172.31.1.1",
    nameservers: [resolver],
    routed: { prefix: 32, ranges: ["0.0.0.0/0"] },
  },
  {
    id: PUBLIC_6,
    network: PUBLIC,
    version: 6,
    cidr: "2001:db8:f::/48",
    gateway: "fe80::1",
    nameservers: [],
    routed: { prefix: 64, ranges: ["::/0"] },
  },
];

/** Octets that an interface of the public network begins with there; the rest is the server's. */
const PUBLIC_MAC = "92:00";

/** https://docs.hetzner.com/cloud/networks/technical-concepts/architecture (read 2026-11-25). */
const PRIVATE_MTU = 1450;

const anything = (["ingress", "egress"] as const).flatMap((direction) =>
  ([4, 6] as const).map(
    (version): GroupRule => ({
      direction,
      version,
      protocol: undefined,
      min: undefined,
      max: undefined,
      remoteGroup: undefined,
      remotePrefix: undefined,
    }),
  ),
);

/** No firewall looks into a private network. */
const UNFILTERED: SecurityGroup = { id: idOf("", "group", "unfiltered"), rules: anything };

function rulesOf(firewalls: readonly ShownFirewall[]): readonly GroupRule[] {
  if (firewalls.length === 0) return anything;
  const rules = firewalls
    .flatMap((firewall) => firewall.rules)
    .flatMap(({ direction, protocol, port, source_ips, destination_ips }) => {
      const [from, to] =
        /^(\d+)(?:-(\d+))?$/
          .exec(port ?? "")
          ?.slice(1)
          .map(Number) ?? [];
      return (direction === "in" ? source_ips : destination_ips).map(
        (range): GroupRule => ({
          direction: direction === "in" ? "ingress" : "egress",
          version: range.includes(":") ? 6 : 4,
          protocol,
          min: from,
          max: to || from,
          remoteGroup: undefined,
          remotePrefix: range,
        }),
      );
    });
  // Without a rule for a direction nothing comes in, and everything goes out.
  const isOut = ({ direction }: GroupRule) => direction === "egress";
  return rules.some(isOut) ? rules : [...rules, ...anything.filter(isOut)];
}

function publicPort(
  project: Project,
  server: ShownServer,
): (Port & { rules: readonly GroupRule[] })[] {
  const { ipv4, ipv6, firewalls } = server.public_net;
  if (!ipv4 && !ipv6) return [];
  const id = idOf(project.id, "public port", server.id);
  const names = new Set(firewalls.map((firewall) => firewall.id));
  const mac = id.slice(0, 8).match(/../g)?.join(":");
  return [
    {
      id,
      mac: `${PUBLIC_MAC}:${mac}`,
      network: PUBLIC,
      deviceOwner: "compute:hetzner",
      device: idOf(project.id, "server", server.id),
      addresses: [
        ...(ipv4 ? [{ subnet: PUBLIC_4, address: ipv4.ip }] : []),
        // Of its /64 a server has the first, as the provider's own images are set up.
        ...(ipv6 ? [{ subnet: PUBLIC_6, address: ipv6.ip.replace("::/64", "::1") }] : []),
      ],
      groups: [id],
      allowedPairs: [],
      secured: true,
      rules: rulesOf(project.firewalls.filter((one) => names.has(one.id))),
    },
  ];
}

const privatePorts = (project: Project, server: ShownServer): Port[] =>
  server.private_net.map(({ network, ip, alias_ips, mac_address }) => ({
    id: idOf(project.id, `port of ${server.id}`, network),
    mac: mac_address,
    deviceOwner: "compute:hetzner",
    network: idOf(project.id, "network", network),
    device: idOf(project.id, "server", server.id),
    addresses: [{ subnet: idOf(project.id, "subnet", network), address: ip }],
    groups: [UNFILTERED.id],
    allowedPairs: alias_ips,
    secured: true,
  }));

/**
 * One gateway for all subnets of a network: a guest gets the network's range
 * (https://docs.hetzner.com/networking/networks/technical-concepts/architecture, read 2026-11-25).
 */
const privateSubnet = (project: Project, { id, ip_range, subnets }: ShownNetwork): Subnet => ({
  id: idOf(project.id, "subnet", id),
  network: idOf(project.id, "network", id),
  version: 4,
  cidr: ip_range,
  gateway: subnets[0]?.gateway,
  nameservers: [],
  routed: { prefix: 32, ranges: [ip_range] },
});

/**
 * ms that a server without a private network is given to get one before it boots. The provider makes
 * a public server running, and attaches its networks then. At Hetzner that is long before a server
 * looks at its links; here hosts boot in three seconds, and nothing is plugged into a running one.
 */
const PATIENCE = 10_000;

function statusOf(project: Project, { id, status, private_net }: ShownServer): string {
  const made = ofServer(project, id).find(({ command }) => command === "create_server");
  const age = made ? Date.now() - Date.parse(made.finished ?? made.started) : PATIENCE;
  const early = status === "running" && private_net.length === 0 && age < PATIENCE;
  return early ? "BUILD" : (STATUS[status] ?? status);
}

const STATUS: Readonly<Record<string, string>> = { running: "ACTIVE", off: "SHUTOFF" };

const ofServer = (project: Project, server: number): ShownAction[] =>
  project.actions.filter(({ resources }) =>
    resources.some(({ id, type }) => type === "server" && id === server),
  );

function toServer(project: Project, server: ShownServer, macs: readonly string[]): Server {
  return {
    id: idOf(project.id, "server", server.id),
    name: server.name,
    hostname: server.name,
    project: project.id,
    status: statusOf(project, server),
    updated: String(ofServer(project, server.id).at(-1)?.id),
    diskGiB: server.primary_disk_size,
    userData: server.user_data,
    keyName: "",
    userId: "",
    macs,
    volumes: server.volumes.map((id) => idOf(project.id, "volume", id)),
  };
}

/**
 * One project in our words.
 *
 * @param name what the lab calls it
 */
export function inventoryOf(project: Project, name: string): Inventory {
  const ports = project.servers.map((server) => ({
    server,
    open: publicPort(project, server),
    inside: privatePorts(project, server),
  }));
  return {
    ...NOTHING,
    projects: new Map([[project.id, name]]),
    servers: ports.map(({ server, open, inside }) =>
      toServer(
        project,
        server,
        [...open, ...inside].map(({ mac }) => mac),
      ),
    ),
    ports: ports.flatMap(({ open, inside }) => [...open, ...inside]),
    groups: ports.flatMap(({ open }) => open.map(({ id, rules }) => ({ id, rules }))),
    networks: project.networks.map(({ id }) => ({
      id: idOf(project.id, "network", id),
      atEdge: false,
      mtu: PRIVATE_MTU,
    })),
    subnets: project.networks.map((network) => privateSubnet(project, network)),
    volumes: project.volumes.map(
      ({ id, size, linux_device }): Volume => ({
        id: idOf(project.id, "volume", id),
        sizeGiB: size,
        link: linux_device.slice(linux_device.lastIndexOf("/") + 1),
      }),
    ),
  };
}

/** What is there whatever projects have. */
export const surroundings = (resolver: string): Inventory => ({
  ...NOTHING,
  groups: [UNFILTERED],
  networks: [{ id: PUBLIC, atEdge: true, mtu: 1500 }],
  subnets: publicSubnets(resolver),
});

const ORDERS: Readonly<Record<string, Action["name"]>> = {
  start_server: "start",
  reboot_server: "reboot",
  reset_server: "reboot",
};

/** How the stand-in's operator reaches it, and what it can't know. */
export interface HetznerOptions {
  readonly endpoint: string;
  /** The operator's. */
  readonly token: string;
  /** What the hosts' resolver is. */
  readonly resolver: string;
  /** What the lab calls a project. */
  readonly nameOf: (project: string) => string;
}

/** The stand-in of Hetzner's API, by its operator's side: all projects. */
export class HetznerSource implements Source {
  private readonly options: HetznerOptions;
  private projects: readonly Project[] = [];

  constructor(options: HetznerOptions) {
    this.options = options;
  }

  private async ask(method: string, path: string): Promise<Response> {
    const { endpoint, token } = this.options;
    const url = new URL(`/operator${path}`, endpoint);
    const answer = await fetch(url, { method, headers: { authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new LabError(`Hetzner's stand-in answers ${answer.status} to ${path}`);
    return answer;
  }

  private async everything(): Promise<Inventory[]> {
    const answer = await this.ask("GET", "/projects");
    this.projects = ((await answer.json()) as { readonly projects: readonly Project[] }).projects;
    const { resolver, nameOf } = this.options;
    return [
      surroundings(resolver),
      ...this.projects.map((project) => inventoryOf(project, nameOf(project.id))),
    ];
  }

  async filters(): Promise<Pick<Inventory, "groups">> {
    return { groups: (await this.everything()).flatMap(({ groups }) => groups) };
  }

  async look(): Promise<Inventory> {
    return together(await this.everything());
  }

  private find({ id, project }: Server): readonly [Project, ShownServer] {
    const home = this.projects.find((one) => one.id === project);
    const found = home?.servers.find((server) => idOf(home.id, "server", server.id) === id);
    if (!home || !found) throw new LabError(`server ${id} is gone`);
    return [home, found];
  }

  async actions(server: Server): Promise<Action[]> {
    const [project, { id }] = this.find(server);
    return ofServer(project, id)
      .reverse()
      .flatMap(({ id: request, command, started }) => {
        const name = ORDERS[command];
        return name ? [{ name, request: `${project.id} ${request}`, at: Date.parse(started) }] : [];
      });
  }

  /** None: what a server is made with is in its user_data. */
  async key(): Promise<string> {
    return "";
  }

  async poweredOff(server: Server): Promise<void> {
    const [project, { id }] = this.find(server);
    await this.ask("POST", `/projects/${project.id}/servers/${id}/stopped`);
  }
}
