// A setup file of the unit tests: what starts the lab, on which the longest suites wait, gets the processor before them.
import { setPriority } from "node:os";

setPriority(5);
