/** What Hetzner Cloud would offer: names and shapes, as of 2026-11, without prices. */

export interface Location {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly country: string;
  readonly city: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly network_zone: string;
}

const location = (id: number, name: string, city: string, country: string): Location => ({
  id,
  name,
  description: `${city} (stand-in)`,
  country,
  city,
  latitude: 0,
  longitude: 0,
  network_zone: "eu-central",
});

export const LOCATIONS: readonly Location[] = [
  location(1, "fsn1", "Falkenstein", "DE"),
  location(2, "nbg1", "Nuremberg", "DE"),
  location(3, "hel1", "Helsinki", "FI"),
];

interface Deprecation {
  readonly announced: string;
  readonly unavailable_after: string;
}

export interface ServerType {
  readonly id: number;
  readonly name: string;
  readonly cores: number;
  /** GB. */
  readonly memory: number;
  /** GB. */
  readonly disk: number;
  readonly cpu_type: "dedicated" | "shared";
}

/** What is sold no more is listed all the same. */
const withdrawn = (one: ReturnType<typeof type>) => {
  const deprecation: Deprecation = {
    announced: "2024-06-06T00:00:00Z",
    unavailable_after: "2024-09-06T00:00:00Z",
  };
  const locations = one.locations.map((at) => ({
    ...at,
    available: false,
    recommended: false,
    deprecation,
  }));
  return { ...one, deprecated: true, deprecation, locations };
};

const type = (
  id: number,
  name: string,
  cores: number,
  memory: number,
  disk: number,
  cpu_type: ServerType["cpu_type"],
) => ({
  id,
  name,
  cores,
  memory,
  disk,
  cpu_type,
  description: name.toUpperCase(),
  category: `${cpu_type} vCPU`,
  architecture: "x86",
  storage_type: "local",
  deprecated: false,
  deprecation: null as Deprecation | null,
  prices: [],
  included_traffic: 0,
  locations: LOCATIONS.map(({ id: at, name: called }) => ({
    id: at,
    name: called,
    available: true,
    recommended: true,
    deprecation: null as Deprecation | null,
  })),
});

export const SERVER_TYPES = [
  withdrawn(type(1, "cx11", 1, 2, 20, "shared")),
  type(101, "cx23", 2, 4, 40, "shared"),
  type(102, "cx33", 4, 8, 80, "shared"),
  type(111, "ccx13", 2, 8, 80, "dedicated"),
  type(112, "ccx23", 4, 16, 160, "dedicated"),
  type(113, "ccx33", 8, 32, 240, "dedicated"),
  type(114, "ccx43", 16, 64, 360, "dedicated"),
];

export const IMAGES = [
  {
    id: 201,
    name: "debian-13",
    type: "system",
    status: "available",
    os_flavor: "debian",
    os_version: "13",
    architecture: "x86",
    description: "Debian 13",
    disk_size: 5,
    image_size: null,
    created: "2025-08-20T00:00:00Z",
    created_from: null,
    bound_to: null,
    rapid_deploy: false,
    protection: { delete: false },
    deprecated: null,
    deleted: null,
    labels: {},
  },
] as const;

const iso = (id: number, name: string) => ({
  id,
  name,
  description: name,
  type: "public",
  architecture: "x86",
  deprecation: null,
});

export const ISOS = [iso(8637, "installer-one.iso"), iso(8638, "installer-two.iso")];
