import { type Api, type Json, type Service, services, text, urlOf } from "./api.ts";
import type { Passwords } from "./credentials.ts";
import { LabError, LabInterrupted } from "./error.ts";
import { until } from "./process.ts";
import type { LabProject, LabQuota } from "./project.ts";

// Everything here looks before it makes, so that it can be run again and again.

/** Makes the service catalog. Nova's computes and all clients find the other services by it. */
export async function seedCatalog(api: Api, host: string): Promise<void> {
  const known = await api.list("identity", "/services", "services");
  const endpoints = await api.list("identity", "/endpoints", "endpoints");
  for (const [type, { name }] of Object.entries(services)) {
    if (type === "identity") continue; // keystone's own bootstrap makes that one
    const found = known.find((service) => service["type"] === type);
    const body = { service: { type, name } };
    const service =
      found ?? ((await api.ask("identity", "POST", "/services", body))["service"] as Json);
    const url = urlOf(host, type as Service);
    for (const kind of ["public", "internal"]) {
      const exists = endpoints.some(
        (endpoint) => endpoint["service_id"] === service["id"] && endpoint["interface"] === kind,
      );
      if (exists) continue;
      const endpoint = { service_id: service["id"], interface: kind, url, region: "RegionOne" };
      await api.ask("identity", "POST", "/endpoints", { endpoint });
    }
  }
  // Services act as the admin; this role lets them vouch for a user's request.
  const people = await People.read(api);
  await people.grant(api.projectId, await people.user("admin", ""), "service");
}

/** Keystone's users, projects and roles: read once, and made where they are missing. */
class People {
  private readonly api: Api;
  private readonly users: Json[];
  private readonly projects: Json[];
  private readonly roles: Json[];
  private readonly granted: ReadonlySet<string>;

  private constructor(api: Api, lists: readonly Json[][]) {
    const [users = [], projects = [], roles = [], grants = []] = lists;
    this.api = api;
    this.users = users;
    this.projects = projects;
    this.roles = roles;
    const id = (object: unknown) => text(object as Json, "id");
    this.granted = new Set(
      grants.map(({ scope, user, role }) =>
        [id((scope as Json)["project"]), id(user), id(role)].join(" "),
      ),
    );
  }

  static async read(api: Api): Promise<People> {
    const list = (key: string) => api.list("identity", `/${key}`, key);
    const kinds = ["users", "projects", "roles", "role_assignments"];
    return new People(api, await Promise.all(kinds.map(list)));
  }

  private async need(known: Json[], kind: string, body: Json): Promise<string> {
    const found = known.find(({ name }) => name === body["name"]);
    if (found) return text(found, "id");
    const answer = await this.api.ask("identity", "POST", `/${kind}s`, { [kind]: body });
    const made = answer[kind] as Json;
    known.push(made);
    return text(made, "id");
  }

  project(name: string): Promise<string> {
    return this.need(this.projects, "project", { name, domain_id: "default" });
  }

  user(name: string, password: string): Promise<string> {
    return this.need(this.users, "user", { name, password, domain_id: "default" });
  }

  async grant(project: string, user: string, roleName: string): Promise<void> {
    const role = await this.need(this.roles, "role", { name: roleName });
    if (this.granted.has([project, user, role].join(" "))) return;
    await this.api.ask("identity", "PUT", `/projects/${project}/users/${user}/roles/${role}`);
  }
}

const flavors = [
  { name: "lab.small", vcpus: 1, ram: 1024, disk: 10 },
  { name: "lab.medium", vcpus: 2, ram: 4096, disk: 20 },
  { name: "lab.large", vcpus: 4, ram: 8192, disk: 40 },
  { name: "lab.xlarge", vcpus: 8, ram: 16384, disk: 40 },
  { name: "lab.2xlarge", vcpus: 16, ram: 32768, disk: 80 },
];

async function seedFlavors(api: Api): Promise<void> {
  const known = await api.list("compute", "/flavors", "flavors");
  for (const flavor of flavors) {
    if (known.some(({ name }) => name === flavor.name)) continue;
    await api.ask("compute", "POST", "/flavors", { flavor });
  }
}

/** An image of 4 KiB of zeroes: guests don't boot here, and its metadata says so. */
async function seedImage(api: Api): Promise<void> {
  const name = "debian-13";
  const known = await api.list("image", `/v2/images?name=${name}`, "images");
  if (known.some(({ status }) => status === "active")) return;
  // What an interrupted upload has left.
  for (const image of known) await api.ask("image", "DELETE", `/v2/images/${text(image, "id")}`);
  const image = await api.ask("image", "POST", "/v2/images", {
    name,
    disk_format: "raw",
    container_format: "bare",
    visibility: "public",
    "polder:placeholder": "true",
  });
  await api.ask("image", "PUT", `/v2/images/${text(image, "id")}/file`, new Uint8Array(4096));
}

/** The networks of the provider, in the ranges that are set apart for documentation. */
const networks = [
  {
    // Floating addresses come from here; a member can't make ports in it.
    name: "public",
    "router:external": true,
    shared: false,
    subnets: [
      {
        name: "public-v4",
        ip_version: 4,
        cidr: "203.0.113.0/24",
        enable_dhcp: false,
        // What is given away leads from the machine to the lab: leave some of the range to networks
        // that use documentation's addresses for something of their own.
        allocation_pools: [{ start: "203.0.113.100", end: "203.0.113.254" }],
      },
    ],
  },
  {
    // Direct public addresses: a member makes ports in it, the cloud chooses the addresses.
    name: "direct",
    "router:external": false,
    shared: true,
    subnets: [
      { name: "direct-v4", ip_version: 4, cidr: "198.51.100.0/24" },
      {
        name: "direct-v6",
        ip_version: 6,
        cidr: "2001:db8:d1::/64",
        ipv6_address_mode: "dhcpv6-stateful",
        ipv6_ra_mode: "dhcpv6-stateful",
      },
    ],
  },
];

