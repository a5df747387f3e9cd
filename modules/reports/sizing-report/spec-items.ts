import type { Role, Servers } from "../../planning/sizing/index.ts";

/** One line of a specification. */
export interface SpecItem {
  readonly what: string;
  readonly value: string;
  /** `must`: an offer without it is none. `option`: priced apart. `state`: the vendor gives a value. */
  readonly kind: "must" | "option" | "state";
  readonly why: string;
  readonly source: string;
  /** Whether it is this project's choice, or rests on one. */
  readonly assumed: boolean;
}

/** What to order of one kind. */
export interface SpecSheet {
  readonly title: string;
  /** How many, those in reserve included, spares on the shelf not. */
  readonly units: number;
  /** What one of them is called. */
  readonly unit: "machine" | "switch" | "router" | "line";
  /** Of a machine for one role alone. */
  readonly role?: Role;
  readonly items: readonly SpecItem[];
}

export const OURS = "this project's choice";

/** Speeds of ports that are sold, Gbit/s. */
export const PORTS = [1, 10, 25, 100];

/** Cores of one socket that are sold. */
export const CORES = [8, 16, 24, 32, 48, 64];

/** Sizes of memory that are sold, GiB. */
export const MEMORY = [16, 32, 64, 128, 256, 512];

/** The smallest size that is sold and is enough. */
export const next = (sizes: readonly number[], least: number): number =>
  sizes.find((size) => size >= least) ?? Math.ceil(least);

export const portText = (gigabits: number): string =>
  `${gigabits} Gbit/s (${gigabits > 1 ? "SFP28 or SFP+, optics or cables included" : "RJ45"})`;

export const mbit = (bits: number): string => `${(bits / 1e6).toFixed(bits < 1e7 ? 1 : 0)} Mbit/s`;

export const item = (
  what: string,
  value: string,
  why: string,
  source: string = OURS,
  kind: SpecItem["kind"] = "must",
): SpecItem => ({ what, value, kind, why, source, assumed: source.includes("this project") });

/** What servers with so many cores draw, by published results of at least as many. */
export function powerOf(cores: number, { power }: Servers): Servers["power"]["sizes"][number] {
  const found = power.sizes.find((size) => size.cores >= cores) ?? power.sizes.at(-1);
  if (!found) throw new RangeError("no server's power is known");
  return found;
}

/** kWh that one server of so many cores takes in a year, at an average share of its load. */
export function kWhAYear(cores: number, averageShare: number, servers: Servers): number {
  const { medianIdle, medianAtFullLoad } = powerOf(cores, servers);
  return (medianIdle + averageShare * (medianAtFullLoad - medianIdle)) * 8.76;
}
