import type { Blueprint, Host } from "../blueprint/index.ts";
import { CA_FILE, HOST_CERTIFICATE, rawFile, textFile } from "../host/index.ts";
import { sandbox } from "../sandbox/index.ts";
import { heading, type TreePart } from "../tree/index.ts";

const NAME = "polder-certificate-watch";
const PROGRAM = `/usr/local/lib/polder/${NAME}`;
const SERVICE = `/etc/systemd/system/${NAME}.service`;
const TIMER = `/etc/systemd/system/${NAME}.timer`;

/** Days left at which somebody must know: a renewal at 30 days has then failed for more than a week. */
const WARN_DAYS = 21;
/** Days left at which it is an error: a new certificate from a supplier takes days. */
const ERROR_DAYS = 7;

const script = (): string => `#!/bin/bash
${heading()}
# Writes down how many days each certificate has left. The monitor makes an alarm of it.
set -euo pipefail
now=$(date +%s)
for file in "$@"; do
  if ! end=$(openssl x509 -in "$file" -noout -enddate 2>/dev/null); then
    echo "<3>$file: can't be read"
    continue
  fi
  days=$((($(date -d "\${end#notAfter=}" +%s) - now) / 86400))
  level=6
  if [ "$days" -lt ${WARN_DAYS} ]; then level=4; fi
  if [ "$days" -lt ${ERROR_DAYS} ]; then level=3; fi
  echo "<$level>$file: $days days left"
done
`;

/** The first certificate of each file: what a program shows to others, or trusts. */
const FILES: Readonly<Partial<Record<Host["role"], readonly string[]>>> = {
  control: ["/etc/nginx/tls/web.crt"],
  turn: ["/etc/coturn/turn.crt"],
};

/**
 * Every host tells how long its certificates live on: the monitor may connect to nobody, so each says
 * it in its journal. Every 5 minutes, so that a host that is silent for 15 is known to be dead.
 */
export function certificateWatchPart(_blueprint: Blueprint, host: Host): TreePart {
  const files = [HOST_CERTIFICATE, CA_FILE, ...(FILES[host.role] ?? [])];
  return {
    packages: { install: ["openssl"], absent: [] },
    files: [
      rawFile(PROGRAM, script(), { mode: "0755" }),
      textFile(SERVICE, [
        "[Unit]",
        "Description=Writes down how many days certificates have left",
        "",
        "[Service]",
        "Type=oneshot",
        `ExecStart=${PROGRAM} ${files.join(" ")}`,
        "DynamicUser=yes",
        "SyslogIdentifier=polder-certificate",
        ...sandbox({}),
      ]),
      textFile(TIMER, [
        "[Unit]",
        "Description=Writes down how many days certificates have left, every 5 minutes",
        "",
        "[Timer]",
        "OnBootSec=30s",
        "OnUnitActiveSec=5min",
        "AccuracySec=5s",
        "",
        "[Install]",
        "WantedBy=timers.target",
      ]),
    ],
    units: [{ name: `${NAME}.timer`, reload: [], restart: [TIMER], carriesCalls: false }],
    masked: [],
    checks: [{ id: "certificate-watch", command: ["/usr/bin/bash", "-n", PROGRAM] }],
  };
}
