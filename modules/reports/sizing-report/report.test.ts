import fc from "fast-check";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { DATA, someInstance } from "../../planning/blueprint/testing.ts";
import {
  type Catalogue,
  compare,
  offersOf,
  planSizing,
  type Sizing,
  scheduleOf,
  Unplannable,
} from "../../planning/sizing/index.ts";
import { anyDemand } from "../../planning/sizing/testing.ts";
import { loadCalibration, loadCatalogues, loadDay, loadServers } from "../../workspace/index.ts";
import { drawChart, spread } from "./chart.ts";
import {
  calibrationChart,
  costChart,
  loadChart,
  procurementOf,
  type SizePage,
  sizePage,
  specMarkdown,
  specSheets,
  specYaml,
} from "./index.ts";

const offers = offersOf(loadCatalogues().get("hetzner-cloud") as Catalogue);
const data = { figures: DATA.figures, cores: DATA.cores };
const { demand } = someInstance({
  demand: {
    meetings: [
      { kind: "zaal", simultaneous: 1, participants: 300, cameras: 4 },
      { kind: "<overleg> & co", simultaneous: 20, participants: 8, cameras: "all" },
    ],
  },
});
const sizing = planSizing(demand, offers, data);
const priced = { demand, offers, data, catalogue: "Proef", currency: "EUR" };
const sheets = specSheets(sizing, data.figures);
const document = procurementOf(sizing, data.figures, {
  instance: "proef",
  organisation: "Gemeente Proef",
  plannedOn: "Proef",
  cost: "Cost: none.",
  demand: ["548 people"],
  averageShare: 0.3,
});

/** Faults of markup: numbers that are none, elements that don't close in the order they opened. */
function faults(markup: string): string[] {
  const found = /NaN|Infinity|undefined|\[object/.test(markup) ? ["no number"] : [];
  const open: string[] = [];
  for (const [, close, name = "", self] of markup.matchAll(
    /<(\/?)([a-zA-Z][a-zA-Z0-9]*)(?:\s[^<>]*?)?(\/?)>/g,
  )) {
    if (self || ["meta"].includes(name)) continue;
    if (!close) open.push(name);
    else if (open.pop() !== name) found.push(`</${name}>`);
  }
  return [...found, ...open];
}

describe("charts", () => {
  it("are whole, and the same bytes each time, for any demand", () => {
    let drawn = 0;
    fc.assert(
      fc.property(anyDemand, (any) => {
        let plan: Sizing;
        try {
          plan = planSizing(any, offers, data);
        } catch (error) {
          if (error instanceof Unplannable) return;
          throw error;
        }
        drawn++;
        for (const draw of [
          () => loadChart(any, plan, data),
          () => costChart(plan, { ...priced, demand: any }),
        ]) {
          expect(faults(draw())).toEqual([]);
          expect(draw()).toBe(draw());
        }
      }),
      { numRuns: 30 },
    );
    expect(drawn).toBeGreaterThan(10);
  });

  it("of load name each growing constraint, both limits, today, growth and the shards", () => {
    const svg = loadChart(demand, sizing, data);
    for (const word of [
      "network",
      "processor",
      "memory",
      "full, the reserve free",
      "full, nothing in reserve",
      "460 today",
      "552 with growth",
    ])
      expect(svg).toContain(`>${word}`);
  });

  it("of cost never go down as people come", () => {
    const svg = costChart(sizing, priced);
    const [, path = ""] = /class="line t0" d="([^"]+)"/.exec(svg) ?? [];
    const heights = [...path.matchAll(/(?:V|M\S+ )([\d.]+)/g)].map((m) => Number(m[1]));
    expect(heights.length).toBeGreaterThan(50);
    expect(heights).toEqual([...heights].sort((a, b) => b - a));
  });

  it("of the calibration hold every scored point", () => {
    const all = compare(loadCalibration(), data.figures);
    const dots = calibrationChart(all).match(/<circle/g) ?? [];
    expect(dots).toHaveLength(all.filter(({ series }) => series.use !== "shown").length);
  });

  it("put labels apart, in their order, inside the drawing", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 500 }), { maxLength: 15 }), (wanted) => {
        const placed = spread(wanted, 16, 0, 300);
        const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
        const sorted = order.map((i) => placed[i] ?? Number.NaN);
        for (let i = 1; i < sorted.length; i++)
          expect((sorted[i] ?? 0) - (sorted[i - 1] ?? 0)).toBeGreaterThanOrEqual(16);
        expect(Math.max(0, ...sorted)).toBeLessThanOrEqual(300);
        expect(Math.min(0, ...sorted)).toBe(0);
      }),
    );
  });

  it("escape what a person wrote", () => {
    const svg = drawChart({
      title: "<script>&",
      description: '"',
      x: { label: "<x>", max: 1 },
      y: { label: "y", max: 1 },
      lines: [{ label: "<b>", tone: 0, points: [[0, 0]] }],
    });
    expect(svg).not.toMatch(/<script|<x>|<b>/);
    expect(faults(svg)).toEqual([]);
  });
});

