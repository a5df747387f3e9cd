import { z } from "zod";

/** A flavour that a provider offers. */
export interface Offer {
  readonly name: string;
  readonly vcpus: number;
  readonly ramMiB: number;
  readonly diskGiB: number;
  /** Whether the processor is the server's alone; media on a shared one stutters. */
  readonly dedicated: boolean;
  /** Price a month, without VAT, in the catalogue's currency. */
  readonly monthly?: number | undefined;
  /** bit/s that the provider assures. */
  readonly networkBits?: number | undefined;
  /** packets/s that the provider lets through at most. */
  readonly networkPackets?: number | undefined;
  /** Where the network's values were read. */
  readonly source?: string | undefined;
}

/** A catalogue: what one provider offers, dated, with its source and how sure it is. */
export const catalogueSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  source: z.string(),
  read: z.iso.date(),
  confidence: z.enum(["confirmed", "secondary", "unconfirmed"]),
  currency: z.literal("EUR").optional(),
  /** Locations (`polder residency`) whose servers these are: their fleets are priced by it. */
  locations: z.array(z.string()).default([]),
  /** Where a buyer checks the prices, which are without VAT. */
  check: z.url().optional(),
  /** What goes out to the internet: a server's allowance a month, and each TB beyond it, without VAT. */
  traffic: z
    .strictObject({
      includedTerabytes: z.number().min(0),
      perTerabyte: z.number().min(0),
      source: z.url(),
      read: z.iso.date(),
    })
    .optional(),
  /** Whether a server that is off costs as much as one that is on. */
  billedWhenOff: z
    .strictObject({ value: z.boolean(), source: z.string(), read: z.iso.date() })
    .optional(),
  /** What the catalogue doesn't know, for the reader. */
  unknown: z.array(z.string()).default([]),
  flavours: z.array(
    z.strictObject({
      name: z.string(),
      vcpus: z.int().positive(),
      ramMiB: z.int().positive(),
      diskGiB: z.int().positive(),
      dedicated: z.boolean(),
      monthly: z.number().positive().optional(),
      networkBits: z.number().positive().optional(),
      networkPackets: z.number().positive().optional(),
    }),
  ),
});

export type Catalogue = Readonly<z.output<typeof catalogueSchema>>;

const watts = z.number().positive();

/** Machines on which somebody measured a bridge, or runs one; and what servers draw, by their cores. */
export const serversSchema = z.strictObject({
  read: z.iso.date(),
  servers: z.array(
    z.strictObject({
      name: z.string(),
      use: z.string(),
      cores: z.string(),
      memory: z.string(),
      result: z.string(),
      source: z.string(),
    }),
  ),
  power: z.strictObject({
    source: z.string(),
    /** Watts at the mains, the smallest server first. */
    sizes: z
      .array(
        z.strictObject({
          cores: z.int().positive(),
          /** Published results of servers with so many cores. */
          results: z.int().positive(),
          mostAtFullLoad: watts,
          medianAtFullLoad: watts,
          medianIdle: watts,
        }),
      )
      .min(1),
  }),
});

export type Servers = Readonly<z.output<typeof serversSchema>>;

/** The offers of a catalogue, each with where its network's values were read. */
export const offersOf = (catalogue: Catalogue): Offer[] =>
  catalogue.flavours.map((flavour) => ({
    ...flavour,
    source: `${catalogue.source} (read ${catalogue.read})`,
  }));
