import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { location } from "../../modules/planning/residency/testing.ts";
import { loadLocations, loadResidencyRules } from "../../modules/workspace/index.ts";
import { ROOT } from "../root.ts";
import { answers, explainLocation, residencyTable } from "../text/residency.ts";
import { polderFrom, processFrom } from "./testing.ts";

const folder = mkdtempSync(join(tmpdir(), "polder-residency-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const question = {
  locations: [...loadLocations().values()],
  rules: loadResidencyRules(),
  needed: { tbb: 4, marking: "none" } as const,
  waivers: [],
  asOf: "2026-11-24",
};

describe("polder residency, the table", () => {
  const text = residencyTable(question, 100);
  it("has every location, each profile's verdict and the fact that decided, in 100 columns", () => {
    const lines = text.split("\n");
    expect(lines.filter((line) => [...line].length > 100)).toEqual([]);
    for (const { id } of question.locations) expect(text).toContain(id);
    expect(text).toMatch(
      /^hetzner-fsn1 +refused +refused +accepted +refused +TBB 4\n +site\.country +site\.country +test +none\n +DE +DE$/m,
    );
    expect(text).toMatch(
      /^odc-noord\* +refused +accepted +accepted +refused +TBB 1\n +foreignLaw /m,
    );
    expect(text).toContain("Evaluated as of 2026-11-24 for TBB 4, no marking.");
  });

  it("turns when facts grow stale", () => {
    const late = residencyTable({ ...question, asOf: "2027-12-01" }, 100);
    expect(late).not.toMatch(/^hetzner.*accepted/m);
    expect(late).toMatch(/^lab-direct +refused +refused +refused +accepted/m);
  });

  it("asks for the class that is needed", () => {
    const high = { ...question, needed: { tbb: 1, marking: "Dep.V" } as const };
    const accepted = answers(high).flatMap(({ location: id, profiles }) =>
      profiles
        .filter(({ verdict }) => verdict === "accepted")
        .map(({ profile }) => `${id} ${profile}`),
    );
    expect(accepted).toEqual([
      "lab-direct lab",
      "lab-floating lab",
      "lab-hetzner lab",
      "odc-noord nl-located",
      "odc-noord eea",
    ]);
  });
});

describe("polder residency --explain", () => {
  it("tells every fact with its source, and each profile's demands with the way out", () => {
    const text = explainLocation(location(), question, 100).replace(/\s+/g, " ");
    for (const leaf of ["site.country", "parents[1].share", "certificates", "loadBalancerUdp"])
      expect(text).toContain(leaf);
    expect(text).toContain("https://cloud.example/about");
    expect(text).toContain("nl-sovereign accepted");
    const leaf = question.locations.find(({ id }) => id === "leafcloud-amsterdam");
    if (!leaf) throw new Error("no such record");
    const told = explainLocation(leaf, question, 100);
    const wide = told.split("\n").filter((line) => [...line].length > 100);
    expect(wide.filter((line) => !line.trim().startsWith("http"))).toEqual([]);
    expect(told.replace(/\s+/g, " ")).toContain("(waives: residency.foreignLaw)");
  });

  it("offers the nearest name, and exits with 2", async () => {
    const { status, stderr } = await polderFrom(folder)("residency", "--explain", "hetzner-fsn2");
    expect(status).toBe(2);
    expect(stderr).toBe(
      '--explain: got "hetzner-fsn2", nobody recorded it; did you mean "hetzner-fsn1"?\n',
    );
  });
});

it("polder residency lab --json gives the same to a program", () => {
  const polder = processFrom(folder);
  const { status, stdout } = polder("residency", join(ROOT, "instances/lab"), "--json");
  expect(status).toBe(0);
  const parsed = JSON.parse(stdout) as { location: string; buildable: boolean }[];
  expect(parsed.map((one) => one.location)).toEqual(question.locations.map(({ id }) => id));
  expect(parsed.filter((one) => one.buildable).map((one) => one.location)).toEqual([
    "hetzner-fsn1",
    "hetzner-hel1",
    "hetzner-nbg1",
    "lab-direct",
    "lab-floating",
    "lab-hetzner",
  ]);
});
