import { z } from "zod";

/** One fact with where it was read, when, and how sure we are. */
const leaf = <T extends z.ZodType>(value: T) =>
  z.strictObject({
    value,
    source: z.string().min(1),
    read: z.iso.date(),
    confidence: z.enum(["confirmed", "secondary", "unconfirmed", "test"]),
  });

/** ISO 3166-1 alpha-2. */
const country = z.string().regex(/^[A-Z]{2}$/);

const flavour = z.strictObject({
  name: z.string(),
  vcpus: z.int().positive(),
  ramMiB: z.int().positive(),
  diskGiB: z.int().positive(),
  /** Whether the processor is the server's alone; media on a shared one stutters. */
  dedicated: z.boolean(),
});

/**
 * One provider *location*: what is known of who stands behind it (each fact sourced), and what its
 * cloud offers. A fact that is not in the file is unknown, and unknown fails closed.
 */
export const locationSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  provider: z.enum(["openstack"]),
  /** A location that is nobody's data centre: accepted by profile `lab` alone. */
  test: z.boolean().default(false),
  residency: z.strictObject({
    siteCountry: leaf(country).optional(),
    siteCity: leaf(z.string()).optional(),
    operator: leaf(z.string()).optional(),
    operatorCountry: leaf(country).optional(),
    ultimateParent: leaf(z.string()).optional(),
    ultimateParentCountry: leaf(country).optional(),
    ultimateParentShare: leaf(z.number().min(0).max(1)).optional(),
    affiliatesOutsideEea: leaf(z.array(z.string())).optional(),
    foreignLawReach: leaf(z.enum(["none", "possible", "yes"])).optional(),
    cloudModel: leaf(z.enum(["government", "private", "public"])).optional(),
    certificates: leaf(
      z.array(
        z.strictObject({
          name: z.string(),
          number: z.string(),
          scope: z.string(),
          until: z.iso.date(),
        }),
      ),
    ).optional(),
    keysHeldBy: leaf(z.enum(["customer", "provider"])).optional(),
    ipv6: leaf(z.boolean()).optional(),
    rpki: leaf(z.boolean()).optional(),
    dnssec: leaf(z.boolean()).optional(),
    loadBalancerUdp: leaf(z.boolean()).optional(),
    exit: leaf(z.strictObject({ means: z.string(), tested: z.iso.date() })).optional(),
  }),
  platform: z.strictObject({
    source: z.string().min(1),
    read: z.iso.date(),
    /** Name of the Debian 13 image. */
    image: z.string(),
    /** `floating`: an address of an external network, translated. `direct`: a port on a shared one. */
    publicAddresses: z.enum(["floating", "direct"]),
    publicNetwork: z.string(),
    /** External network that the instance's router goes out through. */
    externalNetwork: z.string(),
    /** Whether the cloud holds zones (Designate). */
    dns: z.boolean(),
    /** Physical machines that anti-affinity can spread over. */
    antiAffinityHosts: z.int().positive(),
    resolvers: z.array(z.string()).min(1),
    timeServers: z.array(z.string()).min(1),
    flavours: z.array(flavour).min(1),
  }),
});

export type Location = Readonly<z.output<typeof locationSchema>>;
export type Flavour = Location["platform"]["flavours"][number];
/** The names of the facts that a residency verdict can turn on. */
export type Leaf = keyof Location["residency"];
