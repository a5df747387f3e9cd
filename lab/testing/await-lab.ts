// A setup file of the lab's suites: they begin when the lab is up.
import { existsSync, readFileSync } from "node:fs";
import { until } from "../cloud/process.ts";
import { OUTCOME } from "./shared-lab.ts";

/** Seconds that the lab may take on a busy machine, its root and its hosts' image included. */
const PATIENCE = 1_800;

const outcome = process.env[OUTCOME] ?? "";
if (!(await until(() => existsSync(outcome), PATIENCE)))
  throw new Error(`the lab isn't up after ${PATIENCE} s`);
const problem = readFileSync(outcome, "utf8");
if (problem !== "") throw new Error(`the lab isn't up: ${problem}`);
