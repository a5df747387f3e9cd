import { z } from "zod";
import { inEea } from "./countries.ts";

/**
 * How sure a fact is. `confirmed`: the source is the one that answers for it, such as the operator's
 * own statement, a register or a law. `secondary`: somebody else tells it. `unconfirmed`: nobody
 * stands for it. `test`: made up, for a record that is nobody's.
 */
export type Confidence = "confirmed" | "secondary" | "unconfirmed" | "test";

/** A fact with where it was read, when, and how sure it is. */
export interface Fact<Value = unknown> {
  readonly value: Value;
  readonly source: string;
  /** Day of reading, `YYYY-MM-DD`. */
  readonly read: string;
  readonly confidence: Confidence;
}

const line = z.string().trim().min(1).max(300);

const isWebAddress = (text: string): boolean =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && !/\s/.test(text);

const fact = <T extends z.ZodType>(value: T) =>
  z
    .strictObject({
      value,
      source: line,
      read: z.iso.date(),
      confidence: z.enum(["confirmed", "secondary", "unconfirmed", "test"]),
    })
    .superRefine((leaf, context) => {
      // What is made up has no page; whatever somebody is to believe has one.
      if (leaf.confidence === "test" || isWebAddress(leaf.source)) return;
      context.addIssue({
        code: "custom",
        path: ["source"],
        message: `got ${JSON.stringify(leaf.source.slice(0, 60))}, a web address is allowed: whoever reads the record must be able to read its source`,
      });
    });

/** ISO 3166-1 alpha-2. */
const country = z
  .string()
  .regex(/^[A-Z]{2}$/, { error: "two capital letters are allowed (ISO 3166-1), such as NL" });

const owner = z.strictObject({
  entity: fact(line).optional(),
  country: fact(country).optional(),
  /** Part of the shares of the entity below it, 0 to 1. */
  share: fact(z.number().min(0).max(1)).optional(),
});

/** What is known of who stands behind a location. A fact that is not there is unknown. */
const residency = z.strictObject({
  site: z
    .strictObject({ country: fact(country).optional(), city: fact(line).optional() })
    .optional(),
  /** The legal entity that the ministry has its contract with. */
  operator: z
    .strictObject({ entity: fact(line).optional(), country: fact(country).optional() })
    .optional(),
  /** Who owns the operator, who owns that one, and so on: the last is the ultimate parent. */
  parents: z.array(owner).min(1).max(10).optional(),
  /** Companies of the same group outside the EEA. */
  affiliatesOutsideEea: fact(z.array(line)).optional(),
  /** Whether a law of a country outside the EEA reaches operator or data, and why. */
  foreignLaw: fact(
    z.strictObject({ reach: z.enum(["none", "possible", "yes"]), reason: line }),
  ).optional(),
  /** `government`: a state's own; `private`: for one organisation; `public`: for everybody. */
  cloudModel: fact(z.enum(["government", "private", "public"])).optional(),
  certificates: fact(
    z.array(
      z.strictObject({
        name: line,
        number: line.optional(),
        scope: line.optional(),
        /** Last day on which it counts. */
        until: z.iso.date().optional(),
      }),
    ),
  ).optional(),
  /** Who holds the keys of disks at rest. */
  keysHeldBy: fact(z.enum(["customer", "provider"])).optional(),
  ipv6: fact(z.boolean()).optional(),
  rpki: fact(z.boolean()).optional(),
  dnssec: fact(z.boolean()).optional(),
  loadBalancerUdp: fact(z.boolean()).optional(),
  /** How data gets out again, and when that was last tried. */
  exit: fact(z.strictObject({ means: line, tested: z.iso.date().optional() })).optional(),
});

const flavour = z.strictObject({
  name: z.string(),
  vcpus: z.int().positive(),
  ramMiB: z.int().positive(),
  diskGiB: z.int().positive(),
  /** Whether the processor is the server's alone; media on a shared one stutters. */
  dedicated: z.boolean(),
});

/** What one kind of cloud must say of itself, beside what all of them do. */
const PLATFORM_OF = {
  openstack: ["publicNetwork", "externalNetwork"],
  hetzner: ["site", "networkZone"],
} as const;

/** The clouds that polder can build on. */
export type CloudKind = keyof typeof PLATFORM_OF;

/** What the location's cloud offers, as far as a plan needs it. */
const platform = z.strictObject({
  source: line,
  read: z.iso.date(),
  /**
   * Names under which its API answers, their subdomains included. A plan for this location is
   * refused where the credential leads elsewhere. A test location's is the lab's, so it has none.
   */
  apiHosts: z.array(z.string().regex(/^[a-z0-9][a-z0-9.:-]*$/)).default([]),
  /** Name of the Debian 13 image. */
  image: z.string(),
  /** `floating`: an address of an external network, translated. `direct`: on the host itself. */
  publicAddresses: z.enum(["floating", "direct"]),
  /** OpenStack: the network that public addresses come from. */
  publicNetwork: z.string().optional(),
  /** OpenStack: external network that the instance's router goes out through. */
  externalNetwork: z.string().optional(),
  /** Hetzner Cloud: the API's own name of the location, such as `fsn1`. */
  site: z.string().optional(),
  /** Hetzner Cloud: the zone of networks that the location is in, such as `eu-central`. */
  networkZone: z.string().optional(),
  /** Whether the cloud holds zones. */
  dns: z.boolean(),
  /** Servers that anti-affinity keeps apart: physical machines, or what one group can hold. */
  antiAffinityHosts: z.int().positive(),
  /** At most three: the C library reads no more (MAXNS of glibc's resolv.h). */
  resolvers: z.array(z.string()).min(1).max(3),
  timeServers: z.array(z.string()).min(1),
  flavours: z.array(flavour).min(1),
});

