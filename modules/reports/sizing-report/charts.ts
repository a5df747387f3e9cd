import type { Instance } from "../../planning/instance/index.ts";
import {
  asPromised,
  type Comparison,
  type FleetGroup,
  figureOf,
  fleetText,
  mainGroup,
  monthlyCost,
  monthlyOf,
  type Offer,
  type PlanData,
  PROMISE,
  plannerOn,
  type RoleSize,
  type Size,
  type Sizing,
  scoreOf,
  sizeOfRole,
  Unplannable,
} from "../../planning/sizing/index.ts";
import { type Chart, type ChartLimit, drawChart } from "./chart.ts";

type Demand = Instance["demand"];

const bridgeOf = (sizing: Sizing): RoleSize => {
  const bridge = sizeOfRole(sizing, "bridge");
  if (!bridge) throw new RangeError("a plan without bridges");
  return bridge;
};

/** Constraints that grow with the number of people. */
const GROWING = ["network", "processor", "memory"];

/** Bridges that carry, counted as hosts of the flavour that carries most: the reserve isn't counted. */
function carryingHosts(bridge: RoleSize): { readonly carrying: number; readonly all: number } {
  const main = mainGroup(bridge);
  const equal = (part: FleetGroup) => part.carries / main.carries;
  const all = bridge.fleet.reduce((sum, part) => sum + part.count * equal(part), 0);
  const [largest] = bridge.fleet;
  return { all, carrying: all - (largest ? bridge.reserve * equal(largest) : 0) };
}

const whole = (value: number): string => Math.round(value).toLocaleString("en");

/** People up to whom the axis runs: past today and growth, and past where the bridges are full. */
function peopleShown(sizing: Sizing): number {
  const bridge = bridgeOf(sizing);
  const { carrying } = carryingHosts(bridge);
  const fullest = Math.max(
    ...bridge.constraints.filter(({ name }) => GROWING.includes(name)).map(({ needs }) => needs),
  );
  const { people } = sizing.total;
  return Math.max(people * 1.3, fullest > 0 ? (people * carrying * 1.2) / fullest : 0);
}

function peopleLimits(
  demand: Demand,
  sizing: Sizing,
  perShard: number,
  most: number,
): ChartLimit[] {
  const today = demand.meetings.reduce((sum, m) => sum + m.simultaneous * m.participants, 0);
  const { people } = sizing.total;
  const shards = Array.from(
    { length: Math.floor(most / perShard) },
    (_, i): ChartLimit => ({
      at: { x: (i + 1) * perShard },
      label: `${i + 1} ${i === 0 ? "shard" : "shards"} full`,
    }),
  );
  return [
    { at: { x: today }, label: `${whole(today)} today` },
    ...(people > today ? [{ at: { x: people }, label: `${whole(people)} with growth` }] : []),
    ...(shards.length <= 4 ? shards : []),
  ];
}

/** Load of the planned bridges against participants, each constraint with the limit that it meets. */
export function loadChart(demand: Demand, sizing: Sizing, { figures }: PlanData): string {
  const bridge = bridgeOf(sizing);
  const { carrying, all } = carryingHosts(bridge);
  const { people } = sizing.total;
  const most = peopleShown(sizing);
  const use = (needs: number, at: number) => (100 * needs * at) / people / carrying;
  const growing = bridge.constraints.filter(({ name }) => GROWING.includes(name));
  const reserve = (100 * all) / carrying;
  const chart: Chart = {
    title: "Load of the bridges against participants",
    description: `${bridge.count} bridges, ${bridge.reserve} of them in reserve; at ${people} people ${growing
      .map(({ name, needs }) => `${name} ${use(needs, people).toFixed(0)} %`)
      .join(", ")}.`,
    x: { label: "people in meetings of the same mix", max: most, tick: whole },
    y: {
      label: `use of the bridges (${fleetText(bridge)}; ${bridge.reserve} in reserve), %`,
      max: Math.min(Math.max(130, reserve * 1.08), 220),
    },
    lines: growing.map(({ name, needs }, tone) => ({
      label: name === bridge.deciding ? `${name} (decides)` : name,
      tone,
      points: [
        [0, 0],
        [most, use(needs, most)],
      ],
    })),
    limits: [
      { at: { y: 100 }, label: "full, the reserve free" },
      { at: { y: reserve }, label: "full, nothing in reserve" },
      ...peopleLimits(demand, sizing, figureOf(figures, "controlPeople"), most),
    ],
  };
  return drawChart(chart);
}

