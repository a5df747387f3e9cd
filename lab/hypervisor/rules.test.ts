import { describe, expect, it } from "vitest";
import { parseCounted } from "./edge.ts";
import { fabricOf, segmentsOf } from "./fabric.ts";
import type { Inventory } from "./inventory.ts";
import { toGroup, toPort, toRouter, toServer } from "./openstack.ts";
import { any, port } from "./rule-fixtures.ts";
import { linkOf, memberSet, ruleText, securityTable } from "./rules.ts";

const inventory = (rest: Partial<Inventory>): Inventory => ({
  servers: [],
  ports: [],
  groups: [],
  floating: [],
  networks: [{ id: "net", atEdge: false, mtu: 1500 }],
  subnets: [
    {
      id: "v4",
      network: "net",
      version: 4,
      cidr: "10.0.0.0/24",
      gateway: "10.0.0.254",
      nameservers: [],
    },
  ],
  routers: [],
  volumes: [],
  projects: new Map(),
  ...rest,
});

const router = port(9, {
  device: "router-1",
  deviceOwner: "network:router_interface",
  addresses: [{ subnet: "v4", address: "10.0.0.254" }],
});

describe("a security group's rule", () => {
  it.each([
    [{}, "meta nfproto ipv4 return"],
    [{ version: 6 }, "meta nfproto ipv6 return"],
    [
      { protocol: "tcp", min: 443, max: 443, remotePrefix: "192.0.2.0/24" },
      "meta nfproto ipv4 ct original protocol tcp ct original proto-dst 443 ct original ip saddr 192.0.2.0/24 return",
    ],
    [
      { direction: "egress", protocol: "udp", min: 10000, max: 20000, remotePrefix: "10.0.0.0/8" },
      "meta nfproto ipv4 ct original protocol udp ct original proto-dst 10000-20000 ct original ip daddr 10.0.0.0/8 return",
    ],
    [{ remotePrefix: "0.0.0.0/0" }, "meta nfproto ipv4 return"],
    [{ version: 6, remotePrefix: "::/0" }, "meta nfproto ipv6 return"],
    [{ version: 6, remoteGroup: "a-b" }, "meta nfproto ipv6 ct original ip6 saddr @g6_ab return"],
    [
      { protocol: "icmp", min: 8, max: 0 },
      "meta nfproto ipv4 ct original protocol icmp ct original proto-dst 2048 return",
    ],
    [
      { protocol: "icmp", min: 3 },
      "meta nfproto ipv4 ct original protocol icmp ct original proto-dst 768-1023 return",
    ],
    [{ version: 6, protocol: "icmp" }, "meta nfproto ipv6 ct original protocol ipv6-icmp return"],
    [{ protocol: "vrrp" }, "meta nfproto ipv4 ct original protocol 112 return"],
    [{ protocol: "any" }, "meta nfproto ipv4 return"],
  ] as const)("%j reads %s", (rule, text) => {
    expect(ruleText({ ...any, ...rule })).toBe(text);
  });
});

describe("the tables", () => {
  it("let nothing pass a port without groups, and know only its own addresses and MAC", () => {
    const text = securityTable([port(1, { groups: [], allowedPairs: ["10.9.0.0/24"] })], [], []);
    const link = linkOf(port(1));
    expect(text).toContain(`chain ingress_${link} {\ncounter name refused drop\n}`);
    expect(text).toContain(`chain egress_${link} {\ncounter name refused drop\n}`);
    expect(text).toContain("ip saddr { 10.0.0.1, 10.9.0.0/24 } return");
    expect(text).toContain("ether saddr != fa:16:3e:00:00:01 counter name spoofed drop");
    expect(text).not.toContain("ip6 saddr { fd");
  });

  it("fill a remote group with the addresses of all its members, of any network", () => {
    const rules = [{ ...any, remoteGroup: "web" }];
    const elsewhere = port(5, { network: "far", groups: ["web"] });
    const text = securityTable([port(1)], [port(1), elsewhere], [{ id: "g", rules }]);
    expect(text).toContain(`set ${memberSet("web", 4)} { type ipv4_addr;`);
    expect(text).toContain("elements = { 10.0.0.5 };");
  });
});

