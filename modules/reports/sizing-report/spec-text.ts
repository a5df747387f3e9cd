import { dump } from "js-yaml";
import type { Procurement, Totals } from "./procurement.ts";
import type { SpecItem, SpecSheet } from "./spec-items.ts";

/** The document as YAML, for a tender's own tools. */
export const specYaml = (document: Procurement): string =>
  dump(JSON.parse(JSON.stringify(document)), { lineWidth: 110 });

const KINDS: Readonly<Record<SpecItem["kind"], string>> = {
  must: "required",
  option: "**option**",
  state: "vendor states",
};

const cell = (words: string): string => words.replaceAll("|", "\\|").replaceAll("\n", " ");
const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  row(heads),
  row(heads.map(() => "---")),
  ...rows.map(row),
];
const list = (words: readonly string[]): string[] => words.map((one) => `- ${one}`);
const plural = (count: number, one: string): string =>
  `${count} ${count === 1 ? one : one.endsWith("ch") ? `${one}es` : `${one}s`}`;

const itemsText = (items: readonly SpecItem[]): string[] => [
  ...table(
    ["What", "Value", "Kind", "Why", "Source"],
    items.map((item) => [
      item.what,
      item.value,
      KINDS[item.kind],
      item.why,
      `${item.source}${item.assumed ? " (assumed)" : ""}`,
    ]),
  ),
  "",
];

const sheetText = ({ title, units, unit, items }: SpecSheet): string[] => [
  `### ${title}: ${plural(units, unit)}`,
  "",
  ...itemsText(items),
];

/** Items that every one of some sheets has, word for word: a reader needs them once. */
function sharedBy(sheets: readonly SpecSheet[]): SpecItem[] {
  const same = (a: SpecItem, b: SpecItem) =>
    a.what === b.what && a.value === b.value && a.kind === b.kind && a.why === b.why;
  const [first, ...others] = sheets;
  return (first?.items ?? []).filter((item) =>
    others.every(({ items }) => items.some((other) => same(item, other))),
  );
}

/** The sheets of servers: first what all of them need, then what each needs beside it. */
function serversText(sheets: readonly SpecSheet[]): string[] {
  const shared = sharedBy(sheets);
  const whats = new Set(shared.map(({ what }) => what));
  return [
    "### Every server of C",
    "",
    ...itemsText(shared),
    ...sheets.flatMap((sheet) =>
      sheetText({ ...sheet, items: sheet.items.filter(({ what }) => !whats.has(what)) }),
    ),
  ];
}

/** Both ways with machines of one's own, side by side. */
function totalsText(b: Totals, c: Totals): string[] {
  const both = (what: string, of: (totals: Totals) => string, remark: string) => [
    what,
    of(b),
    of(c),
    remark,
  ];
  return table(
    ["What", "B (hypervisor)", "C (bare metal)", "Remark"],
    [
      both(
        "Servers in the racks",
        (t) => `${t.machines}`,
        "what may fail is among them: in B one server, in C one media node of each shard and one relay",
      ),
      both(
        "Spare servers on the shelf",
        (t) => `${t.spares}`,
        "beside those. B needs none: the others start its machines",
      ),
      both("Servers to order in all", (t) => `${t.machines + t.spares}`, "the two lines above"),
      both("Rack units", (t) => `${t.rackUnits}`, "switches and routers included, spares not"),
      both(
        "Power at full load",
        (t) => `${t.watts} W`,
        "the highest published of servers with so many cores; without switches, routers, cooling. For feeds",
      ),
      both(
        "Energy",
        (t) => `${t.kWhAYear} kWh a year`,
        "by the median of the published servers, over the days of this instance; without switches, routers, cooling",
      ),
      both(
        "Switch ports, data",
        (t) => `${t.networkPorts}`,
        "half on each of two sides, LACP across both",
      ),
      both(
        "Switch ports, management",
        (t) => `${t.managementPorts}`,
        "servers, switches, routers, power sockets",
      ),
    ],
  );
}

/** The document as Markdown. */
export function specMarkdown(document: Procurement): string {
  const { internet, totals, network } = document;
  return [
    `# Hardware of ${document.instance}`,
    "",
    `${document.organisation}. Figures read ${document.figuresRead}. polder plans, it doesn't buy: "assumed" marks what this project chose and nobody published. The words are explained at the end.`,
    "",
    "## What it carries",
    "",
    ...list(document.demand),
    "",
    "## Three ways to have it",
    "",
    "One of the three is enough. A needs neither servers nor lines of one's own. This part, the sources and the cost are for the buyer: publish the specification of the one way that was chosen, in lots (servers; switches and routers; lines), or with the reason for one contract.",
    "",
    ...document.alternatives.flatMap((one) => [
      `### ${one.title}`,
      "",
      ...list(one.order),
      "",
      `Suits: ${one.fits}.`,
      "",
    ]),
    "## In all, for B and for C",
    "",
    ...totalsText(totals.hypervisor, totals.bareMetal),
    "",
    "## Traffic",
    "",
    "Of each host at the busiest hour, growth included and with the reserve down:",
    "",
    ...table(
      ["Host", "How many", "In, Mbit/s", "Out, Mbit/s"],
      document.traffic.map((one) => [one.title, `${one.hosts}`, `${one.inMbit}`, `${one.outMbit}`]),
    ),
    "",
    "Control, monitor and way in carry signalling and logs: small beside media, and not measured.",
    "",
    "The lines to the internet, step by step:",
    "",
    ...internet.steps.map((step, i) => `${i + 1}. ${step}`),
    "",
    `In a month about ${internet.terabytesAMonth} TB go out, by the hours of this instance's days. Public addresses: ${internet.publicAddresses} IPv4 and as many IPv6, without address translation in front of media.`,
    "",
    "## What may fail",
    "",
    ...list(document.risks),
    "",
    "## Cost of A",
    "",
    document.cost,
    "",
    "## How to answer",
    "",
    ...list(document.answer),
    "",
    "## B: servers, switches, routers and lines",
    "",
    ...[document.server, ...network.hypervisor].flatMap(sheetText),
    "## C: servers of each role, switches, routers and lines",
    "",
    ...serversText(document.sheets),
    ...network.bareMetal.flatMap(sheetText),
    "## Words",
    "",
    ...table(["Word", "Meaning"], document.glossary),
    "",
  ].join("\n");
}
