import {
  type Fragment,
  type Programs,
  reference,
} from "../../modules/hosts/configuration/index.ts";
import { gateHosts } from "../../modules/hosts/gate/index.ts";
import {
  CA_FILE,
  programFiles,
  pythonCheck,
  rawFile,
  settingsOf,
  textFile,
} from "../../modules/hosts/host/index.ts";
import { sandbox } from "../../modules/hosts/sandbox/index.ts";
import { type Blueprint, type Host, PORTS } from "../../modules/planning/blueprint/index.ts";
import { standInPrograms } from "./programs.ts";

const NAME = "polder-focus-stand-in";
const PROGRAM = `/usr/local/lib/polder/${NAME}`;
const UNIT = `/etc/systemd/system/${NAME}.service`;
const PASSWORD = "/etc/polder/focus/password";

/** Jicofo's place on a control host: somebody on its account who opens rooms. */
export function focusFragment(blueprint: Blueprint, host: Host, programs: Programs): Fragment {
  const { auth, conference } = gateHosts(blueprint);
  const where = {
    address: host.ipv4,
    port: PORTS.xmpp,
    host: host.name,
    ca: CA_FILE,
    auth,
    conference,
  };
  return {
    packages: { install: ["python3"], absent: [] },
    files: [
      ...programFiles(standInPrograms(), "programs/focus.py", PROGRAM, where),
      rawFile(PASSWORD, reference("prosody/focus-password"), { mode: "0600" }),
      textFile(UNIT, [
        "[Unit]",
        "Description=Stands in for Jicofo: opens the rooms that are asked for",
        "After=prosody.service",
        "# Prosody comes and goes; this tries again for as long as it takes.",
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        `ExecStart=${PROGRAM}`,
        "DynamicUser=yes",
        "# A file that only it sees, never an argument or a variable.",
        `LoadCredential=password:${PASSWORD}`,
        "Restart=always",
        "RestartSec=2",
        "MemoryMax=64M",
        "TasksMax=4",
        ...sandbox({ families: ["AF_UNIX", "AF_INET", "AF_INET6"] }),
        "",
        "[Install]",
        "WantedBy=multi-user.target",
      ]),
    ],
    units: [
      {
        name: `${NAME}.service`,
        reload: [],
        restart: [PROGRAM, settingsOf(PROGRAM), UNIT, PASSWORD, CA_FILE],
        carriesCalls: false,
      },
    ],
    masked: [],
    checks: [pythonCheck(programs, "focus-stand-in", [PROGRAM, settingsOf(PROGRAM)])],
  };
}
