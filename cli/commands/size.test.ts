import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "js-yaml";
import { afterAll, describe, expect, it } from "vitest";
import {
  instanceFolder,
  instanceNames,
  loadFigures,
  loadInstance,
} from "../../modules/workspace/index.ts";
import { ROOT } from "../root.ts";
import { polderFrom, processFrom } from "./testing.ts";
// Read here: on a busy machine that takes longer than a test may.
import "./size.ts";

const folder = mkdtempSync(join(tmpdir(), "polder-size-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const polder = polderFrom(folder);
const sizingOf = (path: string) => loadInstance(path).blueprint.sizing;

/** A copy of an example in a folder of its own, with files in its calibration/. */
function copyWith(name: string, files: Record<string, string>): string {
  const path = join(mkdtempSync(join(folder, "copy-")), name);
  cpSync(join(ROOT, "instances", name, "instance.yaml"), join(path, "instance.yaml"));
  mkdirSync(join(path, "calibration"));
  for (const [file, text] of Object.entries(files))
    writeFileSync(join(path, "calibration", file), text);
  return path;
}

describe("polder size, for a person", () => {
  it.each(instanceNames(ROOT))("%s fits into 100 columns, with every reason", async (name) => {
    const { status, stdout, stderr } = await polder("size", name, "--why", "--schedule");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout.split("\n").filter((line) => [...line].length > 100)).toEqual([]);
    for (const { constraints } of sizingOf(instanceFolder(ROOT, name)).roles)
      for (const { name: constraint } of constraints) expect(stdout).toContain(constraint);
    expect(stdout).toContain("hpi-14");
    for (const figure of Object.keys(loadFigures().figures))
      expect(stdout).toContain(`  ${figure} `);
    expect(stdout).toMatch(/8:00 to 9:00 +60 %/);
  });

  it("shows a change beside what is, and plans with it", async () => {
    const { stdout } = await polder("size", "ministerie-groot", "--what-if", "cameras=all");
    expect(stdout).toMatch(/What if {2}cameras=all/);
    expect(stdout).toMatch(
      /bridge hosts +\d+ lab\..+ \d+ lab\..+ \((room|network|processor|memory)\)/,
    );
  });

  it("gives cost by a catalogue, and says that servers off are billed", async () => {
    const { stdout } = await polder("size", "lab", "--catalogue", "hetzner-cloud", "--schedule");
    expect(stdout).toMatch(/EUR 277\.43 a month for servers without VAT, 335\.69 with/);
    expect(stdout).toMatch(/2 CCX23 +171\.98/);
    expect(stdout).toMatch(/still billed there/);
  });

  it("prices a fleet by its own location's catalogue, that fleet and no other", async () => {
    const { stdout } = await polder("size", "eea-voorbeeld", "--json");
    const json = JSON.parse(stdout);
    expect(
      json.sizing.roles.flatMap((r: { fleet: { flavour: string }[] }) => r.fleet),
    ).toHaveLength(5);
    // 3 CCX23 at 85.99 and 4 CCX13 at 42.99.
    expect(json.cost.monthly).toBeCloseTo(3 * 85.99 + 4 * 42.99, 6);
    expect(json.cost.text).toMatch(/VAT.*https:\/\/www\.hetzner\.com\/cloud\//);
  });

  it("sizes what to ask a location for whose platform nobody recorded", async () => {
    const path = copyWith("gemeente-klein", {});
    const file = join(path, "instance.yaml");
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace("location: lab-floating", "location: odc-noord"),
    );
    const { status, stdout } = await polder("size", path);
    expect(status).toBe(0);
    expect(stdout.replace(/\s+/g, " ")).toMatch(/what to ask ODC-Noord, .* for, as its flavours/);
    expect(stdout).toMatch(/bridge +2 +2 4-vcpu/);
    expect((await polder("size", path, "--spec", "-")).stdout).toContain(
      "## Three ways to have it",
    );
  });

  it("plans by resolution", async () => {
    const all: number[] = [];
    for (const lines of [180, 360, 720, 1080]) {
      const asked = ["--json", "--what-if", `resolution=${lines}`];
      const { stdout } = await polder("size", "uitvoerder", ...asked);
      all.push(JSON.parse(stdout).sizing.total.cores);
    }
    expect([...all].sort((a, b) => a - b)).toEqual(all);
    expect(all[0]).toBeLessThan(all.at(-1) ?? 0);
  });

  it("teaches by example in its help", async () => {
    expect((await polder("size", "--help")).stdout).toContain("--what-if cameras=all");
  });
});

describe("polder size, for a program", () => {
  it("prints the same plan as the Blueprint holds", () => {
    // As a program has it.
    const { status, stdout } = processFrom(folder)("size", "uitvoerder", "--json");
    expect(status).toBe(0);
    const json = JSON.parse(stdout);
    expect(json.sizing).toEqual(
      JSON.parse(JSON.stringify(sizingOf(instanceFolder(ROOT, "uitvoerder")))),
    );
    expect(json.schedule.workday).toHaveLength(24);
    expect(json.hardware.sheets).toHaveLength(5);
  });

  it("writes page, charts and hardware, each whole", async () => {
    const into = mkdtempSync(join(folder, "out-"));
    const file = (name: string) => join(into, name);
    const { status, stdout, stderr } = await polder(
      "size",
      "lab",
      "--html",
      file("a.html"),
      "--svg",
      file("a.svg"),
      "--cost-svg",
      file("b.svg"),
      "--spec",
      file("a.yaml"),
    );
    expect([status, stdout]).toEqual([0, ""]);
    expect(stderr.match(/^wrote /gm)).toHaveLength(4);
    expect(readdirSync(into).sort()).toEqual(["a.html", "a.svg", "a.yaml", "b.svg"]);
    expect(readFileSync(file("a.html"), "utf8")).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
    expect(load(readFileSync(file("a.yaml"), "utf8"))).toMatchObject({ instance: "lab" });
    expect((await polder("size", "lab", "--spec", "-")).stdout).toMatch(/^# Hardware of lab/);
  });
});

describe("polder size, of two hosts", () => {
  it("draws, counts and prices them, and says what is given up", async () => {
    const into = mkdtempSync(join(folder, "single-"));
    const html = join(into, "a.html");
    const charts = ["--svg", join(into, "a.svg"), "--cost-svg", join(into, "b.svg")];
    const asked = ["--catalogue", "hetzner-cloud"];
    const { status, stderr } = await polder(
      "size",
      "lab-single",
      ...asked,
      "--html",
      html,
      ...charts,
    );
    expect([status, stderr.match(/^wrote /gm)?.length]).toEqual([0, 3]);
    expect(readFileSync(html, "utf8")).not.toMatch(/undefined|NaN|of your own/);
    const { stdout } = await polder("size", "lab-single", ...asked, "--schedule");
    const text = stdout.replace(/\s+/g, " ");
    expect(text).toContain(
      "2 hosts (1 bridge, 1 relay) at every hour, none more during an upgrade",
    );
    expect(text).toContain("size single: no second bridge and no second relay");
    expect(text).not.toMatch(/undefined|NaN/);
    const json = JSON.parse((await polder("size", "lab-single", "--json")).stdout);
    expect(json).not.toHaveProperty("hardware");
  });

  it("specifies no hardware for them, and says why", async () => {
    const { status, stderr } = await polder("size", "lab-single", "--spec", "-");
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /--spec: of size single no hardware is specified: it is rented, as 1 lab\.large and 1 lab\.medium\. Without `size: single` in lab-single it is$/m,
    );
  });

  it("refuses meetings that one host can't carry, at the field", async () => {
    const { status, stderr } = await polder("size", "lab-single", "--what-if", "simultaneous=x200");
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /--what-if simultaneous=x200: size: got "single", but these meetings ask/,
    );
  });
});

