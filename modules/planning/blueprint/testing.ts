import fc from "fast-check";
import {
  loadCalibration,
  loadFigures,
  loadLocations,
  loadResidencyRules,
} from "../../workspace/index.ts";
import { type Instance, instanceSchema } from "../instance/index.ts";
import { coreModel } from "../sizing/index.ts";
import { type BlueprintInput, JITSI_PACKAGES, type JitsiPackage } from "./index.ts";

const figures = loadFigures();

/** The toolkit's own data, read once. For tests only. */
export const DATA = {
  figures,
  cores: coreModel(loadCalibration(), figures),
  rules: loadResidencyRules(),
  locations: loadLocations(),
};

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length });

/** A public key of the right form; nobody has its other half. */
const publicKey = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((point) => {
  const field = (bytes: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const blob = Buffer.concat([field(Buffer.from("ssh-ed25519")), field(point)]);
  return `ssh-ed25519 ${blob.toString("base64")} proef`;
});

const meeting = fc
  .record({
    participants: fc.integer({ min: 2, max: 120 }),
    simultaneous: fc.integer({ min: 1, max: 12 }),
    cameras: fc.oneof(fc.constant("all"), fc.constant("none"), fc.integer({ min: 0, max: 30 })),
    screenShare: fc.boolean(),
    layout: fc.constantFrom("stage", "tile"),
    lastN: fc.integer({ min: 1, max: 25 }),
    microphones: fc.integer({ min: 1, max: 6 }),
  })
  .map((m) => ({
    kind: "overleg",
    ...m,
    cameras: typeof m.cameras === "number" ? Math.min(m.cameras, m.participants) : m.cameras,
  }));

/** Any instance that the schema takes; some ask for more than can be planned. */
export const anyInstance: fc.Arbitrary<Instance> = fc
  .record({
    name: fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/),
    label: fc.stringMatching(/^[a-z][a-z0-9]{0,12}$/),
    location: fc.constantFrom("lab-floating", "lab-direct"),
    chat: fc.constantFrom("off", "on"),
    meetings: fc.array(meeting, { minLength: 1, maxLength: 4 }),
    growth: fc.double({ min: 0, max: 1, noNaN: true }),
    behindFirewalls: fc.double({ min: 0, max: 1, noNaN: true }),
    codecs: fc.constantFrom({ VP8: 1 }, { AV1: 1 }, { VP9: 0.5, H264: 0.5 }),
    keys: fc.uniqueArray(publicKey, { minLength: 1, maxLength: 4 }),
    second: fc.integer({ min: 0, max: 63 }),
    third: fc.integer({ min: 0, max: 63 }).map((n) => n * 4),
    ipv6: fc.option(
      fc.tuple(hex(2), hex(4)).map(([a, b]) => `fd${a}:${b}::/48`),
      { nil: undefined },
    ),
    securityDays: fc.integer({ min: 183, max: 1096 }),
    source: fc.constantFrom<Record<string, string>>(
      { source: "upstream" },
      { source: "folder", folder: "pakketten" },
      { source: "mirror", mirror: "http://192.0.2.1:3142/" },
      { source: "mirror", mirror: "https://mirror.voorbeeld.example/" },
    ),
  })
  .map((raw) =>
    instanceSchema.parse({
      name: raw.name,
      organisation: "Proef",
      domain: `${raw.label}.voorbeeld.example`,
      classification: { marking: "none", tbb: 4 },
      residency: "lab",
      cloud: "openstack",
      location: raw.location,
      chat: raw.chat,
      demand: {
        meetings: raw.meetings,
        growth: raw.growth,
        behindFirewalls: raw.behindFirewalls,
        codecs: raw.codecs,
      },
      admins: raw.keys.map((key, i) => ({ name: `Admin ${i}`, user: `admin${i}`, key })),
      adminNetworks: ["198.51.100.0/28", "2001:db8:1::/48"],
      packages: raw.source,
      securityContact: "mailto:security@voorbeeld.example",
      retention: { securityDays: raw.securityDays },
      network: {
        ipv4: `10.${raw.second}.${raw.third}.0/22`,
        ...(raw.ipv6 && { ipv6: raw.ipv6 }),
      },
    }),
  );

/** What a Blueprint of this instance is decided from, without recorded addresses. */
export function inputOf(instance: Instance): BlueprintInput {
  const location = DATA.locations.get(instance.location);
  if (!location) throw new RangeError(`${instance.location} is no location`);
  const { figures, cores, rules } = DATA;
  return { instance, location, figures, cores, rules };
}

/** Jitsi's packages as a file pins them; nobody has such files. */
export const SOME_JITSI: readonly JitsiPackage[] = JITSI_PACKAGES.map((name) => ({
  name,
  version: "2.0-1",
  file: `${name}_2.0-1_all.deb`,
  sha256: "0".repeat(64),
}));

/** The same where bridges have one size alone: then a larger demand takes no host away and resizes none. */
export function onOneSize(input: BlueprintInput): BlueprintInput {
  const { platform } = input.location;
  if (!platform) return input;
  const flavours = platform.flavours.filter(({ vcpus }) => vcpus <= 4);
  return { ...input, location: { ...input.location, platform: { ...platform, flavours } } };
}

/** A fixed, small instance, with what a test changes. */
export const someInstance = (change: Record<string, unknown> = {}): Instance =>
  instanceSchema.parse({
    name: "proef",
    organisation: "Gemeente Proefdorp",
    domain: "vergaderen.proefdorp.example",
    classification: { marking: "none", tbb: 4 },
    residency: "lab",
    cloud: "openstack",
    location: "lab-floating",
    chat: "off",
    demand: { meetings: [{ kind: "overleg", simultaneous: 1, participants: 4, cameras: "all" }] },
    admins: [
      {
        name: "Sam de Vries",
        user: "samdevries",
        key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICZZP6QBrHcj+rLvtQmxye1Q67Ks+C8hj2y+EEM1tjmg sam",
      },
    ],
    adminNetworks: ["198.51.100.0/28"],
    securityContact: "mailto:security@proefdorp.example",
    ...change,
  });
