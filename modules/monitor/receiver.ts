import type { Host } from "../blueprint/index.ts";
import { CA_FILE, HOST_CERTIFICATE, HOST_KEY, textFile } from "../host/index.ts";
import type { TreePart } from "../tree/index.ts";

export const RECEIVER = "systemd-journal-remote";

/** journal-remote is GnuTLS, whose own defaults still take TLS 1.0: its words for the NCSC profile. */
const GNUTLS =
  "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AEAD:+ECDHE-ECDSA:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:" +
  "+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SHA384:" +
  "+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SECP384R1-SHA384:+CTYPE-X509";

/** Port 19532 for the hosts' journals: who has no certificate of the instance's CA gets no word in. */
export function receiver(host: Host): TreePart {
  const config = "/etc/systemd/journal-remote.conf.d/polder.conf";
  const socket = `/etc/systemd/system/${RECEIVER}.socket.d/polder.conf`;
  const service = `/etc/systemd/system/${RECEIVER}.service.d/polder.conf`;
  const gnutls = "/etc/polder/monitor/gnutls.conf";
  return {
    packages: { install: ["systemd-journal-remote"], absent: [] },
    files: [
      textFile(config, [
        "[Remote]",
        "SplitMode=host",
        "Seal=no",
        `ServerKeyFile=/run/credentials/${RECEIVER}.service/host.key`,
        `ServerCertificateFile=${HOST_CERTIFICATE}`,
        `TrustedCertificateFile=${CA_FILE}`,
        "# In clear only until they are sealed; a flood fills this much and no more.",
        "MaxUse=1G",
        "MaxFileSize=64M",
      ]),
      textFile(gnutls, ["[overrides]", `default-priority-string = ${GNUTLS}`]),
      textFile(socket, [
        "[Socket]",
        "ListenStream=",
        `ListenStream=${host.ipv4}:19532`,
        `ListenStream=[${host.ipv6}]:19532`,
        "FreeBind=yes",
      ]),
      textFile(service, [
        "[Service]",
        `LoadCredential=host.key:${HOST_KEY}`,
        `Environment=GNUTLS_SYSTEM_PRIORITY_FILE=${gnutls}`,
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
      { name: `${RECEIVER}.socket`, reload: [], restart: [socket], carriesCalls: false },
      {
        name: `${RECEIVER}.service`,
        reload: [],
        restart: [config, service, gnutls, CA_FILE, HOST_CERTIFICATE, HOST_KEY],
        carriesCalls: false,
      },
    ],
    masked: [],
    checks: [],
  };
}
