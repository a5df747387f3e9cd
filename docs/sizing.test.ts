import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compare } from "../modules/planning/sizing/index.ts";
import { calibrationChart } from "../modules/reports/sizing-report/index.ts";
import { loadCalibration, loadCatalogues, loadFigures } from "../modules/workspace/index.ts";
import { fitsTable, pointsTable, seriesTable } from "./sizing-tables.ts";

const page = readFileSync(join(import.meta.dirname, "sizing.md"), "utf8");
const all = compare(loadCalibration(), loadFigures());

describe("docs/sizing.md", () => {
  it.each([
    ["fits", fitsTable(all)],
    ["points", pointsTable(all)],
    ["series", seriesTable(all)],
  ])("holds the table of %s that the data gives", (name, table) => {
    const [, shown] =
      new RegExp(`<!-- ${name} -->\n([\\s\\S]*?)\n<!-- /${name} -->`).exec(page) ?? [];
    expect(shown).toBe(table);
  });

  it("says between which margins its promise holds", () => {
    const margin = loadFigures().figures.marginUnknown.value;
    const raw = all
      .filter(({ series, point }) => series.use !== "shown" && !point.exception)
      .map(({ ratio }) => ratio / margin);
    const [least, most] = [1 / Math.min(...raw), 2 / Math.max(...raw)];
    expect(page).toContain(
      `${(Math.ceil(least * 100) / 100).toFixed(2)} to ${(Math.floor(most * 100) / 100).toFixed(2)}`,
    );
  });

  it("names every catalogue", () => {
    for (const id of loadCatalogues().keys()) expect(page).toContain(`\`${id}\``);
  });

  it("shows the plot that the data gives (vitest -u draws it anew)", async () => {
    await expect(`${calibrationChart(all)}\n`).toMatchFileSnapshot("sizing-calibration.svg");
  });
});
