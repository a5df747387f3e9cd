import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Blueprint,
  buildBlueprint,
  Refused,
  securityRules,
} from "../../planning/blueprint/index.ts";
import { anyInstance, inputOf, someInstance } from "../../planning/blueprint/testing.ts";
import { packetFilter } from "./packet-filter.ts";

/** What a rendered filter lets through, read back from its text by other code than wrote it. */
function readBack(text: string): Set<string> {
  const sets = new Map<string, string[]>();
  for (const [, name = "", body = ""] of text.matchAll(/set (\S+) \{[^{]*elements = \{([^}]*)\}/g))
    sets.set(name, body.split(/[\s,]+/).filter(Boolean));
  const allowed = new Set<string>();
  for (const direction of ["input", "output"]) {
    const body = new RegExp(`chain ${direction} \\{([\\s\\S]*?)\\n\\t\\}`).exec(text)?.[1] ?? "";
    for (const line of body.split("\n").filter((one) => /dport.*accept/.test(one))) {
      const match =
        /^\t\t(?:(ip6?) ([sd])addr @(\S+) )?(tcp|udp) dport (\S+) counter accept comment "([^"]+)"$/.exec(
          line,
        );
      if (!match) throw new Error(`can't read ${line}`);
      const [, family, side, set, protocol, ports, id] = match;
      if (side) expect(side).toBe(direction === "input" ? "s" : "d");
      const places = set ? sets.get(set) : ["0.0.0.0/0", "::/0"];
      if (!places) throw new Error(`no set ${set}`);
      for (const place of places) {
        if (family) expect(place.includes(":")).toBe(family === "ip6");
        allowed.add([direction, protocol, ports, place, id].join(" "));
      }
    }
  }
  return allowed;
}

/** The same from the cloud's security groups, which other code derives from the flows. */
function expected(blueprint: Blueprint, role: string): Set<string> {
  const all = new Set<string>();
  for (const rule of securityRules(blueprint.flows).filter((one) => one.role === role)) {
    const [from, to] = rule.ports;
    const { remote, family } = rule;
    const places =
      "role" in remote
        ? blueprint.hosts
            .filter((host) => host.role === remote.role)
            .flatMap((host) => [
              family === 4 ? host.ipv4 : host.ipv6,
              ...(blueprint.cloud.publicAddresses === "direct"
                ? [family === 4 ? host.publicAddress?.ipv4 : host.publicAddress?.ipv6]
                : []),
            ])
        : [remote.range];
    for (const place of places.filter((one) => one !== undefined))
      for (const flow of rule.flows)
        all.add(
          [
            rule.direction === "ingress" ? "input" : "output",
            rule.protocol,
            from === to ? from : `${from}-${to}`,
            place,
            flow,
          ].join(" "),
        );
  }
  return all;
}

const textOf = (blueprint: Blueprint, role: string): string => {
  const host = blueprint.hosts.find((one) => one.role === role);
  if (!host) throw new Error(`no ${role}`);
  return packetFilter(blueprint, host).files?.[0]?.content ?? "";
};

const ofSingle = (location = "lab-floating") =>
  buildBlueprint(inputOf(someInstance({ size: "single", location })));

