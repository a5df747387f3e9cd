import { element, escapeXml, text } from "../drawing/index.ts";

/** A point of a line, in the axes' own units. */
export type Point = readonly [x: number, y: number];

export interface Axis {
  readonly label: string;
  readonly max: number;
  /** How a tick reads. */
  readonly tick?: (value: number) => string;
}

export interface ChartLine {
  readonly label: string;
  readonly points: readonly Point[];
  /** Colour, 0 to 5; a label stands at each line's end, so that no meaning is in colour alone. */
  readonly tone: number;
  /** Dots without a line between them, or a line of steps. */
  readonly as?: "line" | "steps" | "dots";
}

export interface ChartLimit {
  readonly at: { readonly x: number } | { readonly y: number };
  readonly label: string;
}

export interface Chart {
  readonly title: string;
  /** For who doesn't see it: what it shows. */
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly ChartLine[];
  readonly limits?: readonly ChartLimit[];
}

const [WIDTH, HEIGHT] = [860, 452];
const PLOT = { left: 70, top: 108, right: 640, bottom: 396 } as const;
const LINE = 16;
/** Width of a letter, on average; a little more than any usual font takes. */
const LETTER = 6.6;

/** Colours differ in lightness as well as in hue (after Okabe and Ito, "Color Universal Design"). */
export const CHART_STYLE = `
.chart { --ground: #fff; --ink: #1b2733; --soft: #5b6b7b; --grid: #dde5ec; --limit: #a5182b;
  --t0: #0b62a4; --t1: #b34700; --t2: #00755a; --t3: #93397a; --t4: #5a4fcf; --t5: #7a5c00; }
@media screen and (prefers-color-scheme: dark) {
  .chart { --ground: #0f161d; --ink: #e6edf3; --soft: #9fb0c0; --grid: #2a3845; --limit: #ff8a8f;
    --t0: #6bb8f0; --t1: #ff9d5c; --t2: #4fd3ac; --t3: #e89bd0; --t4: #aea6ff; --t5: #e0c15a; }
}
.chart text { font: 12px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--ink); }
.chart .h1 { font-size: 16px; font-weight: 650; }
.chart .soft { fill: var(--soft); }
.chart .end { text-anchor: end; }
.chart .middle { text-anchor: middle; }
.chart .ground { fill: var(--ground); }
.chart .grid { stroke: var(--grid); stroke-width: 1; }
.chart .axis { stroke: var(--soft); stroke-width: 1; fill: none; }
.chart .limit { stroke: var(--limit); stroke-width: 1.5; stroke-dasharray: 6 4; fill: none; }
.chart text.mark { fill: var(--limit); }
.chart .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.chart .leader { fill: none; stroke-width: 1; opacity: 0.6; }
${[0, 1, 2, 3, 4, 5].map((i) => `.chart .t${i} { stroke: var(--t${i}); } .chart circle.t${i} { fill: var(--t${i}); stroke: none; } .chart text.t${i} { fill: var(--t${i}); stroke: none; }`).join("\n")}
`;

/** The step of 1, 2 or 5 times a power of ten that gives about `count` ticks. */
function tickStep(max: number, count: number): number {
  const rough = max / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((f) => f * power >= rough) ?? 10;
  return factor * power;
}

const ticks = (axis: Axis, count: number): number[] => {
  const step = tickStep(axis.max, count);
  return Array.from({ length: Math.floor(axis.max / step + 1e-9) + 1 }, (_, i) => i * step);
};

/** Moves labels apart so that none covers another, and none leaves the drawing; keeps their order. */
export function spread(
  wanted: readonly number[],
  gap: number,
  top: number,
  bottom: number,
): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const placed = wanted.map((y) => Math.min(Math.max(y, top), bottom));
  let last = Number.NEGATIVE_INFINITY;
  for (const i of order) {
    placed[i] = Math.max(placed[i] ?? 0, last + gap);
    last = placed[i] ?? 0;
  }
  let next = bottom + gap;
  for (const i of [...order].reverse()) {
    placed[i] = Math.min(placed[i] ?? 0, next - gap);
    next = placed[i] ?? 0;
  }
  return placed;
}

const coordinate = (value: number): string => `${Math.round(value * 10) / 10}`;

