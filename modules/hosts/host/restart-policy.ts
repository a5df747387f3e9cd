import type { TreePart, Unit } from "../tree/index.ts";
import { heading } from "../tree/index.ts";
import { rawFile } from "./file.ts";

/**
 * What a package may do to services when it is updated. A security update of what carries calls is
 * installed at once and runs after the next restart, which `polder converge` names and does with
 * `--restart` alone. Debian's own hook: invoke-rc.d(8), deb-systemd-invoke(1p); 101 is "forbidden".
 */
export function restartPolicy(units: readonly Unit[]): TreePart {
  const names = units
    .filter(({ carriesCalls }) => carriesCalls)
    .flatMap(({ name }) => [name, name.replace(/\.service$/, "")]);
  const content = [
    "#!/bin/sh",
    heading(),
    "# Asked by Debian's packages before they start, stop or restart a service: policy-rc.d NAME ACTION.",
    '[ "${1#--}" = "$1" ] || shift',
    'case "$1" in',
    ...(names.length > 0
      ? [
          `${names.join(" | ")})`,
          "\t# Carries calls: an update doesn't cut them off. 101: forbidden.",
          '\tcase "$2" in reload | force-reload) exit 0 ;; *) exit 101 ;; esac',
          "\t;;",
        ]
      : []),
    "*) exit 0 ;;",
    "esac",
    "",
  ].join("\n");
  return { files: [rawFile("/usr/sbin/policy-rc.d", content, { mode: "0755" })] };
}
