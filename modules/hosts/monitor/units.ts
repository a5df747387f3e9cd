import type { HostFile } from "../configuration/index.ts";
import { textFile } from "../host/index.ts";

export const LIBRARY = "/usr/local/lib/polder";

/** A service that runs and ends; `lines` are of its section `[Service]`. */
export const oneshot = (name: string, description: string, lines: readonly string[]): HostFile =>
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
export const timer = (name: string, when: readonly string[]): HostFile =>
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

/** Days left at which somebody must know: a renewal at 30 days has then failed for more than a week. */
export const WARN_DAYS = 21;
