import {
  fleetText,
  monthlyOf,
  type RoleSize,
  type Schedule,
  type Servers,
  type Sizing,
  spansOf,
} from "../../planning/sizing/index.ts";
import { escapeXml } from "../drawing/index.ts";
import type { SpecSheet } from "./spec-items.ts";

/** All that the page shows. */
export interface SizePage {
  readonly instance: string;
  readonly organisation: string;
  readonly sizing: Sizing;
  readonly schedule: Schedule;
  /** Whose flavours were planned with. */
  readonly catalogue: string;
  /** Price of all hosts a month, and whose prices, dated; or why there is none. */
  readonly cost: string;
  readonly charts: readonly string[];
  /** Planned against measured, of every published point. */
  readonly calibration: string;
  readonly sheets: readonly SpecSheet[];
  readonly servers: Servers;
}

const STYLE = `
:root { --ink: #1b2733; --soft: #5b6b7b; --line: #c8d4df; --ground: #fff; --head: #f1f6fa; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9fb0c0; --line: #41566a; --ground: #0f161d; --head: #17212b; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 62rem; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; }
caption { padding-top: .5rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; break-after: avoid; }
p { margin: .4rem 0; }
.soft { color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
caption { text-align: left; color: var(--soft); padding-bottom: .3rem; }
.scroll { margin: .7rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .7rem .35rem .5rem; border-bottom: 1px solid var(--line); }
thead th { background: var(--head); border-bottom-width: 2px; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
tbody th { font-weight: 600; }
tr { break-inside: avoid; }
figure { margin: 1rem 0; break-inside: avoid; border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
figure svg { display: block; width: 100%; height: auto; }
ul { margin: .4rem 0; padding-left: 1.2rem; }
.sheet { break-before: page; }
@page { size: A4; margin: 15mm 13mm; }
@media print {
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  table { font-size: 8.5pt; }
}
`;

const esc = escapeXml;

type Cell = string | { readonly n: string };

