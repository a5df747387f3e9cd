import { textFile } from "../host/index.ts";
import type { Check, TreeFile } from "../tree/index.ts";

export const LIBRARY = "/usr/local/lib/polder";

/** A service that runs and ends; `lines` are of its section `[Service]`. */
export const oneshot = (name: string, description: string, lines: readonly string[]): TreeFile =>
  textFile(`/etc/systemd/system/${name}.service`, [
    "[Unit]",
    `Description=${description}`,
    "# Who starts it by hand, again and again, must not keep its timer from it.",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "Type=oneshot",
    ...lines,
  ]);

/** What starts the service of the same name. */
export const timer = (name: string, when: readonly string[]): TreeFile =>
  textFile(`/etc/systemd/system/${name}.timer`, [
    "[Unit]",
    `Description=Starts ${name}`,
    "",
    "[Timer]",
    ...when,
    "AccuracySec=5s",
    "",
    "[Install]",
    "WantedBy=timers.target",
  ]);

/** Python reads the programs without running them, and writes nothing down. */
export const compiles = (id: string, programs: readonly string[]): Check => ({
  id,
  command: [
    "/usr/bin/python3",
    "-c",
    'import sys; [compile(open(p, encoding="utf-8").read(), p, "exec") for p in sys.argv[1:]]',
    ...programs,
  ],
});
