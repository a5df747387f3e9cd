import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyInstance, DATA, someInstance } from "../blueprint/testing.ts";
import type { Instance } from "../instance/index.ts";
import { type Figures, loadOf, planSizing, type Sizing, Unplannable } from "./index.ts";

const flavours = DATA.locations.get("lab-floating")?.platform?.flavours ?? [];
const { figures } = DATA;

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

const plan = (demand: Instance["demand"], using: Figures = figures): Sizing =>
  planSizing(demand, flavours, using);

const role = (sizing: Sizing, name: string) => {
  const found = sizing.roles.find((r) => r.role === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
};
const constraint = (sizing: Sizing, of: string, name: string) => {
  const found = role(sizing, of).constraints.find((c) => c.name === name);
  if (!found) throw new Error(`no ${name} for ${of}`);
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

  it("sends 5.38 Mbit/s to each with VP8, 538 Mbit/s in all; 2.98 and 298 with AV1", () => {
    expect(load.bitsDownPerPerson).toBe(1_500_000 + 19 * 200_000 + 2 * 40_000);
    const av1 = loadOf(
      HUNDRED.meetings[0] as Instance["demand"]["meetings"][number],
      { AV1: 1 },
      figures,
    );
    expect(av1.bitsDownPerPerson * 100).toBe(298_000_000);
  });

  it("asks for 8 bridges by packets, 2 by people, before what bridges relay to each other", () => {
    const sizing = plan(HUNDRED);
    const packets = constraint(sizing, "bridge", "packets").needs;
    const relay = (2 * relayedPackets) / (50_000 * 0.8);
    expect(Math.ceil(packets - relay)).toBe(8);
    expect(Math.ceil(constraint(sizing, "bridge", "people").needs)).toBe(2);
  });

  it("asks for 5 when a bridge is measured at 85,000 packets/s", () => {
    const bridgePackets = { ...figures.figures.bridgePackets, value: 85_000 };
    const measured = { ...figures, figures: { ...figures.figures, bridgePackets } };
    const packets = constraint(plan(HUNDRED, measured), "bridge", "packets").needs;
    expect(Math.ceil(packets - (2 * relayedPackets) / (85_000 * 0.8))).toBe(5);
  });
});

describe("the number of hosts", () => {
  it("is the largest constraint, rounded up, and the reserve", () => {
    fc.assert(
      fc.property(anyInstance, ({ demand }) => {
        for (const size of planned(demand)?.roles ?? []) {
          const largest = Math.max(...size.constraints.map((c) => c.needs));
          expect(size.count).toBe(Math.max(1, Math.ceil(largest)) + size.reserve);
          expect(size.constraints.find((c) => c.name === size.deciding)?.needs).toBe(largest);
          expect(size.constraints.every((c) => c.reason !== "" && c.source !== "")).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("never falls when more is asked", () => {
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
      (d) => ({ ...d, meetings: d.meetings.map((m) => ({ ...m, cameras: "all" as const })) }),
      (d) => ({ ...d, meetings: d.meetings.map((m) => ({ ...m, screenShare: true })) }),
      (d) => ({ ...d, meetings: d.meetings.map((m) => ({ ...m, lastN: m.lastN + 5 })) }),
      (d) => ({
        ...d,
        meetings: d.meetings.map((m) => ({ ...m, microphones: m.microphones + 1 })),
      }),
      (d) => ({ ...d, meetings: [...d.meetings, ...d.meetings.slice(0, 1)] }),
      (d) => ({ ...d, behindFirewalls: Math.min(1, d.behindFirewalls + 0.2) }),
    );
    fc.assert(
      fc.property(anyInstance, grow, ({ demand }, more) => {
        const [less, greater] = [planned(demand), planned(more(demand))];
        if (!less || !greater) return;
        for (const before of less.roles) {
          expect(role(greater, before.role).count).toBeGreaterThanOrEqual(before.count);
        }
      }),
      { numRuns: 200 },
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

  function planned(demand: Instance["demand"]): Sizing | undefined {
    try {
      return plan(demand);
    } catch (error) {
      if (error instanceof Unplannable) return undefined;
      throw error;
    }
  }
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
  it("are one for each 500 people, each with a bridge at least", () => {
    const audio = { cameras: "none", screenShare: false, participants: 250 };
    expect(plan(demandOf({ ...audio, simultaneous: 2 })).shards).toBe(1);
    const three = plan(demandOf({ ...audio, simultaneous: 5 }));
    expect(three.shards).toBe(3);
    expect(role(three, "control").count).toBe(3);
    expect(constraint(three, "bridge", "shard").needs).toBe(3);
  });
});

describe("the verdict", () => {
  it("is assumed while a deciding figure is nobody's measurement, and says which", () => {
    const sizing = plan(demandOf({}));
    expect(sizing.verdict).toBe("assumed");
    expect(sizing.reason).toBe(
      "rests on figures that nobody has published: control by people, monitor by existence, edge by existence",
    );
  });
});

describe("flavours", () => {
  it("for media are dedicated ones, and a location without any is refused", () => {
    const shared = flavours.map((flavour) => ({ ...flavour, dedicated: false }));
    expect(() => planSizing(demandOf({}), shared, figures)).toThrow(
      "no flavour there has 4 vCPU (dedicated), 8192 MiB, 10 GiB, which a bridge host needs",
    );
  });
});
