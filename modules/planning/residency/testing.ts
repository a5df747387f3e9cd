import { DATA } from "../blueprint/testing.ts";
import type { Classification, ResidencyProfile } from "../instance/index.ts";
import { type Location, locationSchema } from "./index.ts";

/** The day of the tests' facts. */
export const READ = "2026-11-24";

export const fact = (value: unknown, confidence = "confirmed", read = READ) => ({
  value,
  source: "https://cloud.example/about",
  read,
  confidence,
});

/** Residency facts that every real profile accepts, all leaves filled in; nobody's. */
export const FACTS = {
  site: { country: fact("NL"), city: fact("Voorbeeldstad") },
  operator: { entity: fact("Voorbeeldwolk B.V."), country: fact("NL") },
  parents: [
    { entity: fact("Voorbeeldgroep N.V."), country: fact("BE"), share: fact(1) },
    { entity: fact("Stichting Voorbeeld"), country: fact("NL"), share: fact(0.6) },
  ],
  affiliatesOutsideEea: fact([]),
  foreignLaw: fact({ reach: "none", reason: "owned and run in the Netherlands" }),
  cloudModel: fact("private"),
  certificates: fact([
    { name: "ISO 27001", number: "4711", scope: "the cloud", until: "2028-06-30" },
  ]),
  keysHeldBy: fact("customer"),
  ipv6: fact(true),
  rpki: fact(true),
  dnssec: fact(true),
  loadBalancerUdp: fact(true),
  exit: fact({ means: "volumes as images over the API", tested: "2026-09-01" }),
};

/** The record of a made-up location: every fact above, with what a test changes of it. */
export const record = (residency: object = {}, rest: object = {}) => ({
  id: "voorbeeld-1",
  title: "A made-up location",
  provider: "openstack",
  residency: { ...FACTS, ...residency },
  platform: {
    ...DATA.locations.get("lab-floating")?.platform,
    source: "https://cloud.example/flavours",
    apiHosts: ["cloud.example"],
  },
  ...rest,
});

export const location = (residency: object = {}, rest: object = {}): Location =>
  locationSchema.parse(record(residency, rest));

/** The error for a record that doesn't parse. */
export function refusals(residency: object, rest: object = {}): string[] {
  const result = locationSchema.safeParse(record(residency, rest));
  return result.success
    ? []
    : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

export const NONE: Classification = { marking: "none", tbb: 4 };
export const REAL: readonly ResidencyProfile[] = ["nl-sovereign", "nl-located", "eea"];