describe("the packet filter of a host that carries several roles", () => {
  const lines = (name: string, text = textOf(ofSingle(), "control")) =>
    (new RegExp(`chain ${name} \\{\\n([\\s\\S]*?)\\n\\t\\}`).exec(text)?.[1] ?? "")
      .split("\n")
      .map((line) => line.trim());

  it("says exactly what the flows say, of any instance", () => {
    const planned = anyInstance
      .map((instance) => {
        try {
          return buildBlueprint(inputOf({ ...instance, size: "single" }));
        } catch (error) {
          if (!(error instanceof Refused)) throw error;
          return undefined;
        }
      })
      .filter((blueprint) => blueprint !== undefined);
    fc.assert(
      fc.property(planned, (blueprint) => {
        for (const role of ["control", "monitor"])
          expect(readBack(textOf(blueprint, role))).toEqual(expected(blueprint, role));
      }),
      { numRuns: 8 },
    );
  });

  it("lets its relay reach the media port of its own host alone, before loopback is let in", () => {
    const { ipv4, ipv6 } = ofSingle().hosts[0] ?? {};
    const shut = (family: string, address: string | undefined) =>
      `iif lo ${family} daddr { ${address} } udp dport != 10000 ct state new counter drop comment "relay-to-itself"`;
    const input = lines("input");
    const passes = input.indexOf("iif lo accept");
    for (const line of [shut("ip", ipv4), shut("ip6", ipv6)]) {
      expect(input).toContain(line);
      expect(input.indexOf(line)).toBeLessThan(passes);
    }
    // Nowhere else: there the bridges' own filters stand between the two.
    expect(textOf(ofSingle(), "monitor")).not.toContain("relay-to-itself");
    for (const role of ROLES)
      expect(textOf(buildBlueprint(inputOf(someInstance())), role)).not.toContain(
        "relay-to-itself",
      );
  });

  it("lets new ways by a relay wait where the bridge is, its own host's relay too", () => {
    const several = buildBlueprint(inputOf(someInstance()));
    for (const [blueprint, role] of [
      [ofSingle(), "control"],
      [several, "bridge"],
    ] as const) {
      const relays = blueprint.hosts.filter(({ roles }) => roles.includes("turn"));
      const from = relays.map(({ ipv4 }) => ipv4).join(", ");
      const input = lines("input", textOf(blueprint, role));
      const jump = `ip saddr { ${from} } udp dport 10000 ct state new jump relayed`;
      expect(input.indexOf(jump)).toBeGreaterThan(-1);
      expect(input.indexOf(jump)).toBeLessThan(input.indexOf("iif lo accept"));
    }
    for (const role of ROLES.filter((one) => one !== "bridge"))
      expect(textOf(several, role)).not.toContain("relayed");
  });

  it("shuts a direct public address of its own, too", () => {
    const input = inputOf(someInstance({ size: "single", location: "lab-direct" }));
    const addresses = Object.fromEntries(
      ["control-1", "monitor-1"].map((id, i) => [
        id,
        { id, ipv4: `203.0.113.${i + 10}`, ipv6: `2001:db8::${i + 10}` },
      ]),
    );
    const file = {
      instance: "proef",
      cloud: "openstack",
      location: "lab-direct",
      addresses,
    } as const;
    const text = textOf(buildBlueprint({ ...input, addresses: file }), "control");
    expect(text).toMatch(/iif lo ip daddr \{ [\d.]+, 203\.0\.113\.10 \} udp dport != 10000/);
    expect(text).toMatch(/iif lo ip6 daddr \{ fd[\da-f:]+, 2001:db8::10 \} udp dport != 10000/);
  });

  it("holds the relay's connections to the relay's rates, and the page's to the page's", () => {
    const input = lines("input");
    const jump = (ports: string, chain: string) =>
      `tcp dport { ${ports} } ct state established ct mark != 1 jump ${chain}`;
    const stands = input.indexOf("ct state established accept");
    for (const line of [jump("443, 80", "arrivals"), jump("5349", "relay-arrivals")]) {
      expect(input.indexOf(line)).toBeGreaterThan(-1);
      expect(input.indexOf(line)).toBeLessThan(stands);
    }
    const joins = Math.ceil(ofSingle().sizing.total.joinsPerSecond) * 4;
    const first = (chain: string) => lines(chain)[1];
    const rate = (n: number) => `limit rate over ${n}/second burst ${n} packets`;
    expect(first("arrivals")).toContain(`update @arrivals-v4 { ip saddr ${rate(joins + 1500)}`);
    expect(first("relay-arrivals")).toContain(
      `update @relay-arrivals-v4 { ip saddr ${rate(joins + 400)}`,
    );
  });
});

const ROLES = ["control", "turn", "bridge", "edge", "monitor"];