async function seedNetworks(api: Api): Promise<void> {
  const known = await api.list("network", "/v2.0/networks", "networks");
  const knownSubnets = await api.list("network", "/v2.0/subnets", "subnets");
  for (const { subnets, ...network } of networks) {
    const body = {
      network: {
        ...network,
        "provider:network_type": "flat",
        "provider:physical_network": network.name,
      },
    };
    const found = known.find(({ name }) => name === network.name);
    const made =
      found ?? ((await api.ask("network", "POST", "/v2.0/networks", body))["network"] as Json);
    for (const subnet of subnets) {
      const there = knownSubnets.find(({ name }) => name === subnet.name);
      if (there && "allocation_pools" in subnet) {
        const { allocation_pools } = subnet;
        const path = `/v2.0/subnets/${text(there, "id")}`;
        await api.ask("network", "PUT", path, { subnet: { allocation_pools } });
      }
      if (there) continue;
      const subnetBody = { subnet: { ...subnet, network_id: made["id"] } };
      await api.ask("network", "POST", "/v2.0/subnets", subnetBody);
    }
  }
}

/** Makes what an operator offers to every project: flavors, an image, networks. */
export async function seedOffer(api: Api): Promise<void> {
  await Promise.all([seedFlavors(api), seedImage(api), seedNetworks(api)]);
}

/**
 * Waits until the computes take servers.
 *
 * @param since when they were started, ms since 1970: nova believes in a dead compute for a minute,
 *   so only a report that is newer counts
 * @param assertAlive throws when a service has ended, for then there is nothing to wait for
 * @throws LabError after two minutes
 */
export async function awaitComputes(
  api: Api,
  count: number,
  since: number,
  assertAlive: () => void,
  signal?: AbortSignal,
): Promise<void> {
  const path = "/os-services?binary=nova-compute";
  const ready = async () => {
    assertAlive();
    const reports = await api.list("compute", path, "services");
    const fresh = reports.filter(
      (report) => report["state"] === "up" && Date.parse(`${text(report, "updated_at")}Z`) >= since,
    );
    if (fresh.length < count) return false;
    return (await api.list("compute", "/os-hypervisors", "hypervisors")).length >= count;
  };
  if (await until(ready, 120, signal)) return;
  if (signal?.aborted) throw new LabInterrupted();
  throw new LabError(`the ${count} computes don't report to nova in 120 s: see nova-compute-*.log`);
}

/**
 * Waits until the scheduler of volumes knows of a place for them: before, a volume ends as an error.
 *
 * @param assertAlive throws when a service has ended, for then there is nothing to wait for
 * @throws LabError after two minutes
 */
export async function awaitVolumes(
  api: Api,
  assertAlive: () => void,
  signal?: AbortSignal,
): Promise<void> {
  const ready = async () => {
    assertAlive();
    return (await api.list("volumev3", "/scheduler-stats/get_pools", "pools")).length > 0;
  };
  if (await until(ready, 120, signal)) return;
  if (signal?.aborted) throw new LabInterrupted();
  throw new LabError("cinder knows no place for volumes after 120 s: see cinder-volume.log");
}

async function setQuota(api: Api, project: string, quota: LabQuota): Promise<void> {
  const compute = {
    instances: quota.instances,
    cores: quota.cores,
    ram: quota.ramMiB,
    server_groups: quota.serverGroups,
    // A limit below what is in use is allowed: it refuses what comes next.
    force: true,
  };
  const network = {
    network: quota.networks,
    subnet: quota.subnets,
    router: quota.routers,
    port: quota.ports,
    floatingip: quota.floatingIps,
    security_group: quota.securityGroups,
    security_group_rule: quota.securityGroupRules,
  };
  const volume = { volumes: quota.volumes, gigabytes: quota.gigabytes };
  const everyProject = { "x-auth-all-projects": "true" };
  await Promise.all([
    api.ask("compute", "PUT", `/os-quota-sets/${project}`, { quota_set: compute }),
    api.ask("network", "PUT", `/v2.0/quotas/${project}`, { quota: network }),
    api.ask("volumev3", "PUT", `/${api.projectId}/os-quota-sets/${project}`, { quota_set: volume }),
    api.ask("dns", "PATCH", `/v2/quotas/${project}`, { zones: quota.zones }, everyProject),
  ]);
}

/** Makes projects with their members and limits, and lets the reader in. */
export async function seedProjects(
  api: Api,
  projects: readonly LabProject[],
  passwords: Passwords,
): Promise<void> {
  const people = await People.read(api);
  const reader = await people.user("lab-reader", passwords.reader);
  const seedProject = async ({ name, quota }: LabProject) => {
    const project = await people.project(name);
    const member = await people.user(name, passwords.projects[name] ?? "");
    await people.grant(project, member, "member");
    await people.grant(project, reader, "reader");
    await setQuota(api, project, quota);
  };
  await Promise.all(projects.map(seedProject));
}
