// What the clouds' APIs say, as far as the hypervisor looks: for all projects, in our own words.

export interface Server {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly hostname: string;
  /** In nova's words: ACTIVE, SHUTOFF; any other: a guest is left as it is. */
  readonly status: string;
  /** Changes with each action on the server. */
  readonly updated: string;
  readonly diskGiB: number;
  /** Empty when there is none. */
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
  /** Ranges with the addresses on the link by which a host reaches them, beside its gateway. */
  readonly hostRoutes?: readonly { readonly destination: string; readonly nexthop: string }[];
  /**
   * A network of layer 3: a guest's own address has a prefix this long, and it reaches these ranges by
   * the gateway. Absent: the range is on the guest's link, and all else is behind the gateway.
   */
  readonly routed?: { readonly prefix: number; readonly ranges: readonly string[] };
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
  /** Its name below /dev/disk/by-id in a guest. */
  readonly link: string;
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

/** An action on a server that a hypervisor carries out. */
export interface Action {
  readonly name: "reboot" | "start" | "rebuild";
  readonly request: string;
  /** ms since 1970: it was ordered no later. */
  readonly at: number;
}

export const NOTHING: Inventory = {
  servers: [],
  ports: [],
  groups: [],
  floating: [],
  networks: [],
  subnets: [],
  routers: [],
  volumes: [],
  projects: new Map(),
};

/** What several clouds have. No two have the same id. */
export const together = (all: readonly Inventory[]): Inventory => ({
  servers: all.flatMap(({ servers }) => servers),
  ports: all.flatMap(({ ports }) => ports),
  groups: all.flatMap(({ groups }) => groups),
  floating: all.flatMap(({ floating }) => floating),
  networks: all.flatMap(({ networks }) => networks),
  subnets: all.flatMap(({ subnets }) => subnets),
  routers: all.flatMap(({ routers }) => routers),
  volumes: all.flatMap(({ volumes }) => volumes),
  projects: new Map(all.flatMap(({ projects }) => [...projects])),
});