describe("the hosts' packet filter", () => {
  it("says exactly what the flows say, in both directions, of any instance", () => {
    fc.assert(
      fc.property(anyInstance, (instance) => {
        try {
          const blueprint = buildBlueprint(inputOf(instance));
          for (const role of ROLES)
            expect(readBack(textOf(blueprint, role))).toEqual(expected(blueprint, role));
        } catch (error) {
          if (!(error instanceof Refused)) throw error;
        }
      }),
      { numRuns: 25 },
    );
  });

  it("follows a change of the flows, and would be seen not to", () => {
    const blueprint = buildBlueprint(inputOf(someInstance()));
    const without = { ...blueprint, flows: blueprint.flows.filter(({ id }) => id !== "xmpp") };
    expect(readBack(textOf(without, "control"))).toEqual(expected(without, "control"));
    expect(readBack(textOf(blueprint, "control"))).not.toEqual(expected(without, "control"));
  });

  it("holds what the internet opens, on its ports and no other, to the plan's rates", () => {
    const blueprint = buildBlueprint(inputOf(someInstance()));
    for (const [role, ports] of [
      ["control", "443, 80"],
      ["turn", "443"],
    ] as const) {
      const text = textOf(blueprint, role);
      const chain = (name: string) =>
        (new RegExp(`chain ${name} \\{\\n([\\s\\S]*?)\\n\\t\\}`).exec(text)?.[1] ?? "")
          .split("\n")
          .map((line) => line.trim());
      const input = chain("input");
      const jump = `tcp dport { ${ports} } ct state established ct mark != 1 jump arrivals`;
      // What was let in is known by its mark; all else goes by the rates before the line for what stands.
      const anew = `tcp dport { ${ports} } tcp flags & (fin | syn | rst | ack) == syn ct expiration <= 120s ct mark set 0`;
      expect(input.indexOf(jump)).toBeGreaterThan(-1);
      expect(input.indexOf(anew)).toBe(input.indexOf(jump) - 1);
      expect(input.indexOf(jump)).toBeLessThan(input.indexOf("ct state established accept"));
      expect(chain("output")).toContain(
        'ct state related tcp flags rst counter drop comment "resets stay here"',
      );
      const spare = role === "turn" ? 400 : 1500;
      const one = Math.ceil(blueprint.sizing.total.joinsPerSecond) * 4 + spare;
      const over = (rate: number) => `limit rate over ${rate}/second burst ${rate} packets`;
      expect(chain("arrivals")).toEqual([
        "tcp flags rst return",
        `update @arrivals-v4 { ip saddr ${over(one)} } goto too-many-of-one`,
        `update @arrivals-v6 { ip6 saddr & ffff:ffff:ffff:ffff:: ${over(one)} } goto too-many-of-one`,
        `update @sites-v6 { ip6 saddr & ffff:ffff:ffff:: ${over(Math.ceil(1.25 * one))} } goto too-many-of-site`,
        `meta nfproto ipv4 ${over(Math.ceil(1.5 * one))} goto too-many-of-all`,
        `meta nfproto ipv6 ${over(Math.ceil(1.5 * one))} goto too-many-of-all`,
        "ct mark set 1",
      ]);
    }
    for (const role of ["bridge", "edge", "monitor"])
      expect(textOf(blueprint, role)).not.toMatch(/arrivals|ct mark/);
  });

  it("lets root alone ask Jitsi's programs on loopback, before it lets loopback through", () => {
    const blueprint = buildBlueprint(inputOf(someInstance()));
    const first = (role: string) =>
      (/hook output .*\n([\s\S]*?oif lo accept)/.exec(textOf(blueprint, role))?.[1] ?? "")
        .split("\n")
        .map((line) => line.trim());
    const refused = (port: number) =>
      `oif lo tcp dport ${port} meta skuid != 0 counter reject with tcp reset comment "root-alone-asks"`;
    expect(first("bridge")).toEqual([refused(8080), "oif lo accept"]);
    expect(first("control")).toEqual([refused(8888), "oif lo accept"]);
    expect(first("turn")).toEqual(["oif lo accept"]);
  });

  it("drops by default in every direction and starts from nothing", () => {
    const text = textOf(buildBlueprint(inputOf(someInstance())), "bridge");
    expect(
      [...text.matchAll(/hook (\w+) priority filter; policy (\w+);/g)].map((m) => m.slice(1)),
    ).toEqual([
      ["input", "drop"],
      ["output", "drop"],
      ["forward", "drop"],
    ]);
    expect(text).toContain("\nflush ruleset\n");
    expect(text).toMatch(/log prefix "polder-drop /);
  });

  it("knows a host's direct public addresses, and not its floating one", () => {
    for (const location of ["lab-direct", "lab-floating"]) {
      const input = inputOf(someInstance({ location }));
      const planned = buildBlueprint(input).hosts.filter((host) => host.exposure.public);
      const addresses = Object.fromEntries(
        planned.map(({ id }, i) => [
          id,
          { id, ipv4: `203.0.113.${i + 10}`, ipv6: `2001:db8::${i + 10}` },
        ]),
      );
      const file = { instance: "proef", cloud: "openstack", location, addresses } as const;
      const blueprint = buildBlueprint({ ...input, addresses: file });
      const text = textOf(blueprint, "turn");
      expect(text.includes("203.0.113."), location).toBe(location === "lab-direct");
      expect(readBack(text)).toEqual(expected(blueprint, "turn"));
    }
  });
});
