import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compare } from "../modules/planning/sizing/index.ts";
import { calibrationChart } from "../modules/reports/sizing-report/index.ts";
import { loadCalibration, loadCatalogues, loadFigures } from "../modules/workspace/index.ts";
import { PAGE, PLOT, tablesOf, withTables } from "./sizing-tables.ts";

const page = readFileSync(PAGE, "utf8");
const [calibration, figures] = [loadCalibration(), loadFigures()];
const all = compare(calibration, figures);

describe("docs/sizing.md", () => {
  it("holds the tables that the data gives (make sizing writes them)", () => {
    expect(withTables(page, tablesOf(all, calibration, figures))).toBe(page);
  });

  it("names every catalogue", () => {
    for (const id of loadCatalogues().keys()) expect(page).toContain(`\`${id}\``);
  });

  it("shows the plot that the data gives (make sizing draws it)", () => {
    expect(readFileSync(PLOT, "utf8")).toBe(`${calibrationChart(all)}\n`);
  });
});
