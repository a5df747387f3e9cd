import type { Waiver } from "../../common/findings/index.ts";
import type { Classification, Instance, Logo, Override } from "../instance/index.ts";
import type { ResidencyVerdict } from "../residency/index.ts";
import type { Role, Sizing } from "../sizing/index.ts";
import type { JitsiPackage } from "./jitsi.ts";

/** A subnet with one defined level of trust (BIO2 8.22.01). */
export type ZoneName = "service" | "management";

export interface Zone {
  readonly name: ZoneName;
  readonly why: string;
  readonly ipv4: string;
  /** Absent where the cloud's private networks have IPv4 alone. */
  readonly ipv6?: string;
  /** Addresses that the cloud may use for itself (its DHCP ports), clear of every planned one. */
  readonly ipv4Pool: readonly [string, string];
  readonly ipv6Pool?: readonly [string, string];
}

/** A public address that the cloud chose; `id` is the cloud's own name for it. */
export interface PublicAddress {
  readonly id: string;
  /** Where IPv4 and IPv6 are two objects of the cloud: that of IPv6. */
  readonly ipv6Id?: string;
  readonly ipv4: string;
  /** Absent where the location gives floating IPv4 addresses only. */
  readonly ipv6?: string;
}

export interface Volume {
  /** `<host>-<purpose>`: part of the contract, a rename destroys data. */
  readonly id: string;
  readonly sizeGiB: number;
  readonly why: string;
}

export interface Host {
  /** `<role>-<number>`: stable, so that no other host moves when one is added or taken away. */
  readonly id: string;
  /** What it is named after. Its security group, flavour and flows are this role's. */
  readonly role: Role;
  /** All roles that it carries, `role` first; in a cluster no other. */
  readonly roles: readonly Role[];
  /** 1-based. Hosts of all shards (monitor, edge) are in shard 0. */
  readonly shard: number;
  readonly name: string;
  readonly zone: ZoneName;
  readonly ipv4: string;
  /** Absent where its zone has none. */
  readonly ipv6?: string;
  readonly exposure: {
    /** Whether anybody outside may start a connection to it. */
    readonly public: boolean;
    /** Whether it has a public address; one that isn't public goes out by it, and is let out alone. */
    readonly addressed: boolean;
    readonly why: string;
  };
  /** Absent: none needed, or not yet allocated (see `addresses`). */
  readonly publicAddress?: PublicAddress;
  readonly flavour: string;
  readonly volumes: readonly Volume[];
  /** Whether its loss loses state: then it can't be destroyed without `polder decommission`. */
  readonly protected: boolean;
}

/** Who is at one end of a flow. A role means the hosts that are named after it, with all that they carry. */
export type Peer =
  | { readonly kind: "role"; readonly role: Role }
  | { readonly kind: "internet" }
  | { readonly kind: "ranges"; readonly name: string; readonly ranges: readonly string[] };

/** An allowed connection; what isn't listed is dropped. Replies belong to their connection. */
export interface Flow {
  readonly id: string;
  readonly from: Peer;
  readonly to: Peer;
  readonly protocol: "tcp" | "udp";
  readonly ports: readonly [from: number, to: number];
  readonly why: string;
}

export interface PlacementGroup {
  readonly role: Role;
  /** Hard: two hosts never share a machine. Soft: the cloud tries, and may not manage. */
  readonly policy: "anti-affinity" | "soft-anti-affinity";
  readonly why: string;
}

export interface DnsRecord {
  /** Absolute name with the final dot. */
  readonly name: string;
  readonly type: "A" | "AAAA" | "CAA" | "MX" | "TXT";
  readonly values: readonly string[];
  readonly why: string;
}

/** What every cloud has. */
interface AnyCloud {
  readonly location: string;
  /** Names under which its API answers, subdomains included; none at a test location. */
  readonly apiHosts: readonly string[];
  readonly locationTitle: string;
  readonly image: string;
  /** `floating`: translated on the way. `direct`: on an interface of the host itself. */
  readonly publicAddresses: "floating" | "direct";
  readonly resolvers: readonly string[];
  readonly timeServers: readonly string[];
}

export interface OpenStackCloud extends AnyCloud {
  readonly provider: "openstack";
  /** Entry of clouds.yaml; never a credential. */
  readonly credentials: string;
  readonly publicNetwork: string;
  readonly externalNetwork: string;
}

export interface HetznerCloud extends AnyCloud {
  readonly provider: "hetzner";
  /** Name of the environment variable that holds the project's token; never a credential. */
  readonly credentials: string;
  /** The API's own name of the location, such as `fsn1`. */
  readonly site: string;
  /** The zone that its networks are in, such as `eu-central`. */
  readonly networkZone: string;
}

/** A Blueprint on one kind of cloud. */
export type BlueprintOn<Cloud extends Blueprint["cloud"]> = Blueprint & { readonly cloud: Cloud };

/**
 * The whole decision about one instance, as one immutable JSON value. No secrets, no Terraform
 * tokens, nothing that depends on the clock. Everything else is derived from it.
 */
export interface Blueprint {
  readonly version: 1;
  readonly instance: string;
  readonly organisation: string;
  readonly domain: string;
  readonly branding: Omit<Instance["branding"], "logo"> & { readonly logo?: Logo };
  readonly classification: Classification;
  readonly cloud: OpenStackCloud | HetznerCloud;
  readonly residency: ResidencyVerdict;
  /** Whether each host has one role, or two hosts carry all of them. */
  readonly size: Instance["size"];
  readonly demand: Instance["demand"];
  readonly sizing: Sizing;
  readonly addresses:
    | { readonly state: "allocated" }
    | { readonly state: "not yet allocated"; readonly missing: readonly string[] };
  readonly zones: readonly Zone[];
  readonly hosts: readonly Host[];
  readonly flows: readonly Flow[];
  readonly placement: readonly PlacementGroup[];
  readonly dns:
    | { readonly zone: string; readonly contact: string; readonly records: readonly DnsRecord[] }
    | { readonly zone: null; readonly why: string };
  readonly admins: readonly {
    readonly name: string;
    readonly user: string;
    readonly key: string;
    /** The recipient that the vault is sealed to for this person. */
    readonly age?: string | undefined;
    /** Whether the issuer vault is sealed to them, too. */
    readonly issuer: boolean;
  }[];
  /** Opens both vaults, too: nobody's, on paper. */
  readonly breakGlass?: string;
  /** Who opens the security logs' inner seal; the outer one opens by the instance's vault. */
  readonly logKeepers: readonly { readonly name: string; readonly age: string }[];
  readonly adminNetworks: readonly string[];
  readonly meetings: Instance["meetings"] & { readonly chat: "off" | "on" };
  readonly packages: Instance["packages"];
  /** Jitsi's packages; an instance of profile lab alone may have none. */
  readonly jitsi?: readonly JitsiPackage[];
  readonly certificates: Instance["certificates"];
  readonly alarms?: NonNullable<Instance["alarms"]>;
  readonly retention: Instance["retention"];
  readonly securityContact: string;
  readonly state: Instance["state"];
  readonly waivers: readonly Waiver[];
  /** What the organisation's own engineer changed of an inner resource: overrides.yaml. */
  readonly overrides: readonly Override[];
}
