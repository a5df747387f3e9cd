import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadCalibration, loadCatalogues, loadDay } from "../../workspace/index.ts";
import { anyInstance, DATA, someInstance } from "../blueprint/testing.ts";
import type { Instance } from "../instance/index.ts";
import { cheapestSharded, type ShardsAsked, together } from "./fleet.ts";
import {
  type Catalogue,
  coreModel,
  type Figures,
  loadOf,
  monthlyCost,
  monthlyOf,
  type Offer,
  offersOf,
  plannerOn,
  planSizing,
  type Sizing,
  scheduleOf,
  Unplannable,
} from "./index.ts";
import { shardsFor } from "./shards.ts";
import { anyDemand, faultsOf, fleetFaults, relayFaults, roomsOf } from "./testing.ts";

const flavours = DATA.locations.get("lab-floating")?.platform?.flavours ?? [];
const { figures } = DATA;
const catalogues = loadCatalogues();
const hetzner = offersOf(catalogues.get("hetzner-cloud") as Catalogue);
const telekom = offersOf(catalogues.get("open-telekom-cloud") as Catalogue);

/** As the lab had it: one flavour alone for bridges. */
const oneFlavour = flavours.filter(({ vcpus }) => vcpus <= 4);

const demandOf = (...meetings: Record<string, unknown>[]): Instance["demand"] =>
  someInstance({
    demand: {
      growth: 0,
      meetings: meetings.map((m) => ({
        kind: "overleg",
        simultaneous: 1,
        participants: 4,
        cameras: "all",
        ...m,
      })),
    },
  }).demand;

const dataOf = (using: Figures) => ({
  figures: using,
  cores: using === figures ? DATA.cores : coreModel(loadCalibration(), using),
});
const plan = (
  demand: Instance["demand"],
  using: Figures = figures,
  offers: readonly Offer[] = flavours,
): Sizing => planSizing(demand, offers, dataOf(using));

/** The plan, or nothing where the demand is more than can be planned. */
function planned(demand: Instance["demand"], offers: readonly Offer[] = flavours) {
  try {
    return plan(demand, figures, offers);
  } catch (error) {
    if (error instanceof Unplannable) return undefined;
    throw error;
  }
}

