// The tables of docs/sizing.md, made from the data that the planner uses.
import type { Comparison } from "../modules/planning/sizing/index.ts";

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const markdown = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(heads), row(heads.map(() => "---")), ...rows.map(row)].join("\n");
const times = (cores: number | undefined, measured: number): string =>
  cores === undefined ? "" : (cores / measured).toFixed(2);

/** Every point: what was measured, what is planned, and what each single predictor says of it. */
export const pointsTable = (all: readonly Comparison[]): string =>
  markdown(
    ["Point", "Cores measured", "Planned", "Planned / measured", "Use", "Remark"],
    all.map((one) => [
      `\`${one.point.id}\``,
      one.point.cores.toFixed(2),
      one.planned.toFixed(2),
      one.ratio.toFixed(2),
      one.point.exception ? "**exception**" : one.series.use,
      one.point.exception ?? one.point.note ?? one.series.why ?? "",
    ]),
  );

/** How each predictor alone carries over: lowest and highest of predicted / measured, no margin. */
export function fitsTable(all: readonly Comparison[]): string {
  const scored = all.filter(({ series, point }) => series.use !== "shown" && !point.exception);
  const names = [...new Set(scored.map(({ series }) => series.id))];
  const range = (numbers: readonly number[]) =>
    `${Math.min(...numbers).toFixed(2)} to ${Math.max(...numbers).toFixed(2)}`;
  const of = (id: string, pick: (one: Comparison) => number | undefined) =>
    range(
      scored
        .filter(({ series }) => series.id === id)
        .map((one) => Number(times(pick(one), one.point.cores))),
    );
  return markdown(
    [
      "Series",
      "Streams",
      "Packets",
      "Bytes",
      "Larger of packets and bytes",
      "Planned, with the margin",
    ],
    names.map((id) => [
      `\`${id}\` (${scored.find(({ series }) => series.id === id)?.series.use})`,
      of(id, ({ by }) => by.streams),
      of(id, ({ by }) => by.packets),
      of(id, ({ by }) => by.kilobytes),
      of(id, ({ by }) => Math.max(by.packets ?? 0, by.kilobytes ?? 0)),
      of(id, ({ planned }) => planned),
    ]),
  );
}

/** Sources of the series. */
export const seriesTable = (all: readonly Comparison[]): string =>
  markdown(
    ["Series", "What", "Source"],
    [...new Set(all.map(({ series }) => series))].map((series) => [
      `\`${series.id}\``,
      series.title,
      series.source,
    ]),
  );
