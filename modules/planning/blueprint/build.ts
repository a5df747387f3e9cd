import { createHash } from "node:crypto";
import type { Path } from "../../common/input/index.ts";
import type { Instance, Logo, Override } from "../instance/index.ts";
import { addressAt, type Cidr, cidr, subnet } from "../network/index.ts";
import {
  evaluateResidency,
  isResidencyWaiver,
  type Location,
  openChecks,
  type PlatformLocation,
  type ResidencyRules,
  type ResidencyVerdict,
  wayOut,
} from "../residency/index.ts";
import {
  bridgeShards,
  type CoreModel,
  type Figures,
  figureOf,
  flavoursOf,
  planSizing,
  type Role,
  type RoleSize,
  type Sizing,
  Unplannable,
} from "../sizing/index.ts";
import type { AddressesFile } from "./addresses.ts";
import { planDns } from "./dns.ts";
import { planFlows } from "./flows.ts";
import type { JitsiPackage } from "./jitsi.ts";
import type { Blueprint, Host, PlacementGroup, Volume, Zone, ZoneName } from "./types.ts";

/** All that a decision is made from. */
export interface BlueprintInput {
  readonly instance: Instance;
  readonly location: Location;
  readonly figures: Figures;
  /** What a bridge costs in cores, with what the operator measured. */
  readonly cores: CoreModel;
  readonly rules: ResidencyRules;
  /** What overrides.yaml changes of inner resources. */
  readonly overrides?: readonly Override[];
  /**
   * Whether the instance is to be ended: then it may stand where it may no longer be.
   * @default false
   */
  readonly ending?: boolean;
  /** Absent where nobody has pinned Jitsi's packages: jitsi.yaml. */
  readonly jitsi?: readonly JitsiPackage[];
  /** The file that branding.logo names; absent where none is named. */
  readonly logo?: Logo;
  /** Absent until the cloud's public addresses are allocated and recorded. */
  readonly addresses?: AddressesFile;
}

/** With the logo itself in place of its file's name. */
function brandingOf({ instance, logo }: BlueprintInput): Blueprint["branding"] {
  const { logo: _name, ...branding } = instance.branding;
  return { ...branding, ...(logo && { logo }) };
}

/** A well-formed wish that can't be granted; `path` is the field of the instance file to change. */
export class Refused extends Error {
  readonly path: Path;

  constructor(path: Path, message: string) {
    super(message);
    this.name = "Refused";
    this.path = path;
  }
}

/** Where each role stands: its zone, its block of addresses in it, why it is public or not. */
const ROLES: Readonly<
  Record<
    Role,
    {
      zone: ZoneName;
      offset: number;
      room: number;
      public: boolean;
      why: string;
      protected: boolean;
    }
  >
> = {
  control: {
    zone: "service",
    offset: 10,
    room: 20,
    public: true,
    why: "people load the page and signal here",
    protected: true,
  },
  turn: {
    zone: "service",
    offset: 30,
    room: 20,
    public: true,
    why: "people behind firewalls relay here",
    protected: false,
  },
  bridge: {
    zone: "service",
    offset: 50,
    room: 150,
    public: true,
    why: "people send and receive media here",
    protected: false,
  },
  edge: {
    zone: "management",
    offset: 10,
    room: 10,
    public: true,
    why: "the only way in for admins",
    protected: false,
  },
  monitor: {
    zone: "management",
    offset: 20,
    room: 10,
    public: false,
    why: "nobody outside has business with the logs",
    protected: true,
  },
};

/**
 * What a private network of each kind of cloud gives its hosts: addresses of which families, and a
 * way out for those without a public address.
 */
const NETWORKS: Readonly<
  Record<Instance["cloud"], { readonly ipv6: boolean; readonly wayOut: boolean }>
> = {
  openstack: { ipv6: true, wayOut: true },
  // "Networks only support IPv4": https://docs.hetzner.com/cloud/networks/faq (read 2026-11-25).
  // Nothing of the cloud's translates on the way out: see docs/decisions/0017.
  hetzner: { ipv6: false, wayOut: false },
};

