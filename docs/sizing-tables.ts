// The tables of docs/sizing.md, made from the data that the planner uses.
import { join } from "node:path";
import {
  asPromised,
  type Calibration,
  type Comparison,
  coreModel,
  type Figures,
  scoreOf,
} from "../modules/planning/sizing/index.ts";

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const markdown = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(heads), row(heads.map(() => "---")), ...rows.map(row)].join("\n");
const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
const range = (numbers: readonly number[]): string =>
  numbers.length === 0
    ? ""
    : `${Math.min(...numbers).toFixed(2)} to ${Math.max(...numbers).toFixed(2)}`;

/** Points with a ratio of both bounds: not at their limit, and not the one that nobody can keep. */
const counted = (all: readonly Comparison[]): Comparison[] =>
  all.filter(({ series, point }) => series.use !== "shown" && !point.saturated && !point.exception);

/** Every point: from people and cameras to traffic and cores, beside what was read. */
const pointsTable = (all: readonly Comparison[]): string =>
  markdown(
    [
      "Point",
      "Rooms x people, cameras",
      "kB/s out, predicted / read",
      "Cores measured",
      "Planned",
      "Planned / measured",
      "Use",
      "Remark",
    ],
    all.map((one) => {
      const { point, series } = one;
      return [
        `\`${point.id}\``,
        `${point.rooms} x ${point.people}, ${point.senders ?? "all"}${point.lastN ? `, last-N ${point.lastN}` : ""}`,
        `${Math.round(one.kilobytes)} / ${point.sentKilobytes ?? "?"}`,
        point.cores.toFixed(2),
        one.least
          ? `${one.least.planned.toFixed(2)} to ${one.planned.toFixed(2)}`
          : one.planned.toFixed(2),
        `${scoreOf(one).toFixed(2)}${point.saturated ? " (at its limit)" : ""}`,
        point.exception ? "**exception**" : series.use,
        point.exception ?? point.note ?? (series.use === "shown" ? series.wrong : ""),
      ];
    }),
  );

/** How the whole chain carries over, series by series, and all together. */
function fitsTable(all: readonly Comparison[]): string {
  const scored = counted(all);
  const line = (name: string, of: readonly Comparison[]) => [
    name,
    `${of.length}`,
    range(of.map(scoreOf)),
    of.length === 0 ? "" : median(of.map(scoreOf)).toFixed(2),
  ];
  const uses = ["fit", "held-out"] as const;
  const ids = [...new Set(scored.map(({ series }) => series.id))];
  return markdown(
    ["Series", "Points", "Planned / measured", "Median"],
    [
      ...ids.map((id) => {
        const of = scored.filter(({ series }) => series.id === id);
        return line(`\`${id}\` (${of[0]?.series.use})`, of);
      }),
      ...uses.map((use) =>
        line(
          `**all ${use === "fit" ? "fitted" : "held out"}**`,
          scored.filter(({ series }) => series.use === use),
        ),
      ),
      line("**all**", scored),
    ],
  );
}

/** Sources of the series, and what is wrong with each. */
const seriesTable = (all: readonly Comparison[]): string =>
  markdown(
    ["Series", "What", "Measured", "What is wrong with it", "Source"],
    [...new Set(all.map(({ series }) => series))].map((series) => [
      `\`${series.id}\``,
      series.title,
      series.measured ?? "unknown",
      series.wrong,
      series.source,
    ]),
  );

/** What the traffic of each clip was. */
const clipsTable = ({ clips }: Calibration): string =>
  markdown(
    ["Clip", "Largest video", "Further ones", "Voices to each", "Where from"],
    clips.map((clip) => {
      const kbit = (bits: number, least?: number) =>
        `${least ? `${least / 1000} to ` : ""}${bits / 1000} kbit/s`;
      return [
        clip.title,
        kbit(clip.stageBits, clip.least?.stageBits),
        kbit(clip.smallBits, clip.least?.smallBits),
        clip.voices === 100 ? "all" : `${clip.voices}`,
        clip.source,
      ];
    }),
  );

const limitsTable = ({ limits }: Calibration): string =>
  markdown(
    ["What", "Value", "What is wrong with it", "Source"],
    limits.map(({ what, value, wrong, source }) => [what, value, wrong, source]),
  );

/** The curve in words. */
function curve(calibration: Calibration, figures: Figures): string {
  const { scale, exponent, videoKilobytes, older, margin } = coreModel(calibration, figures);
  return `cores = ${scale.toFixed(3)} x (MB/s + ${(videoKilobytes / 1000).toFixed(4)} x videos) ^ ${exponent.toFixed(3)}, times ${margin} for the plan; a bridge of 2020 took ${older.toFixed(2)} times that`;
}

/** The promise in words, as far as it is kept. */
function promise(all: readonly Comparison[]): string {
  const scored = all.filter(({ series }) => series.use !== "shown");
  const limit = scored.filter(({ point }) => point.saturated);
  const of = counted(all);
  return `**${scored.filter(asPromised).length} of ${scored.length} points are planned as promised**: ${of.length} at ${range(of.map(scoreOf))} times what was measured, in the median ${median(of.map(scoreOf)).toFixed(2)}; ${limit.length} that stood at their limit at no less than that. ${of.filter(({ series }) => series.use === "held-out").length} of the ${of.length} were held out.`;
}

/** Everything that the page holds between its marks. */
export const tablesOf = (
  all: readonly Comparison[],
  calibration: Calibration,
  figures: Figures,
): Readonly<Record<string, string>> => ({
  promise: promise(all),
  curve: curve(calibration, figures),
  fits: fitsTable(all),
  points: pointsTable(all),
  clips: clipsTable(calibration),
  series: seriesTable(all),
  limits: limitsTable(calibration),
});

const between = (name: string): RegExp =>
  new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(\n<!-- /${name} -->)`);

/** The page with its tables made anew. @throws Error where it has no place for one. */
export function withTables(page: string, tables: Readonly<Record<string, string>>): string {
  let made = page;
  for (const [name, table] of Object.entries(tables)) {
    if (!between(name).test(made)) throw new Error(`docs/sizing.md has no place for ${name}`);
    made = made.replace(between(name), (_, start: string, end: string) => start + table + end);
  }
  return made;
}

export const PAGE = join(import.meta.dirname, "sizing.md");
export const PLOT = join(import.meta.dirname, "sizing-calibration.svg");