/** What to draw a chart of cost with. */
export interface Priced {
  readonly demand: Demand;
  readonly offers: readonly Offer[];
  readonly data: PlanData;
  readonly size: Size;
  /** Whose prices these are. */
  readonly catalogue: string;
  readonly currency: string;
}

/** Steps of the chart of cost. */
const STEPS = 96;

/** Cost of the cheapest plan against participants. */
export function costChart(sizing: Sizing, priced: Priced): string {
  const { demand, offers, data, size, catalogue, currency } = priced;
  const most = peopleShown(sizing);
  const { people } = sizing.total;
  const total: [number, number][] = [];
  const bridges: [number, number][] = [];
  const planOf = plannerOn(offers, data, size);
  for (let i = 1; i <= STEPS; i++) {
    const at = (most * i) / STEPS;
    let plan: Sizing;
    try {
      plan = planOf(demand, { share: at / people });
    } catch (error) {
      if (error instanceof Unplannable) break;
      throw error;
    }
    const bridge = bridgeOf(plan);
    total.push([at, monthlyCost(plan) ?? 0]);
    bridges.push([at, monthlyOf(bridge) ?? 0]);
  }
  const highest = Math.max(...total.map(([, cost]) => cost));
  return drawChart({
    title: "Cost against participants",
    description: `Cheapest hosts of ${catalogue}, ${currency} a month without VAT, up to ${whole(highest)}.`,
    x: { label: "people in meetings of the same mix", max: most, tick: whole },
    y: {
      label: `${currency} a month, without VAT, ${catalogue}`,
      max: highest * 1.12,
      tick: whole,
    },
    lines: [
      { label: "all hosts", tone: 0, as: "steps", points: total },
      { label: "bridges alone", tone: 1, as: "steps", points: bridges },
    ],
    limits: peopleLimits(demand, sizing, figureOf(data.figures, "controlPeople"), most),
  });
}

/** Planned against measured cores of every scored point, with the band that the planner promises. */
export function calibrationChart(comparisons: readonly Comparison[]): string {
  const scored = comparisons.filter(({ series }) => series.use !== "shown");
  const [most, max] = [6.6, 9];
  const groups: readonly [string, (one: Comparison) => boolean][] = [
    ["fitted", ({ series, point }) => series.use === "fit" && !point.saturated],
    ["held out", ({ series, point }) => series.use === "held-out" && !point.saturated],
    ["at its limit: needed at least this", ({ point }) => point.saturated],
  ];
  return drawChart({
    title: "Cores planned, from people and cameras, against cores measured",
    description: `${scored.length} published points; ${scored.filter(asPromised).length} are planned as promised: at ${PROMISE.least.toFixed(1)} to ${PROMISE.most} times what was measured, at least that where the bridge stood at its limit.`,
    x: { label: "cores measured", max: most },
    y: { label: "cores planned", max },
    lines: [
      {
        label: "as measured",
        tone: 5,
        points: [
          [0, 0],
          [most, most],
        ],
      },
      {
        label: `${PROMISE.most} times as measured`,
        tone: 5,
        points: [
          [0, 0],
          [max / PROMISE.most, max],
        ],
      },
      ...groups.map(([label, of], tone) => ({
        label,
        tone,
        as: "dots" as const,
        points: scored
          .filter(of)
          .map((one): [number, number] => [one.point.cores, scoreOf(one) * one.point.cores]),
      })),
    ],
  });
}
