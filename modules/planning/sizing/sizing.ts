import type { CoreModel } from "./calibration.ts";
import type { Figures } from "./figures.ts";
import type { Load } from "./load.ts";
import type { Shard } from "./shards.ts";

/** What a host is for. */
export type Role = "control" | "bridge" | "turn" | "monitor" | "edge";

/** One reason for a number of hosts; the largest decides. */
export interface Constraint {
  readonly name: string;
  /** Hosts that this constraint asks for, before rounding up. */
  readonly needs: number;
  readonly reason: string;
  readonly source: string;
  readonly assumed: boolean;
}

/** Hosts of one flavour. */
export interface FleetGroup {
  readonly flavour: string;
  readonly count: number;
  readonly vcpus: number;
  readonly ramMiB: number;
  /** The share of the whole demand that one of them carries. */
  readonly carries: number;
  /** Price of one a month, where the catalogue names one; without VAT. */
  readonly monthlyPrice?: number;
}

/** How many hosts of one role, how large, and why. */
export interface RoleSize {
  readonly role: Role;
  /** All roles that its hosts carry, `role` first; in a cluster no other. */
  readonly roles: readonly Role[];
  readonly count: number;
  /** Hosts while a new version is rolled out. */
  readonly countDuringUpgrade: number;
  /** Hosts that may fail without anyone noticing; included in `count`. */
  readonly reserve: number;
  /** Name of the constraint that decided. */
  readonly deciding: string;
  readonly constraints: readonly Constraint[];
  readonly need: { readonly vcpus: number; readonly ramMiB: number; readonly diskGiB: number };
  /** The largest first; bridges of one shard may be of several flavours. */
  readonly fleet: readonly FleetGroup[];
  readonly flavourReason: string;
}

/** The flavour of each host of a role, in the hosts' order. */
export const flavoursOf = ({ fleet }: RoleSize): string[] =>
  fleet.flatMap(({ flavour, count }) => Array.from({ length: count }, () => flavour));

/** A fleet in words: `6 ccx43, 1 ccx23`. */
export const fleetText = ({ fleet }: RoleSize): string =>
  fleet.map(({ flavour, count }) => `${count} ${flavour}`).join(", ");

/** What all hosts of a role cost a month, without VAT; undefined where a price is unknown. */
export function monthlyOf({ fleet }: RoleSize): number | undefined {
  if (fleet.some(({ monthlyPrice }) => monthlyPrice === undefined)) return undefined;
  return fleet.reduce((sum, { count, monthlyPrice = 0 }) => sum + count * monthlyPrice, 0);
}

/** The hosts that carry a role; undefined where none do. */
export const sizeOfRole = (
  { roles }: { readonly roles: readonly RoleSize[] },
  role: Role,
): RoleSize | undefined => roles.find((size) => size.roles.includes(role));

/** The part that carries most. */
export const mainGroup = ({ fleet }: Pick<RoleSize, "fleet">): FleetGroup =>
  fleet.reduce((a, b) => (b.count * b.carries > a.count * a.carries ? b : a));

/** One shard: a control host with its bridges, and the rooms that it carries. */
export interface ShardSize extends Omit<Shard, "needs" | "apart"> {
  /** Bridges of this shard, the one in reserve included. */
  readonly bridges: number;
  /** How many of them are of each flavour, the largest first. */
  readonly fleet: readonly { readonly flavour: string; readonly count: number }[];
}

/**
 * The shard of each bridge, in the hosts' order: of each flavour one to each shard in turn, until it has
 * what it needs. More bridges for one shard move none of the others while all had as many.
 */
export function bridgeShards({
  roles,
  shardSizes,
}: Pick<Sizing, "roles" | "shardSizes">): number[] {
  const bridge = roles.find(({ role }) => role === "bridge");
  return (bridge?.fleet ?? []).flatMap(({ flavour }) => {
    const counts = shardSizes.map(({ shard, fleet }) => ({
      shard,
      count: fleet.find((group) => group.flavour === flavour)?.count ?? 0,
    }));
    const most = Math.max(...counts.map(({ count }) => count));
    return Array.from({ length: most }).flatMap((_, round) =>
      counts.filter(({ count }) => count > round).map(({ shard }) => shard),
    );
  });
}

/** Demand turned into machines. */
export interface Sizing {
  /** `assumed` while any number that decided is nobody's published measurement. */
  readonly verdict: "derived" | "assumed";
  readonly reason: string;
  readonly figuresRead: string;
  readonly loads: readonly Load[];
  readonly total: {
    readonly people: number;
    readonly streams: number;
    readonly packetsPerSecond: number;
    readonly bitsInPerSecond: number;
    readonly bitsOutPerSecond: number;
    readonly joinsPerSecond: number;
    /** Cores and heap that all bridges but the reserve need, with the model's margin. */
    readonly cores: number;
    readonly memoryMiB: number;
    readonly turnAllocations: number;
    readonly turnBitsPerSecond: number;
  };
  readonly shards: number;
  readonly shardSizes: readonly ShardSize[];
  readonly roles: readonly RoleSize[];
  /** What a person should know before they buy: the number, the limit, its source. */
  readonly warnings: readonly string[];
}

/** What the planner decides from, besides the demand. */
export interface PlanData {
  readonly figures: Figures;
  readonly cores: CoreModel;
}

/** A demand that no plan meets. `path` is the field of the instance file that asks for too much. */
export class Unplannable extends Error {
  readonly path: readonly (string | number)[];

  constructor(path: readonly (string | number)[], message: string) {
    super(message);
    this.name = "Unplannable";
    this.path = path;
  }
}
