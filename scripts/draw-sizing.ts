// Writes the tables and the plot of docs/sizing.md from the planner's own data: `make sizing`.
import { readFileSync, writeFileSync } from "node:fs";
import { PAGE, PLOT, tablesOf, withTables } from "../docs/sizing-tables.ts";
import { compare } from "../modules/planning/sizing/index.ts";
import { calibrationChart } from "../modules/reports/sizing-report/index.ts";
import { loadCalibration, loadFigures } from "../modules/workspace/index.ts";

const [calibration, figures] = [loadCalibration(), loadFigures()];
const all = compare(calibration, figures);
writeFileSync(PAGE, withTables(readFileSync(PAGE, "utf8"), tablesOf(all, calibration, figures)));
writeFileSync(PLOT, `${calibrationChart(all)}\n`);
