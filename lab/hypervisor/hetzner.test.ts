import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { projectName, type StandIn, start } from "../hetzner/index.ts";
import { fabricOf } from "./fabric.ts";
import { HetznerSource } from "./hetzner.ts";
import type { GroupRule, Inventory, Server } from "./inventory.ts";
import { seedOf } from "./seed.ts";

// The stand-in by its operator's side, and what the hypervisor makes of it.

const folder = mkdtempSync(join(tmpdir(), "hetzner-source-"));
const operator = "o".repeat(64);
const token = "t".repeat(64);
let standIn: StandIn;
let source: HetznerSource;

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
async function send(path: string, body: object = {}, as = token): Promise<any> {
  const response = await fetch(`${standIn.endpoint}/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${as}` },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(201);
  return response.json();
}

interface Link {
  readonly match: { readonly macaddress: string };
  readonly addresses: readonly string[];
  readonly routes: readonly { readonly to: string; readonly via?: string }[];
}
const linksOf = (server: Server, seen: Inventory): Link[] =>
  Object.values(
    (
      JSON.parse(seedOf(server, seen, "")["network-config"]) as {
        readonly ethernets: Readonly<Record<string, Link>>;
      }
    ).ethernets,
  );
const find = (seen: Inventory, name: string): Server => {
  const server = seen.servers.find((one) => one.name === name);
  if (!server) throw new Error(`no ${name}`);
  return server;
};
const shown = ({ direction, version, protocol, min, max, remotePrefix }: GroupRule): string =>
  [direction, version, protocol ?? "any", min ?? "", max ?? "", remotePrefix ?? "all"].join(" ");
const rulesOf = (seen: Inventory, mac: string): string[] => {
  const port = seen.ports.find((one) => one.mac === mac);
  return seen.groups
    .filter(({ id }) => port?.groups.includes(id))
    .flatMap(({ rules }) => rules.map(shown));
};
const EVERYTHING = ["ingress 4", "ingress 6", "egress 4", "egress 6"].map(
  (one) => `${one} any   all`,
);

let web: number;
let firewall: number;
let volume: number;

beforeAll(async () => {
  const pace = { create: 0, other: 0 };
  const pool = { ipv4: ["203.0.113.0/26"], ipv6: "2001:db8:f" };
  standIn = await start({ folder, pace, pool, operator });
  source = new HetznerSource({
    endpoint: standIn.endpoint,
    token: operator,
    resolver: "198.18.64.1",
    nameOf: (project) => (project === projectName(token) ? "een" : project),
  });
  const subnets = ["10.0.0.0/24", "10.0.1.0/24"].map((ip_range) => ({
    type: "cloud",
    network_zone: "eu-central",
    ip_range,
  }));
  const { network } = await send("networks", { name: "n", ip_range: "10.0.0.0/23", subnets });
  const all = ["0.0.0.0/0", "::/0"];
  const made = await send("firewalls", {
    name: "web",
    rules: [
      { direction: "in", protocol: "tcp", port: "443", source_ips: all },
      { direction: "out", protocol: "udp", port: "100-200", destination_ips: ["192.0.2.0/24"] },
    ],
  });
  firewall = made.firewall.id;
  const shape = { server_type: "ccx13", image: "debian-13", location: "fsn1" };
  const closed = { enable_ipv4: false, enable_ipv6: false };
  web = (
    await send("servers", {
      ...shape,
      name: "web",
      firewalls: [{ firewall }],
      user_data: "#cloud-config\nhostname: w\n",
      start_after_create: false,
    })
  ).server.id;
  const inner = await send("servers", { ...shape, name: "inner", public_net: closed });
  for (const [server, ip] of [
    [web, "10.0.0.5"],
    [inner.server.id, "10.0.1.6"],
  ])
    await send(`servers/${server}/actions/attach_to_network`, { network: network.id, ip });
  volume = (await send("volumes", { name: "v", size: 12, server: web, location: "fsn1" })).volume
    .id;
});
afterAll(async () => {
  await standIn.close();
  rmSync(folder, { recursive: true });
});