/**
 * One provider *location*: what is known of who stands behind it, each fact with its source, and,
 * where polder can build there, what its cloud offers. What is not in the file is unknown, and
 * unknown fails closed.
 */
export const locationSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, {
      error: "1 to 40 of a-z, 0-9 and - are allowed, a letter first",
    }),
    title: line,
    /** The kind of API: what `cloud` in the instance file must say. */
    provider: z.enum([
      "openstack",
      "hetzner",
      "exoscale",
      "ionos",
      "leaseweb",
      "opentelekomcloud",
      "ovhcloud",
      "scaleway",
      "transip",
      "upcloud",
    ]),
    /** A location that is nobody's data centre: accepted by profile `lab` alone. */
    test: z.boolean().default(false),
    residency,
    platform: platform.optional(),
  })
  .superRefine((location, context) => {
    const refuse = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    for (const leaf of factsOf(location)) {
      if (leaf.fact.confidence === "test" && !location.test)
        refuse(
          ["residency", ...leaf.path, "confidence"],
          "got test, which a record with `test: true` may say: allowed here: confirmed, secondary, unconfirmed",
        );
    }
    const { operator, parents = [], foreignLaw } = location.residency;
    const chain = [operator?.entity?.value, ...parents.map((parent) => parent.entity?.value)];
    chain.forEach((entity, i) => {
      const same = (other: string | undefined) => other?.toLowerCase() === entity?.toLowerCase();
      if (entity !== undefined && chain.findIndex(same) !== i)
        refuse(
          ["residency", "parents", i - 1, "entity", "value"],
          `"${entity}" stands above itself: a chain of owners ends at one that nobody else owns`,
        );
    });
    const abroad = parents.findIndex(({ country: c }) => c && !inEea(c.value));
    if (abroad >= 0 && foreignLaw?.value.reach === "none")
      refuse(
        ["residency", "foreignLaw", "value", "reach"],
        `got none, but residency.parents[${abroad}].country is ${parents[abroad]?.country?.value}: possible or yes is allowed`,
      );
    const kind = location.provider as CloudKind;
    if (location.platform && !Object.hasOwn(PLATFORM_OF, kind))
      refuse(
        ["platform"],
        `polder can't build on ${kind}: no platform is allowed here; it can on ${Object.keys(PLATFORM_OF).join(", ")}`,
      );
    else if (location.platform) {
      for (const [owner, names] of Object.entries(PLATFORM_OF))
        for (const name of names) {
          const set = location.platform[name] !== undefined;
          if (set !== (owner === kind))
            refuse(
              ["platform", name],
              set ? `only used with provider: ${owner}` : `missing: provider ${kind} needs it`,
            );
        }
    }
    if (location.platform && !location.test && location.platform.apiHosts.length === 0)
      refuse(
        ["platform", "apiHosts"],
        "missing, a list of the names is required under which the cloud's API answers",
      );
  });

export type Location = Readonly<z.output<typeof locationSchema>>;
export type Platform = NonNullable<Location["platform"]>;
/** A location that polder can build at. */
export type PlatformLocation = Location & { readonly platform: Platform };
export type Flavour = Platform["flavours"][number];
/** The first part of a fact's path: what terms are set for. */
export type FactGroup = keyof Location["residency"];
export const FACT_GROUPS = Object.keys(residency.shape) as readonly FactGroup[];

/** A recorded fact and its path below `residency`. */
export interface Leaf {
  readonly path: readonly (string | number)[];
  /** The path as a message shows it: `parents[1].country`. */
  readonly name: string;
  readonly group: FactGroup;
  readonly fact: Fact;
}

const leafName = (path: readonly (string | number)[]): string =>
  path
    .map((part, i) => (typeof part === "number" ? `[${part}]` : i === 0 ? part : `.${part}`))
    .join("");

/** Every fact of a record, in the order of its file. */
export function factsOf(location: { readonly residency: Location["residency"] }): Leaf[] {
  const walk = (value: unknown, path: readonly (string | number)[]): Leaf[] => {
    if (Array.isArray(value)) return value.flatMap((inner, i) => walk(inner, [...path, i]));
    if (typeof value !== "object" || value === null) return [];
    if ("confidence" in value)
      return [
        { path, name: leafName(path), group: path[0] as FactGroup, fact: value as unknown as Fact },
      ];
    return Object.entries(value).flatMap(([key, inner]) => walk(inner, [...path, key]));
  };
  return walk(location.residency, []);
}

/** A fact's value as a person reads it. */
export function shownValue(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(shownValue).join("; ");
  if (typeof value !== "object" || value === null) return String(value);
  if ("reach" in value && "reason" in value) return `${value.reach} (${value.reason})`;
  return Object.entries(value)
    .map(([key, inner]) => `${key} ${shownValue(inner)}`)
    .join(", ");
}

/** JSON Schema (2020-12) of a location's record, for editors: names, types and choices. */
export function locationJsonSchema(): unknown {
  const schema = z.toJSONSchema(locationSchema, { io: "input", target: "draft-2020-12" });
  return { ...schema, title: "polder location" };
}
