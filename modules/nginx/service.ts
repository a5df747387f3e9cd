import { textFile } from "../host/index.ts";
import { sandbox } from "../sandbox/index.ts";
import type { Check, TreeFile } from "../tree/index.ts";
import { CONNECTIONS } from "./limits.ts";

export const CONFIG = "/etc/nginx/nginx.conf";
export const UNIT = "nginx.service";
export const DROP_IN = `/etc/systemd/system/${UNIT}.d/polder.conf`;

const lines = (connections: number): string[] => [
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
  "ExecReload=/bin/kill -HUP $MAINPID",
  "ExecStop=",
  "KillSignal=SIGQUIT",
  "TimeoutStopSec=10",
  "Restart=on-failure",
  "RestartSec=2",
  `LimitNOFILE=${2 * connections}`,
  ...sandbox({
    capabilities: ["CAP_NET_BIND_SERVICE"],
    families: ["AF_UNIX", "AF_INET", "AF_INET6"],
  }),
];

/**
 * Debian's unit, without root and in a sandbox.
 * @param connections that a worker may have open, each a descriptor; as many again are for files and the start of new workers
 */
export const dropIn = (connections = CONNECTIONS): TreeFile =>
  textFile(DROP_IN, lines(connections));

export const nginxCheck: Check = {
  id: "nginx-config",
  // It wants its folder for temporary files, which the unit makes at its start.
  command: ["/usr/bin/bash", "-ec", "mkdir -p /run/nginx; exec /usr/sbin/nginx -t -q"],
};