describe("what the hypervisor sees of Hetzner's", () => {
  it("tells servers, their power and what they begin with; ids are UUIDs", async () => {
    const seen = await source.look();
    const server = find(seen, "web");
    expect(server.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(server).toMatchObject({
      status: "SHUTOFF",
      userData: "#cloud-config\nhostname: w\n",
      diskGiB: 80,
    });
    expect(seen.projects.get(server.project)).toBe("een");
    expect(find(seen, "inner").status).toBe("ACTIVE");
    await send(`servers/${web}/actions/poweron`);
    expect(find(await source.look(), "web").status).toBe("ACTIVE");
  });

  it("gives a guest its own address alone on each link, and all else by a gateway", async () => {
    const seen = await source.look();
    const [open, inside, ...more] = linksOf(find(seen, "web"), seen);
    expect(more).toEqual([]);
    expect(open?.addresses).toEqual(["203.0.113.10/32", "2001:db8:f:a::1/64"]);
    expect(open?.routes.map(({ to, via }) => `${to} ${via ?? "on link"}`)).toEqual([
      "172.31.1.1/32 on link",
      "0.0.0.0/0 172.31.1.1",
      "::/0 fe80::1",
    ]);
    expect(inside?.addresses).toEqual(["10.0.0.5/32"]);
    // The network's range by its one gateway: also the neighbours of its own subnet.
    expect(inside?.routes.map(({ to, via }) => `${to} ${via ?? "on link"}`)).toEqual([
      "10.0.0.1/32 on link",
      "10.0.0.0/23 10.0.0.1",
    ]);
    const alone = linksOf(find(seen, "inner"), seen);
    expect(alone.map(({ addresses }) => addresses)).toEqual([["10.0.1.6/32"]]);
    // No way out: nothing translates there.
    expect(alone[0]?.routes.some(({ to }) => to === "0.0.0.0/0")).toBe(false);
  });

  it("filters public traffic by the firewall, and private traffic by none", async () => {
    const seen = await source.look();
    const [open, inside] = linksOf(find(seen, "web"), seen).map(({ match }) => match.macaddress);
    expect(rulesOf(seen, open ?? "")).toEqual([
      "ingress 4 tcp 443 443 0.0.0.0/0",
      "ingress 6 tcp 443 443 ::/0",
      "egress 4 udp 100 200 192.0.2.0/24",
    ]);
    expect(rulesOf(seen, inside ?? "")).toEqual(EVERYTHING);
  });

  it("lets everything out of a firewall without a rule for that, and through where there is none", async () => {
    const port = async () => {
      const seen = { ...(await source.look()), ...(await source.filters()) };
      return rulesOf(seen, linksOf(find(seen, "web"), seen)[0]?.match.macaddress ?? "");
    };
    const icmp = { direction: "in", protocol: "icmp", source_ips: ["::/0"] };
    await send(`firewalls/${firewall}/actions/set_rules`, { rules: [icmp] });
    expect(await port()).toEqual([
      "ingress 6 icmp   ::/0",
      "egress 4 any   all",
      "egress 6 any   all",
    ]);
    const servers = [{ type: "server", server: { id: web } }];
    await send(`firewalls/${firewall}/actions/remove_from_resources`, { remove_from: servers });
    expect(await port()).toEqual(EVERYTHING);
  });

  it("waits with a server that runs without a private network: the provider attaches it then", async () => {
    const token = "w".repeat(64);
    const shape = { server_type: "ccx13", image: "debian-13", location: "fsn1" };
    await send("servers", { ...shape, name: "lone" }, token);
    const status = async () => find(await source.look(), "lone").status;
    expect(await status()).toBe("BUILD");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 11_000 });
    expect(await status()).toBe("ACTIVE");
    vi.useRealTimers();
  });

  it("names a volume in the guest as the API says", async () => {
    const seen = await source.look();
    const [id] = find(seen, "web").volumes;
    expect(seen.volumes.find((one) => one.id === id)).toMatchObject({
      sizeGiB: 12,
      link: `scsi-0HC_Volume_${volume}`,
    });
  });

  it("tells orders newest first, and a poweroff inside to the API", async () => {
    const before = Date.now();
    await send(`servers/${web}/actions/reboot`);
    const server = find(await source.look(), "web");
    const [newest, ...older] = await source.actions(server);
    expect(newest?.name).toBe("reboot");
    expect(newest?.at).toBeGreaterThanOrEqual(before);
    expect(older.map(({ name }) => name)).toEqual(["start"]);
    await source.poweredOff(server);
    expect(find(await source.look(), "web").status).toBe("SHUTOFF");
  });

  it("keeps two projects with the same ranges apart, with public addresses of their own", async () => {
    const other = "u".repeat(64);
    const subnets = [{ type: "cloud", network_zone: "eu-central", ip_range: "10.0.0.0/24" }];
    const { network } = await send(
      "networks",
      { name: "n", ip_range: "10.0.0.0/23", subnets },
      other,
    );
    const shape = { server_type: "ccx13", image: "debian-13", location: "fsn1" };
    await send("servers", { ...shape, name: "web", networks: [network.id] }, other);
    const seen = await source.look();
    const segments = fabricOf(seen, new Set(seen.ports.map(({ id }) => id))).segments;
    // One public network for all, a private one each.
    expect(segments.size).toBe(3);
    const publics = seen.ports.flatMap(({ addresses }) => addresses.map(({ address }) => address));
    expect(publics.filter((one) => one.startsWith("203."))).toEqual([
      "203.0.113.10",
      "203.0.113.11",
      "203.0.113.12",
    ]);
  });
});

it("shows nothing to whoever isn't the operator", async () => {
  const asked = async (as: string) =>
    (
      await fetch(new URL("/operator/projects", standIn.endpoint), {
        headers: { authorization: `Bearer ${as}` },
      })
    ).status;
  expect(await asked(operator)).toBe(200);
  expect(await asked(token)).toBe(404);
});
