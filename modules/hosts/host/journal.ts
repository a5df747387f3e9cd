import { type Blueprint, type Host, hostsWith, PORTS } from "../../planning/blueprint/index.ts";
import type { Fragment } from "../configuration/index.ts";
import { textFile } from "./file.ts";
import { CA_FILE, HOST_CERTIFICATE, HOST_KEY } from "./paths.ts";

/** Where systemd puts what LoadCredential= names: systemd.exec(5), `$CREDENTIALS_DIRECTORY`. */
const UPLOAD_KEY = "/run/credentials/systemd-journal-upload.service/host.key";

const journald = (days: number): string[] => [
  "[Journal]",
  "# On disk, so that a restart loses nothing that the monitor doesn't have yet.",
  "Storage=persistent",
  `# The term of operations' logs. The monitor keeps what belongs to security longer, sealed.`,
  `MaxRetentionSec=${days}day`,
  "# A file holds a day, so that a term ends within a day; files are removed whole.",
  "MaxFileSec=1day",
  "SystemMaxUse=512M",
  "RuntimeMaxUse=64M",
  "# One service's flood doesn't push out the others' entries.",
  "RateLimitIntervalSec=30s",
  "RateLimitBurst=10000",
  "# Nothing to consoles or to people's terminals, nor to a second log.",
  "ForwardToSyslog=no",
  "ForwardToKMsg=no",
  "ForwardToConsole=no",
  "ForwardToWall=no",
];

/** Every other host's journal goes to the monitor, over mutual TLS. */
function upload(monitor: Host): Fragment {
  const unit = "systemd-journal-upload.service";
  const config = "/etc/systemd/journal-upload.conf.d/zz-polder.conf";
  const dropIn = `/etc/systemd/system/${unit}.d/polder.conf`;
  return {
    packages: { install: ["systemd-journal-remote"], absent: [] },
    files: [
      textFile(config, [
        "[Upload]",
        `URL=https://${monitor.ipv4}:${PORTS.journal}`,
        `ServerKeyFile=${UPLOAD_KEY}`,
        `ServerCertificateFile=${HOST_CERTIFICATE}`,
        `TrustedCertificateFile=${CA_FILE}`,
      ]),
      textFile(dropIn, [
        "[Service]",
        "# It runs as a user of its own, which gets a copy of root's key in memory.",
        `LoadCredential=host.key:${HOST_KEY}`,
        "# A monitor that is away for a day is no reason to stop.",
        "Restart=always",
        "",
        "[Unit]",
        "StartLimitIntervalSec=0",
      ]),
    ],
    units: [
      {
        name: unit,
        reload: [],
        restart: [config, dropIn, CA_FILE, HOST_CERTIFICATE, HOST_KEY],
        carriesCalls: false,
      },
    ],
    // Only the monitor listens for journals.
    masked: ["systemd-journal-remote.service", "systemd-journal-remote.socket"],
  };
}

/** What a host writes down, for how long, and that the monitor has it, too. */
export function journal(blueprint: Blueprint, host: Host): Fragment[] {
  const config = "/etc/systemd/journald.conf.d/zz-polder.conf";
  const monitor = hostsWith(blueprint, "monitor")[0];
  return [
    {
      packages: { install: [], absent: ["rsyslog", "syslog-ng-core", "inetutils-syslogd"] },
      files: [textFile(config, journald(blueprint.retention.operationsDays))],
      units: [
        { name: "systemd-journald.service", reload: [], restart: [config], carriesCalls: false },
      ],
      masked: ["systemd-journal-gatewayd.service", "systemd-journal-gatewayd.socket"],
    },
    ...(monitor && host.role !== "monitor" ? [upload(monitor)] : []),
  ];
}