/** Private ranges: a /24 and a /64 a zone. IPv6 by default from the domain (RFC 4193 3.2.2: any hash). */
function planZones(instance: Instance): Zone[] {
  const hash = createHash("sha256").update(instance.domain).digest("hex");
  const derived = `fd${hash.slice(0, 2)}:${hash.slice(2, 6)}:${hash.slice(6, 10)}::/48`;
  const [v4, v6] = [cidr(instance.network.ipv4), cidr(instance.network.ipv6 ?? derived)];
  const pool = (range: Cidr): readonly [string, string] => [
    addressAt(range, 201),
    addressAt(range, 250),
  ];
  const zone = (name: ZoneName, index: number, why: string): Zone => {
    const [ipv4, ipv6] = [subnet(v4, 24, index), subnet(v6, 64, index)];
    return {
      name,
      why,
      ipv4: ipv4.text,
      ipv4Pool: pool(ipv4),
      ...(NETWORKS[instance.cloud].ipv6 && { ipv6: ipv6.text, ipv6Pool: pool(ipv6) }),
    };
  };
  return [
    zone("service", 0, "hosts that meetings run on"),
    zone(
      "management",
      1,
      "the way in for admins and the store of logs: apart from what the internet reaches (BIO2 8.20.02)",
    ),
  ];
}

function volumesOf(
  id: string,
  role: Role,
  instance: Instance,
  sizing: Sizing,
  figures: Figures,
): Volume[] {
  if (role === "control") {
    const sizeGiB = figureOf(figures, "volumeControl");
    return [
      {
        id: `${id}-data`,
        sizeGiB,
        why: "keys, certificates and the log of issued rooms outlive the host",
      },
    ];
  }
  if (role === "monitor") {
    const hosts = sizing.roles.reduce((sum, r) => sum + r.count, 0);
    const logging = sizing.roles.reduce((sum, r) => sum + r.count * r.roles.length, 0);
    const { securityDays, logVolumeGiB = 0 } = instance.retention;
    const derived = Math.ceil(
      (figureOf(figures, "logsPerHostDay") * logging * securityDays) / 1024,
    );
    const asked = logVolumeGiB > derived ? ", as large as the file asks" : "";
    return [
      {
        id: `${id}-logs`,
        sizeGiB: Math.max(derived, logVolumeGiB),
        why: `logs of ${hosts} hosts for ${securityDays} days${asked}`,
      },
    ];
  }
  return [];
}

/** Where a host stands is its own role's to say; who reaches it, every role's that it carries. */
function placeOf({ role, roles }: RoleSize): (typeof ROLES)[Role] {
  const all = roles.map((one) => ROLES[one]);
  return {
    ...ROLES[role],
    public: all.some((place) => place.public),
    why: all.map(({ why }) => why).join("; "),
  };
}

/** A host that nobody outside may reach still has to get out: to packages, names, time, alarms. */
function exposureOf(place: (typeof ROLES)[Role], wayOut: boolean): Host["exposure"] {
  if (place.public || wayOut)
    return { public: place.public, addressed: place.public, why: place.why };
  return {
    public: false,
    addressed: true,
    why: `${place.why}; its address is a way out, and lets nothing in`,
  };
}