describe("the fabric", () => {
  const gateway = { id: "router-1", external: "203.0.113.200", snat: true };

  it("hangs a network on its router, and one without a router on itself", () => {
    const plain = segmentsOf(inventory({ ports: [port(1)] })).get("net");
    expect(plain).toMatchObject({ name: "s-net", router: undefined });
    const routed = segmentsOf(inventory({ ports: [port(1), router], routers: [gateway] })).get(
      "net",
    );
    expect(routed).toMatchObject({ name: "s-router-1", router: "router-1" });
  });

  it("makes nothing of what isn't plugged in", () => {
    const fabric = fabricOf(inventory({ ports: [port(1), router], routers: [gateway] }), new Set());
    expect(fabric.segments.size).toBe(0);
    expect(fabric.public).toEqual([]);
  });

  it("routes each port alone, and floating addresses from outside only", () => {
    const ports = [port(1), port(2), router];
    const floating = [{ address: "203.0.113.150", fixed: "10.0.0.1", router: "router-1" }];
    const seen = inventory({ ports, routers: [gateway], floating });
    const fabric = fabricOf(seen, new Set(ports.map(({ id }) => id).slice(0, 2)));
    const segment = fabric.segments.get("s-router-1");
    const facts = segment?.facts.map(({ kind, text }) => `${kind} ${text}`);
    expect(facts).toContain(`route 10.0.0.1/32 dev ${linkOf(port(1))}`);
    expect(facts).toContain("route unreachable 10.0.0.0/24 metric 4096");
    expect(segment?.nft).toContain(
      'iifname "up" dnat to ip daddr map { 203.0.113.150 : 10.0.0.1 }',
    );
    expect(segment?.nft).toContain('oifname "up" snat to 203.0.113.200');
    expect(fabric.public).toEqual(["203.0.113.200", "203.0.113.150"]);
  });

  it("gives a network without a gateway no way out", () => {
    const ports = [port(1), router];
    const seen = inventory({ ports, routers: [{ ...gateway, external: undefined }] });
    const segment = fabricOf(seen, new Set([port(1).id])).segments.get("s-router-1");
    expect(segment?.facts.some(({ text }) => text.startsWith("default"))).toBe(false);
    expect(segment?.nft).not.toContain("table ip nat");
  });
});

describe("what the APIs say", () => {
  it("is read where it is null, missing or of another kind", () => {
    expect(toRouter({ id: "r", external_gateway_info: null })).toEqual({
      id: "r",
      external: undefined,
      snat: true,
    });
    expect(toPort({ id: "p", port_security_enabled: false })).toMatchObject({
      secured: false,
      addresses: [],
      groups: [],
    });
    const rule = { direction: "ingress", ethertype: "IPv6", protocol: null, port_range_min: null };
    expect(toGroup({ id: "g", security_group_rules: [rule] }).rules).toEqual([
      { ...any, version: 6 },
    ]);
  });

  it("keeps a server's links in nova's order", () => {
    const mac = (one: string) => ({ "OS-EXT-IPS-MAC:mac_addr": one });
    const addresses = { direct: [mac("b"), mac("b")], inside: [mac("a")] };
    expect(toServer({ id: "s", addresses }).macs).toEqual(["b", "a"]);
  });

  it("counts packets from nft's own list", () => {
    const elem = {
      val: { concat: ["203.0.113.7", "9.9.9.9"] },
      counter: { packets: 3, bytes: 180 },
    };
    const json = JSON.stringify({ nftables: [{ metainfo: {} }, { set: { elem: [{ elem }] } }] });
    expect(parseCounted(json)).toEqual([{ from: "203.0.113.7", to: "9.9.9.9", packets: 3 }]);
    expect(parseCounted('{"nftables":[{"set":{}}]}')).toEqual([]);
  });
});
