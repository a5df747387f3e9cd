import { type Blueprint, type Host, PORTS } from "../../planning/blueprint/index.ts";
import type { Fragment } from "../configuration/index.ts";
import { CA_FILE, HOST_CERTIFICATE, textFile } from "../host/index.ts";
import * as nginx from "../nginx/index.ts";

export const RECEIVER = "systemd-journal-remote";
const BEHIND = `127.0.0.1:${PORTS.journalBehind}`;

/**
 * The loopback address that a host's journal comes from, behind nginx: journal-remote names its files
 * after the sender's address. Its last three parts are the host's own, so no two are the same.
 */
export const senderAddress = ({ ipv4 }: Host): string =>
  `127.${ipv4.split(".").slice(1).join(".")}`;

function gate(senders: readonly Host[]): string[] {
  return [
    ...nginx.processSettings(),
    "",
    "http {",
    "  access_log off;",
    "  server_tokens off;",
    "  default_type text/plain;",
    ...nginx.TEMPORARY,
    ...nginx.TLS,
    "",
    "  # Who sends, by the certificate alone: whatever a host says of itself in an entry.",
    ...nginx
      .hostsByCertificate("$polder_sender", senders, senderAddress)
      .map((line) => `  ${line}`),
    "",
    "  server {",
    ...nginx.forHosts(PORTS.journal, "$polder_sender").map((line) => `  ${line}`),
    "    location = /upload {",
    "      # One request lasts as long as its sender runs; every host writes something in 5 minutes.",
    "      client_max_body_size 0;",
    "      client_body_timeout 30m;",
    "      proxy_send_timeout 30m;",
    "      proxy_read_timeout 30m;",
    "      proxy_request_buffering off;",
    "      proxy_http_version 1.1;",
    "      proxy_bind $polder_sender;",
    `      proxy_pass http://${BEHIND};`,
    "    }",
    "    location / {",
    "      return 404;",
    "    }",
    "  }",
    "}",
  ];
}

/**
 * A port for the hosts' journals: who has no certificate of the instance's CA gets no word in.
 * Debian 13's journal-remote is built without GnuTLS and then checks no certificate, whatever its file
 * says ("Certificate checking disabled."): nginx does, and hands on over loopback.
 */
export function receiver({ hosts }: Blueprint, own: Host): Fragment {
  const config = "/etc/systemd/journal-remote.conf.d/polder.conf";
  const socket = `/etc/systemd/system/${RECEIVER}.socket.d/polder.conf`;
  const service = `/etc/systemd/system/${RECEIVER}.service.d/polder.conf`;
  const senders = hosts.filter(({ role }) => role !== "monitor");
  return {
    packages: { install: ["systemd-journal-remote", "nginx"], absent: [] },
    files: [
      textFile(nginx.CONFIG, gate(senders)),
      nginx.dropIn(),
      nginx.hostKeyFile(own),
      textFile(config, [
        "[Remote]",
        "SplitMode=host",
        "Seal=no",
        "# In clear only until they are sealed; a flood fills this much and no more.",
        "MaxUse=1G",
        "MaxFileSize=64M",
      ]),
      textFile(socket, ["[Socket]", "ListenStream=", `ListenStream=${BEHIND}`]),
      textFile(service, [
        "[Service]",
        "ExecStart=",
        `ExecStart=/usr/lib/systemd/${RECEIVER} --listen-http=-3 --output=/var/log/journal/remote/`,
        "Restart=on-failure",
        "RestartSec=2",
        "CapabilityBoundingSet=",
        "SystemCallFilter=@system-service",
        "SystemCallFilter=~@privileged",
        "UMask=0027",
        "LimitCORE=0",
      ]),
    ],
    units: [
      {
        name: nginx.UNIT,
        reload: [nginx.CONFIG, CA_FILE, HOST_CERTIFICATE, nginx.HOST_KEY],
        restart: [nginx.DROP_IN],
        carriesCalls: false,
      },
      { name: `${RECEIVER}.socket`, reload: [], restart: [socket], carriesCalls: false },
      { name: `${RECEIVER}.service`, reload: [], restart: [config, service], carriesCalls: false },
    ],
    masked: [],
    checks: [nginx.nginxCheck],
  };
}