function planHosts(input: BlueprintInput, sizing: Sizing, zones: readonly Zone[]): Host[] {
  const { instance, addresses, figures } = input;
  const shardOfBridge = bridgeShards(sizing);
  return sizing.roles.flatMap((size: RoleSize) => {
    const place = placeOf(size);
    const zone = zones.find((z) => z.name === place.zone) as Zone;
    if (size.count > place.room) {
      throw new Unplannable(
        ["demand", "meetings"],
        `${size.count} ${size.role} hosts, at most ${place.room} fit into ${zone.ipv4}`,
      );
    }
    const exposure = exposureOf(place, NETWORKS[instance.cloud].wayOut);
    const flavours = flavoursOf(size);
    return Array.from({ length: size.count }, (_, i): Host => {
      const id = `${size.role}-${i + 1}`;
      const publicAddress = exposure.addressed ? addresses?.addresses[id] : undefined;
      return {
        id,
        role: size.role,
        roles: size.roles,
        shard:
          size.role === "monitor" || size.role === "edge"
            ? 0
            : size.role === "bridge"
              ? (shardOfBridge[i] ?? 0)
              : (i % sizing.shards) + 1,
        name: `${id}.${instance.name}.internal`,
        zone: place.zone,
        ipv4: addressAt(cidr(zone.ipv4), place.offset + i),
        ...(zone.ipv6 && { ipv6: addressAt(cidr(zone.ipv6), place.offset + i) }),
        exposure,
        ...(publicAddress && {
          publicAddress: {
            id: publicAddress.id,
            ...(publicAddress.ipv6Id && { ipv6Id: publicAddress.ipv6Id }),
            ipv4: publicAddress.ipv4,
            ...(publicAddress.ipv6 && { ipv6: publicAddress.ipv6 }),
          },
        }),
        flavour: flavours[i] ?? "",
        volumes: volumesOf(id, size.role, instance, sizing, figures),
        protected: place.protected,
      };
    });
  });
}

function planPlacement(sizing: Sizing, location: PlatformLocation): PlacementGroup[] {
  const machines = location.platform.antiAffinityHosts;
  return sizing.roles.map(({ role, count }) =>
    count <= machines
      ? { role, policy: "anti-affinity", why: `${count} on ${machines} machines: never two on one` }
      : {
          role,
          policy: "soft-anti-affinity",
          why: `${count} on ${machines} machines: spread as well as the cloud can`,
        },
  );
}

/**
 * Whether the instance may run there.
 *
 * @throws Refused with the fact, the rule and the way out.
 */
function acceptedResidency({
  instance,
  location,
  rules,
  ending,
}: BlueprintInput): ResidencyVerdict {
  const { residency: profile, classification, waivers } = instance;
  const verdict = evaluateResidency(profile, classification, location, rules, waivers);
  if (ending) return verdict;
  const own = waivers.flatMap(({ waives }, i) =>
    isResidencyWaiver(waives) ? [{ waives, i }] : [],
  );
  const [first, second] = own;
  if (second)
    throw new Refused(
      ["waivers", second.i, "waives"],
      `got "${second.waives}" beside "${first?.waives}": of a location one fact may be waived, no more`,
    );
  if (first && !verdict.checks.some(({ waiver }) => waiver === first.waives))
    throw new Refused(
      ["waivers", first.i, "waives"],
      `"${first.waives}" is nothing that profile ${profile} could be waived at ${location.id}: take this waiver out`,
    );
  if (verdict.verdict === "refused")
    throw new Refused(
      ["residency"],
      `${location.id} is refused for ${profile}: ${verdict.deciding}; rule residency-accepted, ${wayOut(openChecks(verdict))}`,
    );
  return verdict;
}

/** The location, if polder can build there. @throws Refused with what is missing. */
function buildable({ instance, location }: BlueprintInput): PlatformLocation {
  const { id, provider, platform } = location;
  if (provider !== instance.cloud)
    throw new Refused(["cloud"], `got "${instance.cloud}", but ${id} is ${provider}`);
  if (!platform)
    throw new Refused(
      ["location"],
      `${id} is recorded without its platform (images, networks, flavours), so nothing can be planned there: have its operator record it in location.yaml beside this file (docs/residency.md)`,
    );
  return { ...location, platform };
}