function htmlTable(
  heads: readonly Cell[],
  rows: readonly (readonly Cell[])[],
  caption?: string,
): string {
  const one = (tag: "th" | "td", value: Cell, scope = "") =>
    typeof value === "string"
      ? `<${tag}${scope}>${esc(value)}</${tag}>`
      : `<${tag} class="n"${scope}>${esc(value.n)}</${tag}>`;
  return `<div class="scroll"><table>${caption === undefined ? "" : `<caption>${esc(caption)}</caption>`}
<thead><tr>${heads.map((head) => one("th", head, ' scope="col"')).join("")}</tr></thead>
<tbody>
${rows.map((row) => `<tr>${row.map((value, i) => (i === 0 ? one("th", value, ' scope="row"') : one("td", value))).join("")}</tr>`).join("\n")}
</tbody></table></div>`;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const money = (amount: number): string => amount.toFixed(2);
const priceText = (size: RoleSize): string => {
  const monthly = monthlyOf(size);
  return monthly === undefined ? "unknown" : money(monthly);
};

/** Table, charts and specifications on one page that prints, without anything from elsewhere. */
export function sizePage(page: SizePage): string {
  const { sizing, schedule, sheets, servers } = page;
  const { total } = sizing;
  const priced = sizing.roles.some((size) => monthlyOf(size) !== undefined);
  const deciding = (size: Sizing["roles"][number]) =>
    size.constraints.find((constraint) => constraint.name === size.deciding);
  const mbit = (bits: number) => `${(bits / 1e6).toFixed(bits < 1e7 ? 1 : 0)} Mbit/s`;
  const sections = [
    `<h1>Sizing of ${esc(page.instance)}</h1>
<p>${esc(page.organisation)}</p>
<p class="soft">${esc(
      `${total.people} people at the busiest hour, growth included: ${total.packetsPerSecond} packets/s, ${mbit(total.bitsInPerSecond)} in, ${mbit(total.bitsOutPerSecond)} out, ${total.joinsPerSecond} joins/s. Flavours of ${page.catalogue}. Figures read ${sizing.figuresRead}.`,
    )}</p>`,
    `<h2>Hosts</h2>${htmlTable(
      [
        "role",
        { n: "hosts" },
        { n: "in reserve" },
        { n: "in an upgrade" },
        "flavour",
        ...(priced ? [{ n: "a month" }] : []),
        "decided by",
        "because",
      ],
      sizing.roles.map((size) => [
        size.roles.join(", "),
        { n: `${size.count}` },
        { n: `${size.reserve}` },
        { n: `${size.countDuringUpgrade}` },
        fleetText(size),
        ...(priced
          ? [
              {
                n: priceText(size),
              },
            ]
          : []),
        `${size.deciding}${deciding(size)?.assumed ? " (assumed)" : ""}`,
        deciding(size)?.reason ?? "",
      ]),
    )}
<p>${esc(page.cost)}</p>
<p class="soft">${esc(`${sizing.verdict}: ${sizing.reason}.`)}</p>`,
    ...(sizing.warnings.length > 0
      ? [
          `<h2>Know this before you buy</h2><ul>${sizing.warnings.map((words) => `<li>${esc(words)}</li>`).join("")}</ul>`,
        ]
      : []),
    `<h2>Shards</h2>${htmlTable(
      [{ n: "shard" }, { n: "people today" }, { n: "bridges" }, "flavours", "rooms"],
      sizing.shardSizes.map((shard) => [
        { n: `${shard.shard}` },
        { n: `${shard.people}` },
        { n: `${shard.bridges}` },
        shard.fleet.map(({ flavour, count }) => `${count} ${flavour}`).join(", "),
        shard.rooms.map(({ kind, rooms }) => `${rooms} ${kind}`).join(", ") || "none",
      ]),
    )}`,
    `<h2>Load and cost</h2>${page.charts.map((chart) => `<figure>${chart}</figure>`).join("\n")}`,
    `<h2>By the hour</h2>${htmlTable(
      [
        { n: "hours" },
        { n: "load" },
        { n: "bridges on" },
        { n: "relays on" },
        { n: "could be off" },
        ...(priced ? [{ n: "saved an hour" }] : []),
      ],
      spansOf(schedule.workday).map((hour) => [
        { n: `${hour.hour}:00 to ${hour.until}:00` },
        { n: percent(hour.share) },
        { n: `${hour.on.bridge}` },
        { n: `${hour.on.turn}` },
        { n: `${hour.off}` },
        ...(priced ? [{ n: hour.saved === undefined ? "" : money(hour.saved) }] : []),
      ]),
      `A workday: ${schedule.day.source}${schedule.day.assumed ? " (assumed)" : ""}. polder switches nothing off by itself.`,
    )}`,
    `<h2>Why</h2>${sizing.roles
      .map((size) =>
        htmlTable(
          ["constraint", { n: "asks for" }, "because", "source"],
          size.constraints.map((c) => [
            `${c.name}${c.name === size.deciding ? " (decides)" : ""}`,
            { n: c.needs.toFixed(2) },
            c.reason,
            `${c.source}${c.assumed ? " (assumed)" : ""}`,
          ]),
          `${size.role}: ${fleetText(size)}, ${size.flavourReason}`,
        ),
      )
      .join("\n")}`,
    `<h2>How far the model was from what others measured</h2><figure>${page.calibration}</figure>`,
    ...sheets.map(
      (one) =>
        `<section class="sheet"><h2>${esc(`${one.title}: ${one.units} of your own`)}</h2>${htmlTable(
          ["what", "value", "why", "source"],
          one.items.map((item) => [
            item.what,
            item.value,
            item.why,
            `${item.source}${item.assumed ? " (assumed)" : ""}`,
          ]),
        )}</section>`,
    ),
    `<h2>Machines on which bridges were measured or are run</h2>${htmlTable(
      ["machine", "use", "cores", "memory", "result", "source"],
      servers.servers.map((one) => [
        one.name,
        one.use,
        one.cores,
        one.memory,
        one.result,
        one.source,
      ]),
      `Read ${servers.read}.`,
    )}`,
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${esc(`Sizing of ${page.instance}`)}</title>
<style>${STYLE}</style>
</head>
<body>
${sections.join("\n")}
</body>
</html>
`;
}
