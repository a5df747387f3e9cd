// A setup file of the lab's suites: they begin when the lab is up.
import { until } from "../cloud/process.ts";
import { labOutcome } from "./shared-lab.ts";

/** Seconds that the lab may take on a busy machine, its root and its hosts' image included. */
const PATIENCE = 1_800;

if (!(await until(() => labOutcome() !== undefined, PATIENCE)))
  throw new Error(`the lab isn't up after ${PATIENCE} s`);
const problem = labOutcome()?.problem;
if (problem !== undefined) throw new Error(`the lab isn't up: ${problem}`);
