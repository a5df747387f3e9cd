import { ExternalFailure } from "../../common/external-failure/index.ts";
import type { Finding } from "../../common/findings/index.ts";
import { BadInput } from "../../common/input/index.ts";
import type { Login, Testbed } from "../../common/testbed/index.ts";
import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { PlanRead } from "../cloud/index.ts";
import {
  type Cloud,
  endpointProblem,
  isLoopback,
  type Leftover,
  standsIn,
  type Unmanaged,
} from "../cloud/index.ts";
import { type Access, access } from "./access.ts";
import { HetznerApi, type Item, KINDS, type Kind } from "./api.ts";
import type { ProjectListing } from "./beside.ts";
import { unmanagedIn } from "./unmanaged.ts";

/** Where at Hetzner an instance is to stand. */
function siteOf({ cloud }: Blueprint): string {
  if (cloud.provider !== "hetzner") throw new Error(`${cloud.location} is not Hetzner's`);
  return cloud.site;
}

/** The test bed whose project an instance has; undefined elsewhere, and where a person names another. */
const testbedOf = (testbed: Testbed, blueprint?: Blueprint): Testbed | undefined =>
  standsIn(testbed, "HCLOUD_ENDPOINT", blueprint);

/** What leads to the test bed's project of an instance that stands there. */
const login = (testbed: Testbed, blueprint?: Blueprint): Login =>
  testbedOf(testbed, blueprint)?.login("hetzner", blueprint?.instance) ?? {};

/**
 * How the instance's project is reached: as the environment says, in the lab as the lab says.
 *
 * @throws BadInput without a token; ExternalFailure when the lab has no such project
 */
function reach(blueprint: Blueprint, testbed: Testbed): Access {
  const own = login(testbed, blueprint);
  if (testbedOf(testbed, blueprint) && !own["HCLOUD_TOKEN"])
    throw new ExternalFailure(
      `the lab is down, or has no project ${blueprint.instance}: \`polder lab up\` first`,
    );
  return access({ ...process.env, ...own });
}

/**
 * The project that the environment names. Its address must be one that the location's record has.
 * Loopback is let through: a stand-in of Hetzner's API, which every plan then says.
 *
 * @throws BadInput
 */
function connect(blueprint: Blueprint, testbed: Testbed): HetznerApi {
  const found = reach(blueprint, testbed);
  const problem = isLoopback(found.endpoint)
    ? undefined
    : endpointProblem(blueprint, found.endpoint);
  if (problem) throw new BadInput([{ file: "HCLOUD_ENDPOINT", message: problem }]);
  return new HetznerApi(found);
}

/** Whether an object in the project is this instance's: by its label, its name or its zone. */
function belongsTo(item: Item, { instance, dns }: Blueprint): boolean {
  const name = String(item["name"] ?? "");
  const labels = (item["labels"] as Item | undefined) ?? {};
  return (
    labels["polder_instance"] === instance ||
    name.startsWith(`${instance}-`) ||
    (dns.zone !== null && `${name}.` === dns.zone)
  );
}

interface Found extends Leftover {
  readonly kind: Kind;
  readonly item: Item;
}

function objectsIn(project: ProjectListing, blueprint: Blueprint): Found[] {
  return KINDS.flatMap((kind) =>
    project[kind]
      .filter((item) => belongsTo(item, blueprint))
      .map((item) => ({ kind, id: String(item["id"]), name: String(item["name"]), item })),
  );
}