describe("the specification", () => {
  it("has what a buyer orders by, for every role, each with why and source", () => {
    expect([...new Set(sheets.map(({ role }) => role))]).toEqual([
      "control",
      "bridge",
      "turn",
      "monitor",
      "edge",
    ]);
    for (const { role, count } of sizing.roles)
      expect(
        sheets.filter((one) => one.role === role).reduce((sum, { machines }) => sum + machines, 0),
      ).toBe(count);
    for (const { role, items } of sheets) {
      const all = items.map(({ what }) => what).join("\n");
      const words =
        "cores class clock memory ports management disks height supplies watts TPM warranty";
      const media = " features BIOS buffers backlog governor interrupts";
      for (const word of (role === "bridge" || role === "turn" ? words + media : words).split(" "))
        expect(all).toContain(word);
      expect(items.some(({ kind }) => kind === "option")).toBe(true);
      expect(items.some(({ kind }) => kind === "state")).toBe(true);
      for (const { value, why, source, assumed } of items) {
        expect(`${value}${why}${source}`).not.toMatch(/NaN|undefined|Infinity/);
        expect(Math.min(value.length, why.length, source.length)).toBeGreaterThan(5);
        expect(assumed).toBe(/this project/.test(source));
      }
    }
  });

  it("orders ports for the traffic of one node, at most 0.7 of one", () => {
    for (const { role, fleet, count, reserve } of sizing.roles.filter(
      (one) => one.role === "bridge",
    ))
      for (const part of fleet) {
        const each = Math.max(part.carries, 1 / (count - reserve)) * sizing.total.bitsOutPerSecond;
        const one = sheets.find(
          (of) => of.role === role && of.title.includes(`${part.vcpus} vCPU`),
        );
        const [, speed] = /2 x (\d+) Gbit/.exec(JSON.stringify(one)) ?? [];
        expect(Number(speed) * 1e9 * 0.7).toBeGreaterThanOrEqual(Math.min(each, 1e11));
      }
  });

  it("adds up: machines, rack units, watts, ports, energy", () => {
    const machines = sizing.roles.reduce((sum, { count }) => sum + count, 0);
    expect(document.totals).toMatchObject({
      machines,
      rackUnits: machines + 2,
      networkPorts: 2 * machines,
      managementPorts: machines,
    });
    expect(document.totals.kWhAYear).toBe(Math.round(document.totals.watts * 8.76));
    const each = sheets.reduce((sum, { machines: n, items }) => {
      const watts = items.find(({ what }) => what === "watts")?.value ?? "";
      return sum + n * Number(/planned with (\d+) W/.exec(watts)?.[1]);
    }, 0);
    expect(document.totals.watts).toBe(each);
  });

  it("offers three ways, says what the control host's loss costs, and marks options", () => {
    const text = specMarkdown(document);
    expect(document.alternatives.map(({ title }) => title)).toEqual([
      "A. Rented cloud",
      "B. Own servers with a hypervisor",
      "C. Bare metal",
    ]);
    expect(text).toMatch(/control: one host, the single point .* about 30 minutes/);
    expect(text).toContain("| **option** |");
  });

  it("is YAML that says the same, and Markdown with a row for each item", () => {
    expect(load(specYaml(document))).toEqual(JSON.parse(JSON.stringify(document)));
    const rows = specMarkdown(document).match(
      /^\| .* \| (required|vendor states|\*\*option\*\*) \|/gm,
    );
    expect(rows).toHaveLength(sheets.reduce((sum, { items }) => sum + items.length, 0));
  });
});

describe("the page", () => {
  const page: SizePage = {
    instance: "proef",
    organisation: "<b>Gemeente</b> & co",
    sizing,
    schedule: scheduleOf(sizing, loadDay()),
    catalogue: "Proef",
    cost: "Cost: none.",
    charts: [loadChart(demand, sizing, data), costChart(sizing, priced)],
    calibration: calibrationChart(compare(loadCalibration(), data.figures)),
    sheets,
    servers: loadServers(),
  };
  const html = sizePage(page);

  it("is whole, the same bytes each time, and asks nothing from elsewhere", () => {
    expect(faults(html)).toEqual([]);
    expect(sizePage(page)).toBe(html);
    expect(html).not.toMatch(/<script|<link|<iframe|<img|src=|href=|url\(|@import/);
  });

  it("escapes what a person wrote", () => {
    expect(html).not.toContain("<b>");
    expect(html).not.toContain("<overleg>");
    expect(html).toContain("&lt;overleg&gt; &amp; co");
  });

  it("holds table, warnings, charts, hours, reasons and hardware", () => {
    for (const { role, fleet } of sizing.roles) {
      expect(html).toContain(`>${role}<`);
      for (const { flavour } of fleet) expect(html).toContain(flavour);
    }
    expect(html.match(/<svg/g)).toHaveLength(3);
    expect(html).toContain("at most 80 on one bridge");
    expect(html).toContain("9:00 to 11:00");
    for (const { title } of sheets) expect(html).toContain(title);
    expect(html).toContain("@page");
  });
});

describe("the schedule", () => {
  const schedule = scheduleOf(sizing, loadDay());

  it("has the whole plan on at the busiest hour, and a spare of each at the quietest", () => {
    expect(schedule.workday[9]?.off).toBe(0);
    expect(schedule.peak.bridge).toBe(sizing.roles.find(({ role }) => role === "bridge")?.count);
    expect(schedule.base.bridge).toBe(2 * sizing.shards);
    expect(schedule.base.turn).toBe(2);
    expect(schedule.base.control).toBe(sizing.shards);
  });

  it("never has more off when the hour is busier, and adds up", () => {
    const hours = [...schedule.workday].sort((a, b) => a.share - b.share);
    for (let i = 1; i < hours.length; i++)
      expect(hours[i]?.off).toBeLessThanOrEqual(hours[i - 1]?.off ?? 0);
    const day = (all: typeof hours) => all.reduce((sum, { saved = 0 }) => sum + saved, 0);
    expect(schedule.savedMonthly).toBeCloseTo(
      day([...schedule.workday]) * 21 + day([...schedule.restday]) * (730 / 24 - 21),
      6,
    );
    expect(schedule.savedMonthly).toBeLessThan(schedule.monthly ?? 0);
  });
});
