import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadCatalogues } from "../../workspace/index.ts";
import { DATA, someInstance } from "../blueprint/testing.ts";
import type { Instance } from "../instance/index.ts";
import {
  type Catalogue,
  monthlyCost,
  type Offer,
  offersOf,
  planSizing,
  SINGLE_GIVES_UP,
  type Sizing,
  scheduleOf,
  Unplannable,
} from "./index.ts";
import { anyDemand } from "./testing.ts";

const hetzner = offersOf(loadCatalogues().get("hetzner-cloud") as Catalogue);

const plan = (
  demand: Instance["demand"],
  size: "cluster" | "single" = "single",
  offers: readonly Offer[] = hetzner,
): Sizing => planSizing(demand, offers, DATA, { size });

function fits(demand: Instance["demand"]): boolean {
  try {
    plan(demand);
    return true;
  } catch (error) {
    if (error instanceof Unplannable) return false;
    throw error;
  }
}

const of = (participants: number, simultaneous = 1): Instance["demand"] =>
  someInstance({
    demand: { meetings: [{ kind: "overleg", simultaneous, participants, cameras: "all" }] },
  }).demand;

const refusal = (demand: Instance["demand"], offers?: readonly Offer[]): string => {
  try {
    plan(demand, "single", offers);
    return "planned";
  } catch (error) {
    if (error instanceof Unplannable) return `${error.path.join(".")}: ${error.message}`;
    throw error;
  }
};

describe("a plan of size single", () => {
  it("is two hosts, none in reserve, which carry every role once", () => {
    const { roles, shards, shardSizes } = plan(of(8));
    expect(roles.map((size) => [size.role, size.roles, size.count, size.reserve])).toEqual([
      ["control", ["control", "bridge", "turn"], 1, 0],
      ["monitor", ["monitor", "edge"], 1, 0],
    ]);
    expect(roles.map(({ countDuringUpgrade }) => countDuringUpgrade)).toEqual([1, 1]);
    expect([shards, shardSizes.map(({ bridges }) => bridges)]).toEqual([1, [1]]);
  });

  it("takes what Jitsi's handbook names for one server at least, on a processor of its own", () => {
    const [meetings, logs] = plan(of(2)).roles;
    expect(meetings?.need).toEqual({ vcpus: 4, ramMiB: 8192, diskGiB: 10 });
    expect(meetings?.fleet[0]?.flavour).toMatch(/^CCX/);
    expect(logs?.need).toEqual({ vcpus: 1, ramMiB: 1536, diskGiB: 10 });
    expect(
      refusal(
        of(2),
        hetzner.filter(({ dedicated }) => !dedicated),
      ),
    ).toMatch(
      /^location: no flavour there has 4 vCPU \(dedicated\), 8192 MiB, 10 GiB, which a control host needs: .*share their processor/,
    );
  });

  it("says what it gives up, which a cluster doesn't", () => {
    const told = (size: "cluster" | "single") =>
      plan(of(8), size).warnings.filter((text) => text.startsWith("size single: "));
    expect(told("single")).toEqual(SINGLE_GIVES_UP.map((text) => `size single: ${text}`));
    expect(told("cluster")).toEqual([]);
  });

  it("carries less on a flavour than a bridge that has it for itself", () => {
    const carries = (size: "cluster" | "single", role: string) => {
      const found = plan(
        of(8),
        size,
        hetzner.filter(({ name }) => /^CX23$|^CCX33$/.test(name)),
      );
      return found.roles.find((one) => one.role === role)?.fleet[0]?.carries ?? 0;
    };
    const [beside, alone] = [carries("single", "control"), carries("cluster", "bridge")];
    expect(beside).toBeLessThan(0.75 * alone);
    expect(beside).toBeGreaterThan(0.5 * alone);
  });

  it("refuses what no flavour carries on one host, with the constraint that decided and the way out", () => {
    expect(refusal(of(80, 8))).toMatch(
      /^size: got "single", but these meetings ask for \d+\.\d\d hosts of CCX\d+, the one that carries most of them, by (network|processor|memory): leave size out, which plans a cluster, or ask for less$/,
    );
    expect(refusal(of(150))).toMatch(/^size: got "single"/);
  });

  it("is never dearer than a cluster, carries all of what is asked, and no hour switches it off", () => {
    // A ninth of all demands fits on one host: others are drawn again.
    fc.assert(
      fc.property(anyDemand.filter(fits), (demand) => {
        const single = plan(demand);
        const cluster = plan(demand, "cluster");
        expect(monthlyCost(single)).toBeLessThanOrEqual(monthlyCost(cluster) ?? 0);
        for (const { constraints } of single.roles)
          for (const { needs } of constraints) expect(needs).toBeLessThanOrEqual(1 + 1e-9);
        const flat = Array<number>(24).fill(0.1);
        const day = { workday: flat, restday: flat, workdays: 20, largestRoomFrom: 0.5 };
        const { base } = scheduleOf(single, {
          ...day,
          source: "x",
          measured: "2026-01-01",
          assumed: true,
        });
        expect(base).toEqual({ control: 1, bridge: 1, turn: 1, monitor: 1, edge: 1 });
      }),
      { numRuns: 25 },
    );
  });
});
