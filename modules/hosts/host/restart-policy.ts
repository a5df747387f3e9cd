import type { Fragment, Programs, Unit } from "../configuration/index.ts";
import { programFiles, rawFile } from "./file.ts";

/** Services that packages may reload and no more: the program reads it, a line each. */
const CARRIES_CALLS = "/etc/polder/carries-calls";

/**
 * What a package may do to services when it is updated. A security update of what carries calls is
 * installed at once and runs after the next restart, which `polder converge` names and does with
 * `--restart` alone. Debian's own hook: invoke-rc.d(8), deb-systemd-invoke(1p); 101 is "forbidden".
 */
export function restartPolicy(units: readonly Unit[], programs: Programs): Fragment {
  const names = units
    .filter(({ carriesCalls }) => carriesCalls)
    .flatMap(({ name }) => [name, name.replace(/\.service$/, "")]);
  return {
    files: [
      ...programFiles(programs, "host/programs/policy-rc.sh", "/usr/sbin/policy-rc.d"),
      rawFile(CARRIES_CALLS, names.map((name) => `${name}\n`).join("")),
    ],
  };
}
