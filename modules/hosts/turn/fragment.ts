import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import { type Fragment, type Programs, reference } from "../configuration/index.ts";
import { programFiles, rawFile, textFile } from "../host/index.ts";
import { awaitAddresses, sandbox } from "../sandbox/index.ts";
import { opensslConfig } from "../tls/index.ts";
import { CERTIFICATE, DATABASE, KEY, LIVE, listening, turnConfig, turnDatabase } from "./config.ts";
import { turnLimits } from "./limits.ts";

const CONFIG = "/etc/turnserver.conf";
const OPENSSL = "/etc/coturn/openssl.cnf";
const TRIAL = "/usr/local/lib/polder/coturn-trial";
const UNIT = "coturn.service";
const DROP_IN = `/etc/systemd/system/${UNIT}.d/polder.conf`;
const READ_LIVE = `/usr/bin/sqlite3 -init /dev/null -bail ${DATABASE} ".read ${LIVE}"`;
const PRIVATE = { group: "turnserver", mode: "0640" } as const;

/** The relay of a turn host. */
export function turnFragment(blueprint: Blueprint, host: Host, programs: Programs): Fragment {
  const { memoryMiB, descriptors } = turnLimits(blueprint);
  return {
    packages: { install: ["coturn", "openssl", "iproute2", "sqlite3"], absent: [] },
    files: [
      textFile(CONFIG, turnConfig(blueprint, host), PRIVATE),
      textFile(LIVE, turnDatabase(blueprint), { ...PRIVATE, comment: "--" }),
      rawFile(CERTIFICATE, reference("turn/tls.crt")),
      rawFile(KEY, reference("turn/tls.key"), PRIVATE),
      textFile(OPENSSL, opensslConfig()),
      ...programFiles(programs, "turn/programs/trial-start.sh", TRIAL),
      textFile(DROP_IN, [
        "[Unit]",
        "# Its addresses must be there before it binds to them.",
        "After=network-online.target",
        "Wants=network-online.target",
        "",
        "[Service]",
        "# Groups and signatures, for which coturn has no setting.",
        `Environment=OPENSSL_CONF=${OPENSSL}`,
        "RuntimeDirectory=turnserver",
        "RuntimeDirectoryMode=0700",
        `ExecStartPre=${READ_LIVE}`,
        "# Secrets and peers; certificate and key (coturn's README.turnserver, SIGUSR2). Keeps every relay.",
        `ExecReload=${READ_LIVE}`,
        "ExecReload=/bin/kill -USR2 $MAINPID",
        "Restart=on-failure",
        "RestartSec=2",
        `LimitNOFILE=${descriptors}`,
        "# What a flood may take of the host; it starts anew then.",
        `MemoryMax=${memoryMiB}M`,
        awaitAddresses([...new Set([...listening(blueprint, host), host.ipv4])]),
        ...sandbox({
          capabilities: ["CAP_NET_BIND_SERVICE"],
          families: ["AF_UNIX", "AF_INET", "AF_INET6"],
        }),
      ]),
    ],
    units: [
      {
        name: UNIT,
        reload: [CERTIFICATE, KEY, LIVE],
        restart: [CONFIG, OPENSSL, DROP_IN],
        carriesCalls: true,
      },
    ],
    masked: [],
    checks: [{ id: "turn-trial-start", command: [TRIAL, CONFIG, OPENSSL, LIVE] }],
  };
}