describe("polder size, with bad input", () => {
  it.each<[string[], RegExp]>([
    [["lap"], /no such instance; did you mean "lab"\?/],
    [["lab", "--catalogue", "hetzner"], /^--catalogue hetzner: no such catalogue/],
    [
      ["lab", "--catalogue", "leafcloud"],
      /aren't known: flavours and prices .*Add what you were told/,
    ],
    [
      ["lab", "--what-if", "camera=all"],
      /^--what-if camera=all: no "camera" .* did you mean "cameras"/,
    ],
    [["lab", "--what-if", "participants=0"], /participants: got 0, at least 2/],
    [
      ["lab", "--what-if", "participants=701"],
      /^--what-if participants=701: .*got 701 in one room, at most 700 .*meetrix/,
    ],
    [["lab", "--what-if", "simultaneous=9000"], /shards of 1300, at most 20 are planned/],
    [["lab", "--json", "--why"], /cannot be used with/],
    [["lab", "--html", "/nowhere/at/all.html"], /there is no such folder/],
  ])("%j is refused with exit code 2 and no stack trace", async (args, message) => {
    const { status, stdout, stderr } = await polder("size", ...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("    at ");
  });
});

describe("an operator's own measurements", () => {
  const measured = (cores: number) =>
    `machine: lab.large\nmeasured: 2026-11-20\nby: proef\npoints:\n  - { sentKilobytes: 5000, cores: ${cores} }\n`;

  it("make a smaller fleet of fast machines, and a larger one of slow ones", () => {
    /** Cores to plan for, and all that the fleet then has. */
    const cores = (path: string) => sizingOf(path).total.cores;
    const vcpus = (path: string) =>
      sizingOf(path)
        .roles.filter(({ role }) => role === "bridge")
        .flatMap(({ fleet }) => fleet)
        .reduce((sum, part) => sum + part.count * part.vcpus, 0);
    const of = (cores: number) =>
      Object.fromEntries(
        ["large", "xlarge", "2xlarge"].map((name) => [
          `${name}.yaml`,
          measured(cores).replace("lab.large", `lab.${name}`),
        ]),
      );
    const published = cores(instanceFolder(ROOT, "uitvoerder"));
    const fast = of(0.5);
    // The slowest counts, over all files.
    const slow = Object.fromEntries(
      Object.entries(of(3.2)).map(([name, text]) => [`slow-${name}`, text]),
    );
    const [quick, late] = [
      copyWith("uitvoerder", fast),
      copyWith("uitvoerder", { ...fast, ...slow }),
    ];
    expect(cores(quick)).toBeLessThan(published);
    expect(cores(late)).toBeGreaterThan(published);
    expect(vcpus(quick)).toBeLessThan(vcpus(late));
  });

  it("are named as the source", async () => {
    const path = copyWith("lab", { "a.yaml": measured(0.8) });
    expect((await polder("size", path, "--why")).stdout.replace(/\s+/g, " ")).toContain(
      "your own measurement of 2026-11-20 (proef)",
    );
  });

  it("that can't be are refused, with place and limit", async () => {
    const far = measured(5).replace("2026-11-20", "2999-01-01");
    const bad = copyWith("lab", { "a.yaml": far, "b.yaml": measured(0.01) });
    const { status, stderr } = await polder("size", bad);
    expect(status).toBe(2);
    expect(stderr).toMatch(/a\.yaml:2:\d+: measured: got 2999-01-01, a day up to today/);
    expect(stderr).toMatch(/a\.yaml:5:\d+: points\[0\]\.cores: got 5, lab\.large has 4/);
    expect(stderr).toMatch(/b\.yaml:5:\d+: points\[0\]\.cores: got 0\.01 for 5000 kB\/s/);
  });

  it("of a machine that the location doesn't offer are noted", async () => {
    const path = copyWith("lab", { "a.yaml": measured(1).replace("lab.large", "CCX23") });
    expect((await polder("size", path)).stdout.replace(/\s+/g, " ")).toMatch(
      /a\.yaml measures "CCX23", which lab-floating doesn't offer \(lab\.small, lab\.medium, lab\.large, lab\.xlarge, lab\.2xlarge\)/,
    );
  });

  it("and a day of their own are read; what is none is told with its place", async () => {
    const day = readFileSync(join(ROOT, "modules/planning/sizing/day.yaml"), "utf8");
    const own = copyWith("lab", {
      "day.yaml": day.replace(/source: .*/, "source: our own counts"),
    });
    expect((await polder("size", own, "--schedule")).stdout).toContain("our own counts");
    const bad = copyWith("lab", {
      "a.yaml": measured(0).replace("sentKilobytes", "sentKilobyte"),
      "day.yaml": day.replace("workday: [0.02,", "workday: [1.5,"),
    });
    const { status, stderr } = await polder("size", bad);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /a\.yaml:5:7: unknown key "sentKilobyte"; did you mean "sentKilobytes"\?/,
    );
    expect(stderr).toMatch(/a\.yaml:5:\d+: points\[0\]\.cores: got 0/);
    expect(stderr).toMatch(/day\.yaml:\d+:\d+: workday\[0\]: got 1\.5, at most 1 is allowed/);
  });
});
