import {
  type Comparison,
  type Figures,
  fleetText,
  monthlyOf,
  type Schedule,
  type Sizing,
  scoreOf,
  spansOf,
} from "../../modules/planning/sizing/index.ts";
import type { Paint } from "./paint.ts";
import { type TableOptions, table, wrap } from "./table.ts";

export const plural = (count: number, one: string): string =>
  `${count} ${one}${count === 1 ? "" : "s"}`;
export const people = (count: number): string => `${count} ${count === 1 ? "person" : "people"}`;
export const mbit = (bits: number): string => `${(bits / 1e6).toFixed(bits < 1e7 ? 1 : 0)} Mbit/s`;
const money = (amount: number): string => amount.toFixed(2);

/** Each role with how many hosts, which flavour, and what decided. */
export function hostsTable(sizing: Sizing, layout: TableOptions): string[] {
  const priced = sizing.roles.some((role) => monthlyOf(role) !== undefined);
  return table(
    ["role", "hosts", "flavour", ...(priced ? ["a month"] : []), "decided by", "why…"],
    sizing.roles.map((role) => {
      const deciding = role.constraints.find((c) => c.name === role.deciding);
      const spare = role.reserve > 0 ? `, and ${role.reserve} in reserve` : "";
      return [
        role.roles.join(", "),
        `${role.count}`,
        fleetText(role),
        ...(priced ? [money(monthlyOf(role) ?? 0)] : []),
        `${role.deciding}${deciding?.assumed ? " (assumed)" : ""}`,
        `${deciding?.reason ?? ""}${spare}`,
      ];
    }),
    layout,
  );
}

/** Every load and every constraint, each with its source. */
export function sizingReasons(sizing: Sizing, width: number, paint: Paint): string[] {
  const layout = { width, title: paint.dim };
  const heading = (title: string, remark: string) => [
    "",
    `${paint.bold(title)}  ${paint.dim(remark)}`,
  ];
  return [
    ...heading("Why: load", "one line a kind of meeting, before growth"),
    ...table(
      ["kind…", "rooms", "people", "videos", "pkt/s in", "pkt/s out", "in", "out"],
      sizing.loads.map((load) => [
        load.kind,
        `${load.rooms}`,
        `${load.people}`,
        `${load.streamsPerPerson}`,
        `${Math.round(load.packetsInPerSecond)}`,
        `${Math.round(load.packetsOutPerSecond)}`,
        mbit(load.bitsInPerSecond),
        mbit(load.bitsOutPerSecond),
      ]),
      layout,
    ),
    ...heading("Why: hosts", `figures read ${sizing.figuresRead}`),
    ...wrap(sizing.reason, width - 2).map((line) => `  ${line}`),
    ...sizing.roles.flatMap((role) => [
      `  ${paint.bold(role.role)}  ${plural(role.count, "host")}${
        role.count === role.countDuringUpgrade
          ? ""
          : `, ${role.countDuringUpgrade} during an upgrade`
      }`,
      ...wrap(`${fleetText(role)}: ${role.flavourReason}`, width - 4).map((line) => `    ${line}`),
      ...table(
        ["constraint", "asks for", "because…", "source…"],
        role.constraints.map((c) => [
          `${c.name}${c.name === role.deciding ? " (decides)" : ""}`,
          c.needs > 0 && c.needs < 0.005 ? "< 0.01" : c.needs.toFixed(2),
          c.reason,
          `${c.source}${c.assumed ? " (assumed)" : ""}`,
        ]),
        { ...layout, indent: 4 },
      ),
    ]),
  ];
}

/** What must be on by the hour, of a workday and of a day of rest. */
export function scheduleTable(schedule: Schedule, layout: TableOptions): string[] {
  const priced = schedule.monthly !== undefined;
  const hours = (name: string, all: Schedule["workday"]) =>
    spansOf(all).map((hour) => [
      name,
      `${hour.hour}:00 to ${hour.until}:00`,
      `${Math.round(hour.share * 100)} %`,
      `${hour.on.bridge}`,
      `${hour.on.turn}`,
      `${hour.off}`,
      ...(priced ? [money(hour.saved ?? 0)] : []),
    ]);
  return table(
    [
      "day",
      "hours",
      "load",
      "bridges",
      "relays",
      "could be off",
      ...(priced ? ["saved an hour"] : []),
    ],
    [...hours("workday", schedule.workday), ...hours("day of rest", schedule.restday)],
    layout,
  );
}

/** Published points, what the planner plans for each, and how far that is from what was measured. */
export function comparisonTable(all: readonly Comparison[], layout: TableOptions): string[] {
  const use = ({ series, point }: Comparison) =>
    point.exception ? "exception" : series.use === "fit" ? "fitted" : series.use.replace("-", " ");
  return table(
    ["point", "measured", "planned", "times", "use", "remark…"],
    all.map((one) => [
      one.point.id,
      one.point.cores.toFixed(2),
      one.least
        ? `${one.least.planned.toFixed(2)} to ${one.planned.toFixed(2)}`
        : one.planned.toFixed(2),
      scoreOf(one).toFixed(2),
      use(one),
      one.point.exception ?? one.point.note ?? one.series.wrong,
    ]),
    layout,
  );
}

/** Every figure that the planner calculates with. */
export const figuresTable = ({ figures }: Figures, layout: TableOptions): string[] =>
  table(
    ["figure", "value", "unit", "source…"],
    Object.entries(figures).map(([name, { value, unit, source, assumed }]) => [
      name,
      `${value}`,
      unit,
      `${source}${assumed ? " (assumed)" : ""}`,
    ]),
    layout,
  );
