import type { Fragment, Programs } from "../../modules/hosts/configuration/index.ts";
import { programFiles, pythonCheck, settingsOf, textFile } from "../../modules/hosts/host/index.ts";
import { sandbox } from "../../modules/hosts/sandbox/index.ts";
import {
  type Blueprint,
  carries,
  type Host,
  PORTS,
  privateAddresses,
} from "../../modules/planning/blueprint/index.ts";
import { standInPrograms } from "./programs.ts";

const NAME = "polder-bridge-stand-in";
const PROGRAM = `/usr/local/lib/polder/${NAME}`;
const UNIT = `/etc/systemd/system/${NAME}.service`;

/** A bridge host without Jitsi's videobridge: something that hears media and answers the relays. */
export function bridgeFragment({ hosts }: Blueprint, _host: Host, programs: Programs): Fragment {
  const peers = hosts
    .filter((host) => carries(host, "turn") || carries(host, "bridge"))
    .flatMap(privateAddresses);
  return {
    packages: { install: ["python3"], absent: [] },
    files: [
      ...programFiles(standInPrograms(), "programs/bridge.py", PROGRAM, {
        port: PORTS.media,
        peers,
      }),
      textFile(UNIT, [
        "[Unit]",
        "Description=Stands in for Jitsi's videobridge: echoes datagrams to the turn and bridge hosts",
        "After=network-online.target",
        "Wants=network-online.target",
        "",
        "[Service]",
        `ExecStart=${PROGRAM}`,
        "DynamicUser=yes",
        "Restart=always",
        "RestartSec=1",
        "MemoryMax=64M",
        "TasksMax=4",
        ...sandbox({ families: ["AF_INET", "AF_INET6"] }),
        "",
        "[Install]",
        "WantedBy=multi-user.target",
      ]),
    ],
    units: [
      {
        name: `${NAME}.service`,
        reload: [],
        restart: [PROGRAM, settingsOf(PROGRAM), UNIT],
        carriesCalls: true,
      },
    ],
    masked: [],
    checks: [pythonCheck(programs, "bridge-stand-in", [PROGRAM, settingsOf(PROGRAM)])],
  };
}