/** Looks for what the cloud holds of an instance and no state knows. @throws ExternalFailure */
async function unmanaged(
  blueprint: Blueprint,
  testbed: Testbed,
  plans: ReadonlyMap<string, PlanRead>,
): Promise<Unmanaged> {
  const api = connect(blueprint, testbed);
  const project = await api.listAll();
  const objects = objectsIn(project, blueprint);
  const rrsets = new Map<string, Item[]>();
  for (const { kind, name } of objects)
    if (kind === "zones") rrsets.set(name, await api.rrsets(name));
  const { imports, findings } = unmanagedIn(
    { objects, rrsets, project, isNamed: (item) => belongsTo(item, blueprint) },
    blueprint,
    plans,
  );
  const { endpoint } = reach(blueprint, testbed);
  // In the lab nothing else is meant.
  if (!isLoopback(endpoint) || blueprint.residency.profile === "lab") return { imports, findings };
  const warning: Finding = {
    id: "cloud-is-no-stand-in",
    verdict: "pass",
    warns: true,
    subject: blueprint.instance,
    message: `HCLOUD_ENDPOINT leads to ${new URL(endpoint).host}: a stand-in on this machine, not Hetzner; nothing of this plan or apply is in ${blueprint.cloud.location}`,
  };
  return { imports, findings: [...findings, warning] };
}

/** What has no status: it is there, or it isn't. What it lacks yet, the next plan adds. */
const WITHOUT_STATUS: Readonly<Record<string, Kind | "subnets" | "attachments">> = {
  hcloud_primary_ip: "primary_ips",
  hcloud_network: "networks",
  hcloud_network_subnet: "subnets",
  hcloud_firewall: "firewalls",
  hcloud_volume_attachment: "attachments",
  hcloud_zone: "zones",
};

/** The status of one object, by the id that Terraform has for it. */
async function statusOf(
  blueprint: Blueprint,
  testbed: Testbed,
  kind: string,
  id: string,
): Promise<string | undefined> {
  const api = connect(blueprint, testbed);
  if (kind === "subnets") {
    // Such as 4711-10.84.0.0/24: a subnet is a part of its network, and has no id of its own.
    const [, network, range] = /^(\d+)-(.+)$/.exec(id) ?? [];
    const found = (await api.list("networks")).find((one) => String(one["id"]) === network);
    const subnets = (found?.["subnets"] ?? []) as Item[];
    return subnets.some((subnet) => subnet["ip_range"] === range) ? "there" : undefined;
  }
  const list = await api.list(kind === "attachments" ? "volumes" : (kind as Kind));
  const found = list.find((item) => String(item["id"]) === id);
  if (kind === "attachments") return found && found["server"] !== null ? "there" : undefined;
  // A zone says "ok" of itself, which is no more than that it is there.
  return found && (kind === "zones" ? "there" : String(found["status"] ?? "there"));
}

export const hetzner = (testbed: Testbed): Cloud => ({
  testbedOf: (blueprint) => testbedOf(testbed, blueprint),
  login: (blueprint) => login(testbed, blueprint),
  access: (blueprint) => {
    const { endpoint, token } = reach(blueprint, testbed);
    return { HCLOUD_ENDPOINT: endpoint, HCLOUD_TOKEN: token };
  },
  checkCredential: async (blueprint) => {
    connect(blueprint, testbed);
  },
  flavours: async (blueprint) => connect(blueprint, testbed).serverTypes(siteOf(blueprint)),
  leftovers: async (blueprint) =>
    objectsIn(await connect(blueprint, testbed).listAll(), blueprint).map(({ kind, id, name }) => ({
      kind,
      id,
      name,
    })),
  unmanaged: (blueprint, plans) => unmanaged(blueprint, testbed, plans),
  statusNames: {
    hcloud_server: {
      kind: "servers",
      pending: ["initializing", "starting"],
      ready: ["running", "off"],
    },
    hcloud_volume: { kind: "volumes", pending: ["creating"], ready: ["available"] },
    ...Object.fromEntries(
      Object.entries(WITHOUT_STATUS).map(([type, kind]) => [
        type,
        { kind, pending: [], ready: ["there"] },
      ]),
    ),
  },
  statusOf: (blueprint, kind, id) => statusOf(blueprint, testbed, kind, id),
  unlock: async (blueprint) => {
    await connect(blueprint, testbed).unlock((item) => belongsTo(item, blueprint));
  },
  putText: async (blueprint) => {
    const api = connect(blueprint, testbed);
    return (zone, name, value) => api.addText(zone, name, value);
  },
});
