// How long 10,000 random demands take to plan, on a catalogue with prices. Part of `make bench`; alone:
// `node --import tsx scripts/bench-plans.ts`. No test evaluates a time.
import fc from "fast-check";
import { coreModel, offersOf, plannerOn, Unplannable } from "../modules/planning/sizing/index.ts";
import { anyDemand } from "../modules/planning/sizing/testing.ts";
import { loadCalibration, loadCatalogues, loadFigures } from "../modules/workspace/index.ts";

const COUNT = 10_000;
const figures = loadFigures();
const data = { figures, cores: coreModel(loadCalibration(), figures) };
const hetzner = loadCatalogues().get("hetzner-cloud");
if (!hetzner) throw new Error("no catalogue to plan on");
const plan = plannerOn(offersOf(hetzner), data);
const demands = fc.sample(anyDemand, { numRuns: COUNT, seed: 1 });

let refused = 0;
const began = performance.now();
const before = process.cpuUsage();
for (const demand of demands) {
  try {
    plan(demand);
  } catch (error) {
    if (!(error instanceof Unplannable)) throw error;
    refused++;
  }
}
const seconds = (performance.now() - began) / 1000;
// On a busy machine the processor's own time says more than the clock.
const { user, system } = process.cpuUsage(before);
const busy = (user + system) / 1e6;
process.stdout.write(
  `${COUNT} demands planned in ${seconds.toFixed(2)} s (${busy.toFixed(2)} s of processor), ${refused} of them refused as too large\n`,
);
