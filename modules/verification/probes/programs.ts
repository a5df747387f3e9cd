import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What runs on hosts by the admin path: every host has Python, since Ansible needs it. */
export type HostProgram = "attempt" | "relay";

/** The text of a program of a host's. */
export const loadHostProgram = (name: HostProgram): string =>
  readFileSync(join(import.meta.dirname, "programs", `${name}.py`), "utf8");
