import type { Check, HostFile } from "../configuration/index.ts";
import { textFile } from "../host/index.ts";
import { sandbox } from "../sandbox/index.ts";
import { descriptors } from "./config.ts";
import { CONNECTIONS } from "./limits.ts";

export const CONFIG = "/etc/nginx/nginx.conf";
export const UNIT = "nginx.service";
export const DROP_IN = `/etc/systemd/system/${UNIT}.d/polder.conf`;

/** What the unit needs to know of a plan. */
export interface Bounds {
  /** Connections that a worker may have open. */
  readonly connections: number;
  /** Memory that all of it may take, MiB. */
  readonly memoryMiB?: number;
  /** Log lines in half a minute; none given: what journald takes of any unit. */
  readonly lines?: number;
}

const lines = ({ connections, memoryMiB, lines: ofLog }: Bounds): string[] => [
  "[Service]",
  "# No process of it is root: the ports come by a capability, the key by its group.",
  "User=www-data",
  "Group=www-data",
  "RuntimeDirectory=nginx",
  "RuntimeDirectoryMode=0750",
  "PIDFile=/run/nginx/nginx.pid",
  "ExecStartPre=",
  "ExecStart=",
  "ExecStart=/usr/sbin/nginx",
  "# A bad file keeps the old workers: tried first, then told.",
  "ExecReload=",
  "ExecReload=/usr/sbin/nginx -t -q",
  "# Not $MAINPID: after a handover that is the old program until its last connection has ended.",
  "ExecReload=/usr/sbin/nginx -s reload",
  "ExecStop=",
  "KillSignal=SIGQUIT",
  "TimeoutStopSec=10",
  "Restart=on-failure",
  "RestartSec=2",
  `LimitNOFILE=${descriptors(connections)}`,
  ...(memoryMiB === undefined
    ? []
    : [
        "# What a flood may take of the host. The kernel ends a worker then, whose place a new one takes at once.",
        `MemoryMax=${memoryMiB}M`,
        "OOMPolicy=continue",
      ]),
  ...(ofLog === undefined
    ? []
    : [
        "# Its access log, at the rate of requests that one address may have, and others' beside.",
        "LogRateLimitIntervalSec=30s",
        `LogRateLimitBurst=${ofLog}`,
      ]),
  ...sandbox({
    capabilities: ["CAP_NET_BIND_SERVICE"],
    families: ["AF_UNIX", "AF_INET", "AF_INET6"],
  }),
];

/** Debian's unit, without root and in a sandbox. */
export const dropIn = (bounds: Bounds = { connections: CONNECTIONS }): HostFile =>
  textFile(DROP_IN, lines(bounds));

export const nginxCheck: Check = {
  id: "nginx-config",
  // It wants its folder for temporary files, which the unit makes at its start.
  command: ["/usr/bin/bash", "-ec", "mkdir -p /run/nginx; exec /usr/sbin/nginx -t -q"],
};
