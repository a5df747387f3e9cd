import fc from "fast-check";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { DATA, someInstance } from "../../planning/blueprint/testing.ts";
import {
  type Catalogue,
  compare,
  internetOf,
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
  type SpecSheet,
  sizePage,
  specMarkdown,
  specSheets,
  specYaml,
} from "./index.ts";
import { ownServers } from "./own-servers.ts";
import { internetLine } from "./spec-traffic.ts";

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
const priced = {
  demand,
  offers,
  data,
  size: "cluster",
  catalogue: "Proef",
  currency: "EUR",
} as const;
const specData = { figures: data.figures, servers: loadServers(), averageShare: 0.3 };
const sheets = specSheets(sizing, specData);
const context = {
  instance: "proef",
  organisation: "Gemeente Proef",
  plannedOn: "Proef",
  cost: "Cost: none.",
  demand: ["548 people"],
};
const document = procurementOf(sizing, specData, context);
const allSheets = [...sheets, document.server, ...document.network.bareMetal];

/** The plan of a demand, or nothing where it is more than can be planned. */
function planOf(any: Parameters<typeof planSizing>[0]): Sizing | undefined {
  try {
    return planSizing(any, offers, data);
  } catch (error) {
    if (error instanceof Unplannable) return undefined;
    throw error;
  }
}

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
        sheets.filter((one) => one.role === role).reduce((sum, { units }) => sum + units, 0),
      ).toBe(count);
    for (const { items } of allSheets)
      for (const { value, why, source, assumed } of items) {
        expect(`${value}${why}${source}`).not.toMatch(/NaN|undefined|Infinity/);
        expect(Math.min(value.length, why.length, source.length)).toBeGreaterThan(5);
        expect(assumed).toBe(/this project/.test(source));
      }
    for (const { role, items } of sheets) {
      const all = items.map(({ what }) => what).join("\n");
      const words =
        "cores class clock memory ports management disks height supplies watts TPM warranty";
      const media = " features BIOS buffers backlog governor interrupts";
      for (const word of (role === "bridge" || role === "turn" ? words + media : words).split(" "))
        expect(all).toContain(word);
      // Of the control host nothing faster is sold than what is required.
      expect(items.some(({ kind }) => kind === "option")).toBe(role !== "control");
      expect(items.some(({ kind }) => kind === "state")).toBe(true);
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
    const { bareMetal, hypervisor } = document.totals;
    // Two data switches, one for management, two routers; two strips of power sockets are managed, too, and one port is the uplink.
    expect(bareMetal).toMatchObject({
      machines,
      rackUnits: machines + 5,
      networkPorts: 2 * machines,
      managementPorts: machines + 7,
    });
    expect(hypervisor.machines).toBe(document.server.units);
    const ways: [typeof bareMetal, readonly SpecSheet[]][] = [
      [bareMetal, sheets],
      [hypervisor, [document.server]],
    ];
    for (const [totals, of] of ways) {
      const [watts, energy] = [/Planned with (\d+) W/, /and (\d+) kWh a year/].map((pattern) =>
        of.reduce((sum, { units, items }) => {
          const text = items.find(({ what }) => what === "watts")?.value ?? "";
          return sum + units * Number(pattern.exec(text)?.[1]);
        }, 0),
      );
      expect(totals.watts).toBe(watts);
      expect(Math.abs(totals.kWhAYear - (energy ?? 0))).toBeLessThanOrEqual(totals.machines);
      expect(totals.kWhAYear).toBeLessThan(totals.watts * 8.76);
    }
  });

  it("names the published results that its watts are from", () => {
    for (const { items } of [...sheets, document.server]) {
      const watts = items.find(({ what }) => what === "watts");
      expect(watts?.value).toMatch(
        /the highest of \d+ published results of servers with \d+ cores/,
      );
      expect(watts?.source).toMatch(/SPECpower_ssj2008/);
      expect(watts?.assumed).toBe(false);
    }
  });

  it("puts no two hosts that may not fail together on one server of B, and carries all with one down", () => {
    let [held, sharded] = [0, 0];
    fc.assert(
      fc.property(anyDemand, (any) => {
        const plan = planOf(any);
        if (!plan) return;
        held++;
        if (plan.shards > 1) sharded++;
        const own = ownServers(plan, data.figures);
        const count = (name: string) => plan.roles.find(({ role }) => role === name)?.count ?? 0;
        const apart = [...plan.shardSizes.map(({ bridges }) => bridges), count("turn")];
        expect(own.servers).toBeGreaterThanOrEqual(Math.max(...apart));
        expect(own.placement).toHaveLength(own.servers);
        for (const on of own.placement)
          expect(new Set(on.map((host) => host.apart)).size).toBe(on.length);
        for (const { role, count: hosts } of plan.roles)
          expect(own.placement.flat().filter((host) => host.role === role)).toHaveLength(hosts);
        const vcpus = plan.roles.reduce(
          (sum, { fleet }) => sum + fleet.reduce((of, part) => of + part.count * part.vcpus, 0),
          0,
        );
        const free = own.cores - 2;
        expect(own.servers * free).toBeGreaterThanOrEqual(vcpus);
        // With one down, the reserve is gone at most: a media node of each shard, and a relay.
        const largest = Math.max(
          ...plan.roles
            .filter(({ role }) => role === "bridge")
            .flatMap(({ fleet }) => fleet.map((part) => part.vcpus)),
        );
        const relay = plan.roles.find(({ role }) => role === "turn")?.fleet[0]?.vcpus ?? 0;
        expect((own.servers - 1) * free).toBeGreaterThanOrEqual(
          vcpus - plan.shards * largest - relay,
        );
        expect(own.vcpusOfOne).toBeLessThanOrEqual(free);
        expect(own.memoryGiB).toBeGreaterThanOrEqual(own.memoryOfOneGiB + 8);
      }),
      { numRuns: 150 },
    );
    expect(held).toBeGreaterThan(80);
    expect(sharded).toBeGreaterThan(30);
  });

  it("derives the lines from what people send and get, and no relayed packet is counted twice", () => {
    fc.assert(
      fc.property(anyDemand, (any) => {
        const plan = planOf(any);
        if (!plan) return;
        const { toPeople, fromPeople, betweenBridges } = internetOf(plan);
        const near = (a: number, b: number) =>
          expect(Math.abs(a - b)).toBeLessThanOrEqual(2 + b * 1e-6);
        near(toPeople + betweenBridges, plan.total.bitsOutPerSecond);
        near((toPeople + fromPeople) * any.behindFirewalls, plan.total.turnBitsPerSecond);
        const line = internetLine(plan, data.figures);
        expect(line.committedMbit * 0.7e6).toBeGreaterThanOrEqual(
          Math.max(toPeople, fromPeople) * (1 - 1e-9),
        );
        expect(line.portGigabits * 1000).toBeGreaterThanOrEqual(line.committedMbit);
      }),
      { numRuns: 100 },
    );
  });

  it("gives all servers of one way ports of one speed, which its switches have", () => {
    const speed = (one: SpecSheet, what: string) =>
      /(\d+) Gbit\/s/.exec(one.items.find((each) => each.what === what)?.value ?? "")?.[1];
    const speeds = new Set(sheets.map((one) => speed(one, "network ports")));
    expect(speeds.size).toBe(1);
    const [dataSwitch] = document.network.bareMetal;
    expect(speed(dataSwitch as SpecSheet, "ports for servers")).toBe([...speeds][0]);
    expect(speed(document.network.hypervisor[0] as SpecSheet, "ports for servers")).toBe(
      speed(document.server, "network ports"),
    );
  });

  it("specifies switches, routers and lines, two of each that media crosses", () => {
    expect(document.network.bareMetal.map(({ title, units }) => [title, units])).toEqual([
      ["Switch, data", 2],
      ["Switch, management", 1],
      ["Router", 2],
      ["Line to the internet", 2],
    ]);
  });

  it("orders as many switches as all ports take, and counts them in the rack", () => {
    fc.assert(
      fc.property(anyDemand, (any) => {
        const plan = planOf(any);
        if (!plan) return;
        const { totals, network } = procurementOf(plan, specData, context);
        for (const way of ["hypervisor", "bareMetal"] as const) {
          const [data, management, router] = network[way];
          const units = (data?.units ?? 0) + (management?.units ?? 0) + (router?.units ?? 0);
          expect(48 * (data?.units ?? 0)).toBeGreaterThanOrEqual(totals[way].networkPorts);
          expect((data?.units ?? 1) % 2).toBe(0);
          expect(48 * (management?.units ?? 0)).toBeGreaterThanOrEqual(totals[way].managementPorts);
          expect(totals[way].rackUnits).toBe(totals[way].machines + units);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("names no make, and accepts an equivalent of what it measures by", () => {
    const makes =
      /intel|\bamd\b|xeon|epyc|dell|\bhpe?\b|lenovo|supermicro|fujitsu|cisco|juniper|arista|mellanox|nvidia|broadcom/i;
    for (const { title, items } of allSheets)
      for (const { what, value } of items) {
        expect(`${title}: ${what}: ${value}`).not.toMatch(makes);
        if (/Geekbench|SPECpower|80 PLUS|Redfish|TPM 2|x86|MLAG|VRRP|SNMP/.test(value))
          expect(value).toContain("equivalent");
      }
    expect(document.answer.join(" ")).toMatch(/article 42\(3\)\(b\) and \(4\).*article 2\.76/);
  });

  it("asks the fastest repair where one host alone carries meetings", () => {
    const warranty = (role: string) =>
      sheets
        .find((one) => one.role === role)
        ?.items.filter(({ what, kind }) => what === "warranty" && kind === "must")
        .map(({ value }) => value)
        .join();
    expect(warranty("control")).toContain("within 4 hours");
    expect(warranty("bridge")).toContain("the next working day");
  });

  it("explains each short word that it uses", () => {
    const words = document.glossary.map(([term]) => term).join(" ");
    const text = [...allSheets, ...document.network.hypervisor]
      .flatMap(({ items }) => items.map(({ value, why }) => `${value} ${why}`))
      .join(" ");
    const short = [...new Set(text.match(/\b[A-Z][A-Z-]{2,}[0-9]*\b/g))];
    expect(short.length).toBeGreaterThan(10);
    // Units, kinds of socket and what every buyer of servers knows.
    const known = /^(AES|SSD|BIOS|UDP|RJ45|IEEE|ISO|IEC|IPv\d|SSH|TLS|PLUS|CPU|API)$/;
    expect(short.filter((word) => !known.test(word) && !words.includes(word))).toEqual([]);
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
    // What every server of C has stands there once.
    const once = new Set(sheets.flatMap(({ items }) => items.map((one) => JSON.stringify(one))));
    const inAll = [...once].filter((one) =>
      sheets.every(({ items }) => items.some((each) => JSON.stringify(each) === one)),
    ).length;
    expect(inAll).toBeGreaterThan(5);
    const all = [...allSheets, ...document.network.hypervisor];
    expect(rows).toHaveLength(
      all.reduce((sum, { items }) => sum + items.length, 0) - inAll * (sheets.length - 1),
    );
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
