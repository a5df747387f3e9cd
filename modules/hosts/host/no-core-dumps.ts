import type { Fragment } from "../configuration/index.ts";
import { textFile } from "./file.ts";

/** A dump of a process would hold keys and what people say: none by any way (kernel.ts has one more). */
export const noCoreDumps: Fragment = {
  packages: { install: [], absent: ["systemd-coredump", "kdump-tools"] },
  files: [
    textFile("/etc/security/limits.d/polder.conf", ["* hard core 0", "root hard core 0"]),
    textFile("/etc/profile.d/polder-no-core-dumps.sh", ["ulimit -c 0"]),
    textFile("/etc/systemd/system.conf.d/zz-polder.conf", [
      "[Manager]",
      "DefaultLimitCORE=0",
      "DumpCore=no",
      "CrashShell=no",
    ]),
    textFile("/etc/systemd/coredump.conf.d/zz-polder.conf", [
      "# Holds if somebody installs systemd-coredump after all.",
      "[Coredump]",
      "Storage=none",
      "ProcessSizeMax=0",
    ]),
  ],
};