const role = (sizing: Sizing, name: string) => {
  const found = sizing.roles.find((r) => r.role === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
};
/** The worked example of the formulas: one room, 100 people, all cameras, L = 20, 2 talking. */
const HUNDRED = demandOf({ participants: 100, lastN: 20, microphones: 2, screenShare: false });

describe("100 people, all cameras, at most 20 videos each, 2 talking", () => {
  const load = loadOf(
    HUNDRED.meetings[0] as Instance["demand"]["meetings"][number],
    { VP8: 1 },
    figures,
  );
  const relayedPackets = 100 * 650 + 2 * 50;

  it("sends 2300 packets/s to each: 300 for the stage, 19 small videos of 100, 2 voices of 50", () => {
    expect(load.bridgesPerRoom).toBe(2);
    expect(load.packetsOutPerSecond - relayedPackets).toBe(230_000);
  });

  it("takes in 65,000 packets/s of video and 100 of voices", () => {
    expect(load.packetsInPerSecond - relayedPackets).toBe(65_100);
  });

  it("sends 5.8 Mbit/s to each with VP8; 3.2 with AV1, 321 Mbit/s in all, headers included", () => {
    expect(load.bitsDownPerPerson).toBe((1_500_000 + 19 * 200_000) * 1.08 + 2 * 40_000);
    const av1 = loadOf(
      HUNDRED.meetings[0] as Instance["demand"]["meetings"][number],
      { AV1: 1 },
      figures,
    );
    expect(av1.bitsDownPerPerson * 100).toBe(321_200_000);
  });
});

describe("the number of hosts", () => {
  it("is the largest constraint, rounded up, and the reserve, where all are of one flavour", () => {
    fc.assert(
      fc.property(anyDemand, (demand) => {
        for (const size of planned(demand, oneFlavour)?.roles ?? []) {
          const largest = Math.max(...size.constraints.map((c) => c.needs));
          expect(size.fleet).toHaveLength(1);
          expect(size.count).toBe(Math.max(1, Math.ceil(largest - 1e-9)) + size.reserve);
          const deciding = size.constraints.find((c) => c.name === size.deciding)?.needs ?? 0;
          expect(Math.ceil(deciding - 1e-9)).toBe(Math.ceil(largest - 1e-9));
          expect(size.constraints.every((c) => c.reason !== "" && c.source !== "")).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });

  const grow = fc.constantFrom<(d: Instance["demand"]) => Instance["demand"]>(
    (d) => ({ ...d, growth: d.growth + 0.3 }),
    (d) => ({
      ...d,
      meetings: d.meetings.map((m) => ({ ...m, simultaneous: m.simultaneous + 1 })),
    }),
    (d) => ({
      ...d,
      meetings: d.meetings.map((m) => ({ ...m, participants: m.participants + 5 })),
    }),
    (d) => ({
      ...d,
      meetings: d.meetings.map((m, i) => (i ? m : { ...m, participants: m.participants + 1 })),
    }),
    (d) => ({ ...d, meetings: d.meetings.map((m) => ({ ...m, cameras: "all" as const })) }),
    (d) => ({
      ...d,
      meetings: d.meetings.map((m) => ({
        ...m,
        cameras: m.cameras === "none" ? 1 : m.cameras,
      })),
    }),
    (d) => ({ ...d, meetings: d.meetings.map((m) => ({ ...m, screenShare: true })) }),
    (d) => ({ ...d, meetings: d.meetings.map((m) => ({ ...m, resolution: 1080 as const })) }),
    (d) => ({ ...d, meetings: d.meetings.map((m) => ({ ...m, lastN: m.lastN + 5 })) }),
    (d) => ({
      ...d,
      meetings: d.meetings.map((m) => ({ ...m, microphones: m.microphones + 1 })),
    }),
    (d) => ({
      ...d,
      meetings: [...d.meetings, ...d.meetings.slice(0, 1).map((m) => ({ ...m, kind: "nog een" }))],
    }),
    (d) => ({ ...d, behindFirewalls: Math.min(1, d.behindFirewalls + 0.2) }),
  );

  it("never falls when more is asked, of no role", () => {
    let held = 0;
    fc.assert(
      fc.property(anyDemand, grow, (demand, more) => {
        const [less, greater] = [planned(demand, oneFlavour), planned(more(demand), oneFlavour)];
        if (!less || !greater) return;
        held++;
        for (const before of less.roles)
          expect(role(greater, before.role).count).toBeGreaterThanOrEqual(before.count);
      }),
      { numRuns: 1000 },
    );
    expect(held).toBeGreaterThan(300);
  });

  it("costs no less when more is asked, whichever flavour is then the cheapest", () => {
    let held = 0;
    fc.assert(
      fc.property(anyDemand, grow, (demand, more) => {
        const [less, greater] = [planned(demand, hetzner), planned(more(demand), hetzner)];
        if (!less || !greater) return;
        held++;
        expect(monthlyCost(greater)).toBeGreaterThanOrEqual((monthlyCost(less) ?? 0) - 1e-6);
        for (const before of less.roles) {
          const after = role(greater, before.role);
          expect(monthlyOf(after)).toBeGreaterThanOrEqual((monthlyOf(before) ?? 0) - 1e-6);
        }
      }),
      { numRuns: 1000 },
    );
    expect(held).toBeGreaterThan(300);
  });

  it("carries the demand, room by room and shard by shard, with one bridge and one relay down", () => {
    let [held, sharded, mixed] = [0, 0, 0];
    fc.assert(
      fc.property(anyDemand, fc.constantFrom(flavours, hetzner, telekom), (demand, offers) => {
        const sizing = planned(demand, offers);
        if (!sizing) return;
        held++;
        if (sizing.shards > 1) sharded++;
        if (sizing.shards > 1 && role(sizing, "bridge").fleet.length > 1) mixed++;
        expect(faultsOf(demand, sizing, offers, dataOf(figures))).toEqual([]);
      }),
      { numRuns: 600 },
    );
    expect(held).toBeGreaterThan(200);
    expect(sharded).toBeGreaterThan(100);
    expect(mixed).toBeGreaterThan(20);
  });

  it("is found too small by that check when one bridge is taken away", () => {
    const demand = demandOf({ participants: 30, simultaneous: 8 });
    const sizing = plan(demand);
    const fewer: Sizing = {
      ...sizing,
      shardSizes: sizing.shardSizes.map((s) => ({ ...s, bridges: s.bridges - 1 })),
      roles: sizing.roles.map((r) =>
        r.role === "bridge"
          ? {
              ...r,
              count: r.count - 1,
              fleet: r.fleet.map((part, i) =>
                i === 0 ? { ...part, count: part.count - 1 } : part,
              ),
            }
          : r,
      ),
    };
    expect(faultsOf(demand, fewer, flavours, dataOf(figures))).not.toEqual([]);
  });

  it("doesn't depend on the order of the file, and the same input gives the same bytes", () => {
    fc.assert(
      fc.property(anyDemand, fc.integer(), (demand, seed) => {
        const turned = [...demand.meetings];
        for (let i = turned.length - 1; i > 0; i--) {
          const j = Math.abs(seed * (i + 7)) % (i + 1);
          [turned[i], turned[j]] = [turned[j] as never, turned[i] as never];
        }
        const bytes = (d: Instance["demand"]) => JSON.stringify(planned(d, hetzner));
        expect(bytes({ ...demand, meetings: turned })).toBe(bytes(demand));
        expect(bytes(structuredClone(demand))).toBe(bytes(demand));
      }),
      { numRuns: 200 },
    );
  });

  it("is the same from a planner that planned other demands before", () => {
    const planner = plannerOn(hetzner, dataOf(figures));
    const after = (demand: Instance["demand"]) => {
      try {
        return planner(demand);
      } catch (error) {
        if (error instanceof Unplannable) return undefined;
        throw error;
      }
    };
    fc.assert(
      fc.property(anyDemand, (demand) => {
        expect(after(demand)).toEqual(planned(demand, hetzner));
      }),
      { numRuns: 100 },
    );
  });

  it("is finite, whole and positive whatever is asked", () => {
    fc.assert(
      fc.property(anyInstance, ({ demand }) => {
        const sizing = planned(demand);
        if (!sizing) return;
        const numbers = [...Object.values(sizing.total), ...sizing.roles.map((r) => r.count)];
        expect(numbers.every((n) => Number.isFinite(n) && n >= 0)).toBe(true);
        expect(sizing.roles.every((r) => Number.isInteger(r.count) && r.count >= 1)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe("k times the same meetings", () => {
  it("are k times the load", () => {
    fc.assert(
      fc.property(anyDemand, fc.integer({ min: 2, max: 50 }), (demand, k) => {
        for (const meeting of demand.meetings) {
          const [one, many] = [1, k].map((times) =>
            loadOf(
              { ...meeting, simultaneous: meeting.simultaneous * times },
              demand.codecs,
              figures,
            ),
          );
          for (const key of [
            "rooms",
            "people",
            "streams",
            "packetsInPerSecond",
            "packetsOutPerSecond",
            "bitsInPerSecond",
            "bitsOutPerSecond",
          ] as const)
            expect(many?.[key]).toBeCloseTo(k * (one?.[key] ?? Number.NaN), 3);
          expect(many?.streamsPerPerson).toBe(one?.streamsPerPerson);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe("the cheapest fleet", () => {
  const offer = fc.record({
    vcpus: fc.constantFrom(1, 2, 4, 8, 16),
    ramMiB: fc.constantFrom(2048, 8192, 16_384),
    dedicated: fc.boolean(),
    monthly: fc.integer({ min: 5, max: 300 }),
  });
  const smallCatalogue = fc
    .array(offer, { minLength: 1, maxLength: 4 })
    .map((offers) => [
      ...offers.map((o, i) => ({ name: `x${i}`, diskGiB: 40, ...o })),
      { name: "all", vcpus: 8, ramMiB: 16_384, diskGiB: 40, dedicated: true, monthly: 150 },
    ]);

  /** Every way to have so many hosts of so many flavours, each up to a number. */
  function* mixtures(most: readonly number[]): Generator<number[]> {
    const [first, ...rest] = most;
    if (first === undefined) yield [];
    else for (let n = 0; n <= first; n++) for (const others of mixtures(rest)) yield [n, ...others];
  }

  /** Three sizes at prices that aren't far from each other, so that a mixture may be the cheapest. */
  const threeSizes = fc
    .tuple(...[4, 8, 16].map((vcpus) => fc.integer({ min: vcpus * 8, max: vcpus * 14 })))
    .map((prices) =>
      prices.map((monthly, i) => ({
        name: `x${i}`,
        vcpus: [4, 8, 16][i] ?? 4,
        ramMiB: ([4, 8, 16][i] ?? 4) * 4096,
        diskGiB: 40,
        dedicated: true,
        monthly,
      })),
    );

  it("is what an exhaustive search finds: every mixture of every flavour", () => {
    let [held, mixed] = [0, 0];
    fc.assert(
      fc.property(anyDemand, fc.oneof(smallCatalogue, threeSizes), ({ growth, ...rest }, all) => {
        const small = { name: "small", vcpus: 4, ramMiB: 8192, diskGiB: 40, dedicated: true };
        const offers = [...all.slice(-3), { ...small, monthly: 60 }];
        const demand = {
          ...rest,
          growth: Math.min(growth, 0.5),
          meetings: rest.meetings.slice(0, 1).map((m) => ({
            ...m,
            simultaneous: Math.min(m.simultaneous, 6),
          })),
        };
        const sizing = planned(demand, offers);
        if (!sizing || sizing.shards > 1 || role(sizing, "bridge").count > 12) return;
        held++;
        const using = dataOf(figures);
        expect(faultsOf(demand, sizing, offers, using)).toEqual([]);
        const bridge = role(sizing, "bridge");
        if (bridge.fleet.length > 1) mixed++;
        const price = monthlyOf(bridge) ?? 0;
        const enough = offers.filter((o) => o.vcpus >= 4 && o.ramMiB >= 8192 && o.dedicated);
        const rooms = roomsOf(demand, using);
        const cheaper = [...mixtures(enough.map((o) => Math.min(13, Math.ceil(price / o.monthly))))]
          .filter(
            (counts) =>
              counts.reduce((sum, n, i) => sum + n * (enough[i]?.monthly ?? 0), 0) < price - 1e-6,
          )
          .filter((counts) => {
            const hosts = counts.flatMap((n, i) =>
              Array.from({ length: n }, () => enough[i] as Offer),
            );
            return fleetFaults(rooms, hosts, demand.growth, using).length === 0;
          });
        expect(cheaper).toEqual([]);
      }),
      // About a third of what is drawn fits one shard.
      { numRuns: 120 },
    );
    expect(held).toBeGreaterThan(15);
    expect(mixed).toBeGreaterThan(0);
  });

  it("of several shards is never dearer than any flavour alone, and often cheaper", () => {
    const isMedia = (o: Offer) => o.dedicated && o.vcpus >= 4;
    let [held, cheaper] = [0, 0];
    fc.assert(
      fc.property(anyDemand, (demand) => {
        const sizing = planned(demand, hetzner);
        if (!sizing || sizing.shards === 1) return;
        held++;
        const price = monthlyOf(role(sizing, "bridge")) ?? 0;
        const alone = hetzner.filter(isMedia).map((one) => {
          const plan = planned(
            demand,
            hetzner.filter((o) => o === one || !isMedia(o)),
          );
          return plan === undefined
            ? Number.POSITIVE_INFINITY
            : (monthlyOf(role(plan, "bridge")) ?? 0);
        });
        expect(price).toBeLessThanOrEqual(Math.min(...alone) + 1e-6);
        if (price < Math.min(...alone) - 1e-6) cheaper++;
      }),
      { numRuns: 200 },
    );
    expect(held).toBeGreaterThan(60);
    expect(cheaper).toBeGreaterThan(10);
  });

  it("of several shards is what an exhaustive search finds, whichever way rooms fall", () => {
    const part = fc.record({
      carries: fc.constantFrom(0.5, 1, 1.5, 2, 3.7),
      price: fc.integer({ min: 3, max: 20 }),
    });
    const parts = fc
      .array(part, { minLength: 1, maxLength: 3 })
      .map((all) =>
        [...all, { carries: 1, price: 12 }].map((one, i) => ({ name: `${i}`, ...one })),
      );
    const asked = fc.record({
      shards: fc.integer({ min: 2, max: 3 }),
      apart: fc.integer({ min: 0, max: 2 }),
      // In hundredths: what is within a rounding error of a whole fleet may be counted either way.
      rest: fc.integer({ min: 0, max: 400 }).map((hundredths) => hundredths / 100),
    });
    /** Whether these hosts are enough without the largest: by the rule's words, not by its code. */
    const enough = (hosts: readonly number[], { shards, apart, rest }: ShardsAsked) => {
      const left = [...hosts].sort((a, b) => b - a).slice(2 * shards - 1);
      for (let i = 0; i < apart; i++) {
        const at = left.findLastIndex((carries) => carries >= 1);
        if (at < 0) return false;
        left.splice(at, 1);
      }
      return hosts.length >= 2 * shards - 1 && left.reduce((a, b) => a + b, 0) >= rest - 1e-9;
    };
    fc.assert(
      fc.property(parts, asked, (all, ask) => {
        const found = cheapestSharded(together(all), ask, Number.POSITIVE_INFINITY);
        const hostsOf = (counts: readonly number[]) =>
          counts.flatMap((n, i) => new Array<number>(n).fill(all[i]?.carries ?? 0));
        const counts = all.map((_, i) => found?.counts.get(i) ?? 0);
        expect(enough(hostsOf(counts), ask)).toBe(true);
        const price = found?.price ?? 0;
        expect(counts.reduce((sum, n, i) => sum + n * (all[i]?.price ?? 0), 0)).toBeCloseTo(
          price,
          6,
        );
        for (const other of mixtures(
          all.map((one) => Math.min(8, Math.floor(price / one.price))),
        )) {
          const cost = other.reduce((sum, n, i) => sum + n * (all[i]?.price ?? 0), 0);
          if (cost < price - 1e-6) expect(enough(hostsOf(other), ask)).toBe(false);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("of relays is what an exhaustive search finds, too", () => {
    fc.assert(
      fc.property(anyDemand, smallCatalogue, (demand, offers) => {
        const sizing = planned(demand, offers);
        if (!sizing) return;
        const size = role(sizing, "turn");
        const price = monthlyOf(size) ?? 0;
        for (const offer of offers)
          for (let count = 1; count * offer.monthly < price && count < 60; count++)
            expect(relayFaults(demand, count, offer, dataOf(figures))).not.toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe("the schedule of any plan", () => {
  it("keeps two bridges a shard at any hour, all at the busiest, and no fewer when more is there", () => {
    const day = loadDay();
    fc.assert(
      fc.property(anyDemand, (demand) => {
        const sizing = planned(demand, hetzner);
        if (!sizing) return;
        const hours = [...scheduleOf(sizing, day).workday].sort((a, b) => a.share - b.share);
        expect(hours.at(-1)?.share).toBe(1);
        expect(hours.at(-1)?.off).toBe(0);
        hours.forEach(({ on }, i) => {
          expect(on.bridge).toBeGreaterThanOrEqual(2 * sizing.shards);
          expect(on.bridge).toBeGreaterThanOrEqual(hours[i - 1]?.on.bridge ?? 0);
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe("one bridge and one relay in reserve", () => {
  it("are there for the smallest meeting", () => {
    const sizing = plan(demandOf({ participants: 2 }));
    expect(sizing.roles.map((r) => [r.role, r.count, r.reserve])).toEqual([
      ["control", 1, 0],
      ["bridge", 2, 1],
      ["turn", 2, 1],
      ["monitor", 1, 0],
      ["edge", 1, 0],
    ]);
    expect(role(sizing, "bridge").countDuringUpgrade).toBe(3);
  });
});

describe("shards", () => {
  const audio = { cameras: "none", screenShare: false, participants: 650 };

  it("are one for each 1,300 people, each with a bridge in reserve", () => {
    expect(plan(demandOf({ ...audio, simultaneous: 2 })).shards).toBe(1);
    const three = plan(demandOf({ ...audio, simultaneous: 5 }));
    expect(three.shards).toBe(3);
    expect(role(three, "control").count).toBe(3);
    expect(role(three, "bridge").reserve).toBe(3);
  });

  it("hold each room whole: three rooms of 700 don't fit into two", () => {
    const sizing = plan(demandOf({ ...audio, participants: 700, simultaneous: 3 }));
    expect(sizing.shards).toBe(3);
    expect(role(sizing, "control").deciding).toBe("rooms");
    expect(sizing.shardSizes.map((s) => s.people)).toEqual([700, 700, 700]);
  });

  it("are never fewer for a larger room, and at most a room's space above the optimum", () => {
    const size = fc.record({
      rooms: fc.integer({ min: 1, max: 40 }),
      people: fc.integer({ min: 2, max: 500 }),
    });
    const rooms = fc
      .array(size, { minLength: 1, maxLength: 6 })
      .map((all) => all.map((one, i) => ({ kind: `${i}`, bridges: 0, apart: 0, ...one })));
    fc.assert(
      fc.property(rooms, fc.nat(5), fc.integer({ min: 1, max: 50 }), (all, which, more) => {
        const i = which % all.length;
        const grown = all.map((one, at) =>
          at === i ? { ...one, people: Math.min(500, one.people + more) } : one,
        );
        const { shards } = shardsFor(all, 500);
        expect(shardsFor(grown, 500).shards).toBeGreaterThanOrEqual(shards);
        const total = all.reduce((sum, one) => sum + one.rooms * one.people, 0);
        const largest = Math.max(...all.map((one) => one.people));
        expect(shards).toBeGreaterThanOrEqual(Math.ceil(total / 500));
        if (largest <= 250) expect(shards).toBeLessThanOrEqual(Math.ceil(total / (501 - largest)));
      }),
      { numRuns: 500 },
    );
  });

  it("are refused beyond the address plan, with the number and the limit", () => {
    expect(() => plan(demandOf({ ...audio, simultaneous: 50 }))).toThrow(
      /^32500 people ask for 25 shards of 1300, at most 20 are planned: .*address plan/,
    );
  });
});

describe("more than is known to work", () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      "a room larger than any",
      { participants: 701, cameras: 0 },
      /got 701 .* at most 700 .*meetrix/,
    ],
  ])("%s is refused", (_, meeting, message) => {
    expect(() => plan(demandOf(meeting))).toThrow(message);
  });

  it.each<[Record<string, number>, RegExp]>([
    [{ simultaneous: 0 }, /got 0, a whole number from 1/],
    [{ participants: Number.NaN }, /got NaN, a whole number from 2/],
    [{ lastN: -3 }, /got -3/],
    [{ microphones: Number.POSITIVE_INFINITY }, /got Infinity/],
    [{ cameras: 9 }, /got 9 cameras for 4/],
  ])("%j is refused by the planner itself", (change, message) => {
    const demand = demandOf({});
    const meetings = demand.meetings.map((m) => ({ ...m, ...change }));
    expect(() => plan({ ...demand, meetings })).toThrow(message);
  });

  it("more hosts than there are addresses for is warned of", () => {
    const { warnings } = plan(
      demandOf({ participants: 30, simultaneous: 400 }),
      figures,
      oneFlavour,
    );
    expect(warnings.join()).toMatch(/\d+ bridge hosts, at most 150 can be built .*address plan/);
  });

  it("a room over several bridges, a slow entrance and a large last-N are warned of, with the limit", () => {
    const { warnings } = plan(
      demandOf({ participants: 400, cameras: 4, lastN: 60, screenShare: false }),
    );
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toMatch(/400 people in one room, at most 80 on one bridge \(jicofo/);
    expect(warnings[1]).toMatch(/3 joins\/s .* waits 133 s/);
    expect(warnings[2]).toMatch(/last-N 60 .* 25 at most/);
  });
});

describe("the verdict", () => {
  it("is assumed while a deciding figure is nobody's measurement, and says which", () => {
    const sizing = plan(demandOf({}));
    expect(sizing.verdict).toBe("assumed");
    expect(sizing.reason).toBe(
      "rests on figures that nobody has published: bridge by processor, monitor by existence, edge by existence",
    );
  });
});

describe("flavours", () => {
  it("that are cheaper but shared are named with the reason", () => {
    const sizing = plan(demandOf({}), figures, hetzner);
    expect(role(sizing, "bridge").flavourReason).toMatch(
      /^cheapest with at least 4 vCPU \(dedicated\).*CX33, .* would be cheaper, but share their processors/,
    );
    expect(role(sizing, "control").flavourReason).not.toContain("would be cheaper");
  });

  it("for media are dedicated ones, and a location without any is refused", () => {
    const shared = oneFlavour.map((flavour) => ({ ...flavour, dedicated: false }));
    expect(() => planSizing(demandOf({}), shared, dataOf(figures))).toThrow(
      "no flavour there has 4 vCPU (dedicated), 8192 MiB, 10 GiB, which a bridge host needs: lab.large share their processor with other customers",
    );
  });
});