/** A chart as one SVG without anything from elsewhere. Pure: the same chart gives the same bytes. */
export function drawChart(chart: Chart): string {
  const { x, y, lines, limits = [] } = chart;
  const px = (value: number) => PLOT.left + (value / x.max) * (PLOT.right - PLOT.left);
  const py = (value: number) => PLOT.bottom - (value / y.max) * (PLOT.bottom - PLOT.top);
  const inside = (value: number, max: number) => value >= 0 && value <= max * (1 + 1e-9);
  const tickText = (axis: Axis, value: number) =>
    axis.tick?.(value) ?? `${Number(value.toPrecision(6))}`;

  const parts: string[] = [
    element("rect", { class: "ground", x: 0, y: 0, width: WIDTH, height: HEIGHT }),
    text(20, 28, "h1", chart.title),
  ];
  for (const value of ticks(y, 6)) {
    const at = py(value);
    parts.push(
      element("line", { class: "grid", x1: PLOT.left, x2: PLOT.right, y1: at, y2: at }),
      text(PLOT.left - 8, at + 4, "soft end", tickText(y, value)),
    );
  }
  for (const value of ticks(x, 8)) {
    const at = px(value);
    parts.push(
      element("line", { class: "axis", x1: at, x2: at, y1: PLOT.bottom, y2: PLOT.bottom + 5 }),
      text(at, PLOT.bottom + 20, "soft middle", tickText(x, value)),
    );
  }
  parts.push(
    element("path", {
      class: "axis",
      d: `M${PLOT.left} ${PLOT.top}V${PLOT.bottom}H${PLOT.right}`,
    }),
    text((PLOT.left + PLOT.right) / 2, PLOT.bottom + 42, "middle", x.label),
    text(20, 48, "soft", y.label),
  );

  // Labels beside the plot: of lines where they end, and of limits at a height.
  const labels: { readonly y: number; readonly style: string; readonly words: string }[] = [];
  /** Labels above the plot, row by row: from where to where each row is taken. */
  const rows: (readonly [from: number, to: number])[][] = [[], [], []];
  for (const { at, label } of limits) {
    if ("y" in at) {
      if (!inside(at.y, y.max)) continue;
      const level = py(at.y);
      parts.push(
        element("line", { class: "limit", x1: PLOT.left, x2: PLOT.right, y1: level, y2: level }),
      );
      labels.push({ y: level, style: "mark", words: label });
    } else {
      if (!inside(at.x, x.max)) continue;
      const side = px(at.x);
      const half = (label.length * LETTER) / 2;
      const free = rows.find((row) =>
        row.every(([from, to]) => side + half + 6 < from || side - half - 6 > to),
      );
      const row = free ?? (rows[0] as (readonly [number, number])[]);
      row.push([side - half, side + half]);
      const above = PLOT.top - 8 - rows.indexOf(row) * LINE;
      parts.push(
        element("line", { class: "limit", x1: side, x2: side, y1: above + 3, y2: PLOT.bottom }),
        text(side, above, "mark middle", label),
      );
    }
  }
  for (const line of lines) {
    const shown = line.points.filter(([a]) => inside(a, x.max));
    const clipped = shown.map(([a, b]): Point => [a, Math.min(b, y.max)]);
    if (line.as === "dots") {
      for (const [a, b] of clipped)
        parts.push(element("circle", { class: `t${line.tone}`, cx: px(a), cy: py(b), r: 4 }));
    } else {
      const path = clipped.map(([a, b], i) => {
        const [left, up] = [coordinate(px(a)), coordinate(py(b))];
        if (i === 0) return `M${left} ${up}`;
        return line.as === "steps" ? `H${left}V${up}` : `L${left} ${up}`;
      });
      parts.push(element("path", { class: `line t${line.tone}`, d: path.join("") }));
    }
    const end = clipped.at(-1);
    if (end) labels.push({ y: py(end[1]), style: `t${line.tone}`, words: line.label });
  }
  const places = spread(
    labels.map((label) => label.y),
    LINE,
    PLOT.top,
    PLOT.bottom,
  );
  labels.forEach((label, i) => {
    const at = places[i] ?? label.y;
    parts.push(
      element("path", {
        class: `leader ${label.style === "mark" ? "limit" : label.style}`,
        d: `M${PLOT.right + 1} ${coordinate(label.y)}L${PLOT.right + 12} ${coordinate(at)}`,
      }),
      text(PLOT.right + 16, at + 4, label.style, label.words),
    );
  });
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      class: "chart",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "img",
      "aria-label": `${chart.title}. ${chart.description}`,
    },
    `<style>${CHART_STYLE}</style>`,
    element("title", {}, escapeXml(chart.title)),
    `\n${parts.join("\n")}\n`,
  );
}