/** What is to be known of the cloud. The record's schema says which of its own each kind must name. */
function cloudOf(
  instance: Instance,
  { id, title, platform }: PlatformLocation,
): Blueprint["cloud"] {
  const common = {
    location: id,
    apiHosts: platform.apiHosts,
    locationTitle: title,
    image: platform.image,
    publicAddresses: platform.publicAddresses,
    resolvers: platform.resolvers,
    timeServers: platform.timeServers,
  };
  const own = (name: "publicNetwork" | "externalNetwork" | "site" | "networkZone"): string => {
    const value = platform[name];
    if (value === undefined) throw new Error(`the record of ${id} has no platform.${name}`);
    return value;
  };
  switch (instance.cloud) {
    case "openstack":
      return {
        provider: "openstack",
        ...common,
        credentials: instance.credentials ?? instance.name,
        publicNetwork: own("publicNetwork"),
        externalNetwork: own("externalNetwork"),
      };
    case "hetzner":
      return {
        provider: "hetzner",
        ...common,
        credentials: "HCLOUD_TOKEN",
        site: own("site"),
        networkZone: own("networkZone"),
      };
  }
}

/** The size that addresses were recorded for, as far as their hosts tell it: a way in of its own has only a cluster. */
function recordedSize({ addresses }: AddressesFile): Instance["size"] | undefined {
  const roles = new Set(Object.keys(addresses).map((id) => id.replace(/-\d+$/, "")));
  if (["bridge", "turn", "edge"].some((role) => roles.has(role))) return "cluster";
  return roles.has("monitor") ? "single" : undefined;
}

/**
 * Takes the whole decision about an instance. Pure: the same input gives the same bytes.
 *
 * @throws Refused when residency, demand or the addresses file don't allow it, with the field.
 */
export function buildBlueprint(input: BlueprintInput): Blueprint {
  const { instance, addresses } = input;
  const residency = acceptedResidency(input);
  const location = buildable(input);
  if (
    addresses &&
    (addresses.cloud !== instance.cloud ||
      addresses.location !== instance.location ||
      addresses.instance !== instance.name)
  ) {
    throw new Refused(
      ["location"],
      `the file says ${instance.name} on ${instance.cloud} at ${instance.location}, addresses.yaml was recorded for ${addresses.instance} on ${addresses.cloud} at ${addresses.location}: a running instance doesn't move; write what it was made for, or \`polder decommission\` it there and plan anew`,
    );
  }
  const recorded = addresses && recordedSize(addresses);
  if (recorded && recorded !== instance.size) {
    throw new Refused(
      ["size"],
      `got "${instance.size}", addresses.yaml was recorded for size ${recorded}: a running instance keeps its size; write that one, or make another instance and \`polder decommission\` this one`,
    );
  }
  let sizing: Sizing;
  let hosts: Host[];
  const zones = planZones(instance);
  try {
    sizing = planSizing(instance.demand, location.platform.flavours, input, {
      size: instance.size,
    });
    hosts = planHosts(input, sizing, zones);
  } catch (error) {
    if (error instanceof Unplannable) throw new Refused(error.path, error.message);
    throw error;
  }
  const missing = hosts.filter((h) => h.exposure.addressed && !h.publicAddress).map((h) => h.id);
  return {
    version: 1,
    instance: instance.name,
    organisation: instance.organisation,
    domain: instance.domain,
    branding: brandingOf(input),
    classification: instance.classification,
    cloud: cloudOf(instance, location),
    residency,
    size: instance.size,
    demand: instance.demand,
    sizing,
    addresses:
      missing.length === 0 ? { state: "allocated" } : { state: "not yet allocated", missing },
    zones,
    hosts,
    flows: planFlows(instance, location, sizing.roles, input.jitsi !== undefined),
    placement: planPlacement(sizing, location),
    dns: planDns(instance, location, hosts),
    admins: instance.admins,
    logKeepers: instance.logKeepers,
    adminNetworks: instance.adminNetworks,
    meetings: { ...instance.meetings, chat: instance.chat },
    packages: instance.packages,
    ...(input.jitsi && { jitsi: input.jitsi }),
    certificates: instance.certificates,
    ...(instance.alarms && { alarms: instance.alarms }),
    ...(instance.breakGlass && { breakGlass: instance.breakGlass }),
    retention: instance.retention,
    securityContact: instance.securityContact,
    state: instance.state,
    waivers: instance.waivers,
    overrides: input.overrides ?? [],
  };
}
