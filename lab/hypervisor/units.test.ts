import { describe, expect, it } from "vitest";
import { hierarchies } from "./cgroups.ts";
import type { Inventory, Server } from "./inventory.ts";
import { resolvConf, seedOf } from "./seed.ts";
import { proxyConfig } from "./services.ts";
import { mirrorsOf, otherLab } from "./up.ts";

const server: Server = {
  id: "id-1",
  name: "name",
  project: "p",
  hostname: "host-1",
  status: "ACTIVE",
  updated: "",
  diskGiB: 1,
  userData: "#cloud-config\nhostname: x\n",
  keyName: "",
  userId: "",
  macs: ["m2", "m1"],
  volumes: [],
};

const port = (id: string, mac: string, subnet: string, address: string) => ({
  id,
  mac,
  network: "n",
  device: "id-1",
  deviceOwner: "compute:nova",
  addresses: [{ subnet, address }],
  groups: [],
  allowedPairs: [],
  secured: true,
});

const inventory: Inventory = {
  servers: [server],
  ports: [port("a", "m1", "v6", "fd00::5"), port("b", "m2", "v4", "10.0.0.5")],
  groups: [],
  floating: [],
  networks: [],
  subnets: [
    {
      id: "v4",
      network: "n",
      version: 4,
      cidr: "10.0.0.0/24",
      gateway: "10.0.0.1",
      nameservers: ["198.18.64.1"],
      hostRoutes: [{ destination: "10.0.1.0/24", nexthop: "10.0.0.1" }],
    },
    { id: "v6", network: "n", version: 6, cidr: "fd00::/64", gateway: undefined, nameservers: [] },
  ],
  routers: [],
  volumes: [],
  projects: new Map(),
};

describe("the seed", () => {
  const seed = seedOf(server, inventory, "");

  it("names links in nova's order, each with its own addresses", () => {
    const config = JSON.parse(seed["network-config"]) as {
      ethernets: Record<string, { match: unknown; addresses: string[]; routes: unknown[] }>;
    };
    expect(Object.keys(config.ethernets)).toEqual(["ens3", "ens4"]);
    expect(config.ethernets["ens3"]).toMatchObject({
      match: { macaddress: "m2" },
      addresses: ["10.0.0.5/24"],
      routes: [
        { to: "0.0.0.0/0", via: "10.0.0.1", metric: 100 },
        { to: "10.0.1.0/24", via: "10.0.0.1", metric: 100 },
      ],
    });
    expect(config.ethernets["ens4"]).toMatchObject({ addresses: ["fd00::5/64"], routes: [] });
  });

  it("hands user_data over as it is, and says who the host is", () => {
    expect(seed["user-data"]).toBe("#cloud-config\nhostname: x\n");
    expect(JSON.parse(seed["meta-data"])).toEqual({
      "instance-id": "id-1",
      "local-hostname": "host-1",
    });
    expect(seedOf({ ...server, userData: "" }, inventory, "ssh-ed25519 k")["user-data"]).toBe(
      "#cloud-config\n{}\n",
    );
    expect(resolvConf(server, inventory)).toBe("nameserver 198.18.64.1\n");
  });
});

describe("the machine's part", () => {
  it("finds the hierarchies that systemd looks at, of either version", () => {
    const hybrid = [
      "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0",
      "cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0",
      "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0",
    ];
    expect(hierarchies(hybrid.join("\n"))).toEqual([
      "/sys/fs/cgroup/systemd",
      "/sys/fs/cgroup/unified",
    ]);
    expect(hierarchies("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0")).toEqual(["/sys/fs/cgroup"]);
  });

  it("takes both archives from the machine's own sources", () => {
    const lines = [
      "deb [signed-by=/k.gpg] http://mirror.example/debian trixie main",
      "deb http://mirror.example/security trixie-security main",
    ];
    expect(mirrorsOf(lines, undefined)).toEqual({
      debian: "http://mirror.example/debian",
      security: "http://mirror.example/security",
      proxy: undefined,
    });
    expect(() => mirrorsOf([], undefined)).toThrow("no mirror of Debian 13");
  });

  it("opens the proxy for two archives and nobody else's", () => {
    const text = proxyConfig("198.18.64.1", {
      debian: "http://m/debian",
      security: "http://m/security",
      proxy: "http://proxy.example:8080/",
    });
    expect(text).toContain("ForceManaged: 1\n");
    expect(text).toContain("Remap-debian: /debian ; http://m/debian\n");
    expect(text).toContain("Proxy: http://proxy.example:8080/\n");
    expect(text).not.toContain("PassThrough");
  });

  it("names the lab that has the hosts' addresses already", () => {
    const links = [{ ifname: "eth0" }, { ifname: "p", ifalias: "polder hypervisor in /other/lab" }];
    expect(otherLab(links, "/my/lab")).toContain("POLDER_LAB=/other/lab polder lab down");
    expect(otherLab(links, "/other/lab")).toBeUndefined();
  });
});
