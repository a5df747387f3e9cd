import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Instance } from "../instance/index.ts";
import { cidr, contains } from "../network/index.ts";
import { fact, location } from "../residency/testing.ts";
import {
  type AddressesFile,
  type Blueprint,
  buildBlueprint,
  privateAddresses,
  Refused,
} from "./index.ts";
import { anyInstance, inputOf, onOneSize, someInstance } from "./testing.ts";

/** The Blueprint, or undefined when the demand is more than can be planned. */
function plan(instance: Instance, on = inputOf): Blueprint | undefined {
  try {
    return buildBlueprint(on(instance));
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

const unique = (values: readonly string[]) => expect(new Set(values).size).toBe(values.length);
const single = (address: string) => cidr(`${address}/${address.includes(":") ? 128 : 32}`);

describe("any instance", () => {
  it("gets hosts with ids and addresses of their own, inside their zones and outside the pool", () => {
    let planned = 0;
    fc.assert(
      fc.property(anyInstance, (instance) => {
        const blueprint = plan(instance);
        if (!blueprint) return;
        planned++;
        const { hosts, zones } = blueprint;
        unique(hosts.map((host) => host.id));
        unique(hosts.map((host) => host.name));
        unique(hosts.flatMap(privateAddresses));
        unique(hosts.flatMap((host) => host.volumes.map((volume) => volume.id)));
        unique(zones.flatMap((zone) => [zone.ipv4, zone.ipv6 ?? "none"]));
        const ranges = zones.flatMap((zone) => [
          { zone: zone.name, range: cidr(zone.ipv4), pool: zone.ipv4Pool.map(single) },
          {
            zone: zone.name,
            range: cidr(zone.ipv6 ?? "none"),
            pool: zone.ipv6Pool?.map(single) ?? [],
          },
        ]);
        const misplaced = hosts.filter((host) =>
          privateAddresses(host)
            .map(single)
            .some((at) => {
              const home = ranges.find((r) => r.zone === host.zone && r.range.family === at.family);
              const [from, to] = home?.pool ?? [];
              if (!home || !from || !to || !contains(home.range, at)) return true;
              // Not the network's own address, nor the router's (the first one), nor in the pool.
              return (
                at.first <= home.range.first + 1n ||
                (at.first >= from.first && at.first <= to.first)
              );
            }),
        );
        expect(misplaced).toEqual([]);
      }),
      { numRuns: 80 },
    );
    // A property that holds because nothing could be planned would say nothing.
    expect(planned).toBeGreaterThan(40);
  });

  it("gives the same bytes each time, and survives JSON", () => {
    fc.assert(
      fc.property(anyInstance, (instance) => {
        const [first, second] = [plan(instance), plan(structuredClone(instance))];
        expect(JSON.stringify(second)).toBe(JSON.stringify(first));
        if (first) expect(JSON.parse(JSON.stringify(first))).toStrictEqual(first);
      }),
      { numRuns: 40 },
    );
  });

  it("moves no host when the demand grows, and takes none away, where bridges have one size", () => {
    const oneSize = (instance: Instance) => onOneSize(inputOf(instance));
    let grew = 0;
    fc.assert(
      fc.property(anyInstance, fc.integer({ min: 1, max: 5 }), (instance, more) => {
        const meetings = instance.demand.meetings.map((meeting, i) =>
          i === 0 ? { ...meeting, simultaneous: meeting.simultaneous + more } : meeting,
        );
        const [before, after] = [
          plan(instance, oneSize),
          plan({ ...instance, demand: { ...instance.demand, meetings } }, oneSize),
        ];
        if (!before || !after) return;
        const byId = new Map(after.hosts.map((host) => [host.id, host]));
        if (after.hosts.length > before.hosts.length) grew++;
        for (const { id, role, name, zone, ipv4, ipv6, flavour } of before.hosts) {
          expect(byId.get(id)).toMatchObject({ role, name, zone, ipv4, ipv6, flavour });
        }
      }),
      { numRuns: 80 },
    );
    expect(grew).toBeGreaterThan(15);
  });

  it("has flows between peers that exist, each once, each with its why", () => {
    fc.assert(
      fc.property(anyInstance, (instance) => {
        const blueprint = plan(instance);
        if (!blueprint) return;
        const roles = new Set(blueprint.hosts.map((host) => host.role));
        unique(blueprint.flows.map((flow) => flow.id));
        for (const flow of blueprint.flows) {
          expect(flow.why).not.toBe("");
          expect(flow.ports[0]).toBeLessThanOrEqual(flow.ports[1]);
          for (const peer of [flow.from, flow.to]) {
            if (peer.kind === "role") expect(roles).toContain(peer.role);
            if (peer.kind === "ranges")
              expect(peer.ranges.map((r) => cidr(r).text)).toEqual(peer.ranges);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("what can't be granted", () => {
  const refusal = (change: Record<string, unknown>, addresses?: AddressesFile): string => {
    try {
      const input = inputOf(someInstance(change));
      buildBlueprint(addresses ? { ...input, addresses } : input);
      return "granted";
    } catch (error) {
      if (error instanceof Refused) return `${error.path.join(".")}: ${error.message}`;
      throw error;
    }
  };
  const room = (participants: number, simultaneous = 1, cameras: unknown = 2) => ({
    demand: {
      meetings: [{ kind: "zaal", simultaneous, participants, cameras, screenShare: false }],
    },
  });

  it("is a real profile at the lab: the test location decides", () => {
    expect(refusal({ residency: "nl-sovereign" })).toBe(
      "residency: lab-floating is refused for nl-sovereign: test: a real location, not a test one; got test location (test, lab/cloud/README.md); rule residency-accepted, no waiver makes a profile pass: the way out is another location or another profile (`polder residency` lists them)",
    );
    expect(refusal({ residency: "eea" })).toContain("test: a real location");
  });

  it("is a room of more than 700, with the source of that limit", () => {
    expect(refusal(room(700))).toBe("granted");
    expect(refusal(room(701))).toBe(
      "demand.meetings.0.participants: got 701 in one room, at most 700 are planned: openfun/jitsi-meet-torture-rocket dab487f, 2022-03-29: one room of 700 on eight bridges; above it meetrix.io saw strain at 750 and lag at 1,000",
    );
  });

  it("is a demand that the zone has no addresses for", () => {
    expect(refusal(room(8, 800, "all"))).toMatch(
      /^demand\.meetings: \d+ (control|bridge|turn) hosts, at most \d+ fit into 10\.80\.0\.0\/24$/,
    );
  });

  it("is addresses that were recorded for another place or instance", () => {
    const addresses = {
      instance: "proef",
      cloud: "openstack",
      location: "lab-direct",
      addresses: {},
    } as const;
    expect(refusal({}, addresses)).toBe(
      "location: the file says proef on openstack at lab-floating, addresses.yaml was recorded for proef on openstack at lab-direct: a running instance doesn't move; write what it was made for, or `polder decommission` it there and plan anew",
    );
    expect(refusal({}, { ...addresses, location: "lab-floating" })).toBe("granted");
    expect(refusal({}, { ...addresses, location: "lab-floating", instance: "ander" })).toContain(
      "recorded for ander",
    );
  });
});

describe("a location of a ministry's own", () => {
  const refusal = (facts: object, change: object, rest: object = {}): string => {
    const instance = someInstance({
      location: "voorbeeld-1",
      residency: "nl-sovereign",
      ...change,
    });
    try {
      const input = { ...inputOf(someInstance()), instance, location: location(facts, rest) };
      return buildBlueprint(input).residency.verdict;
    } catch (error) {
      if (error instanceof Refused) return `${error.path.join(".")}: ${error.message}`;
      throw error;
    }
  };
  const waiver = (waives: string) => ({
    waives,
    reason: "the letter is under way",
    owner: "Sam de Vries",
    expires: "2027-01-31",
  });
  const unsure = { foreignLaw: fact({ reach: "none", reason: "so it is said" }, "unconfirmed") };

  it("is planned at when its facts are", () => {
    expect(refusal({}, {})).toBe("accepted");
  });

  it("reads waived under a waiver for one fact that nobody confirmed", () => {
    expect(refusal(unsure, {})).toMatch(
      /^residency: voorbeeld-1 is refused for nl-sovereign: foreignLaw: .*until then a waiver can cover this one fact \(waives: residency\.foreignLaw\)$/,
    );
    expect(refusal(unsure, { waivers: [waiver("residency.foreignLaw")] })).toBe("waived");
  });

  it("isn't waived twice, nor in what its profile doesn't read", () => {
    const both = [waiver("residency.foreignLaw"), waiver("residency.site.country")];
    expect(refusal(unsure, { waivers: both })).toBe(
      'waivers.1.waives: got "residency.site.country" beside "residency.foreignLaw": of a location one fact may be waived, no more',
    );
    expect(refusal(unsure, { residency: "eea", waivers: [both[0]] })).toBe(
      'waivers.0.waives: "residency.foreignLaw" is nothing that profile eea could be waived at voorbeeld-1: take this waiver out',
    );
  });

  it("needs its platform recorded, and the kind of cloud that the file says", () => {
    expect(refusal({}, {}, { platform: undefined })).toMatch(
      /^location: voorbeeld-1 is recorded without its platform .* in location\.yaml beside this file/,
    );
    expect(refusal({}, {}, { provider: "hetzner", platform: undefined })).toBe(
      'cloud: got "openstack", but voorbeeld-1 is hetzner',
    );
  });

  it.each(["nl-sovereign", "nl-located"])(
    "Hetzner Cloud is refused for %s, by its site",
    (profile) => {
      const here = { cloud: "hetzner", location: "hetzner-fsn1" };
      const build = (residency: string) =>
        buildBlueprint(inputOf(someInstance({ ...here, residency })));
      expect(() => build(profile)).toThrow(
        new RegExp(`^hetzner-fsn1 is refused for ${profile}: site\\.country: .*; got DE`),
      );
      expect(build("eea").residency.verdict).toBe("accepted");
      expect(build("eea").cloud).toMatchObject({ provider: "hetzner", site: "fsn1" });
    },
  );

  it("may be left where it may no longer be", () => {
    const input = {
      ...inputOf(someInstance()),
      instance: someInstance({ residency: "nl-sovereign", location: "voorbeeld-1" }),
      location: location(unsure),
    };
    expect(() => buildBlueprint(input)).toThrow(Refused);
    expect(buildBlueprint({ ...input, ending: true }).residency.verdict).toBe("refused");
  });
});

describe("private networks", () => {
  const at = (cloud: Record<string, unknown>) => buildBlueprint(inputOf(someInstance(cloud)));
  const openstack = at({});
  const hetzner = at({ residency: "eea", cloud: "hetzner", location: "hetzner-fsn1" });

  it("have both families on OpenStack, IPv4 alone at Hetzner, where IPv4 is the same", () => {
    expect(openstack.hosts.every(({ ipv6 }) => ipv6?.startsWith("fd"))).toBe(true);
    expect(JSON.stringify(hetzner.hosts)).not.toMatch(/"ipv6"/);
    expect(JSON.stringify(hetzner.zones)).not.toMatch(/"ipv6/);
    expect(hetzner.hosts.map(({ ipv4 }) => ipv4)).toEqual(openstack.hosts.map(({ ipv4 }) => ipv4));
  });

  it("lead out on OpenStack; at Hetzner every host has an address, and the same ones are public", () => {
    const without = ({ hosts }: Blueprint) => hosts.filter((h) => !h.exposure.addressed);
    expect(without(openstack).map(({ role }) => role)).toEqual(["monitor"]);
    expect(without(hetzner)).toEqual([]);
    const open = ({ hosts }: Blueprint) => hosts.filter((h) => h.exposure.public).map((h) => h.id);
    expect(open(hetzner)).toEqual(open(openstack));
  });
});

describe("public addresses", () => {
  const all = (): AddressesFile => ({
    instance: "proef",
    cloud: "openstack",
    location: "lab-floating",
    addresses: Object.fromEntries(
      ["control-1", "bridge-1", "bridge-2", "turn-1", "turn-2", "edge-1"].map((id, i) => [
        id,
        { id: `ip-${i}`, ipv4: `203.0.113.${10 + i}` },
      ]),
    ),
  });

  it("are missing until they are recorded, and then in the hosts and the zone", () => {
    const before = buildBlueprint(inputOf(someInstance()));
    expect(before.addresses).toEqual({
      state: "not yet allocated",
      missing: ["control-1", "bridge-1", "bridge-2", "turn-1", "turn-2", "edge-1"],
    });
    const after = buildBlueprint({ ...inputOf(someInstance()), addresses: all() });
    expect(after.addresses).toEqual({ state: "allocated" });
    expect(after.hosts.find((h) => h.id === "turn-2")?.publicAddress).toEqual({
      id: "ip-4",
      ipv4: "203.0.113.14",
    });
    const records = after.dns.zone === null ? [] : after.dns.records;
    expect(records.filter((r) => r.type === "A").map((r) => [r.name, r.values])).toEqual([
      ["vergaderen.proefdorp.example.", ["203.0.113.10"]],
      ["turn.vergaderen.proefdorp.example.", ["203.0.113.13", "203.0.113.14"]],
    ]);
  });

  it("name no bridge and no way in for admins in public DNS", () => {
    const { dns } = buildBlueprint({ ...inputOf(someInstance()), addresses: all() });
    expect(JSON.stringify(dns)).not.toMatch(/bridge|edge|203\.0\.113\.1[125]/);
  });
});
