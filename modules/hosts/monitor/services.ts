import { LENGTH } from "../../meetings/rooms/index.ts";
import {
  type Blueprint,
  type Host,
  hostsWith,
  instancePorts,
  namesBelow,
} from "../../planning/blueprint/index.ts";
import { type Fragment, type Programs, reference } from "../configuration/index.ts";
import { CA_FILE, programFiles, pythonCheck, rawFile, settingsOf } from "../host/index.ts";
import { controlOf } from "../nginx/index.ts";
import { sandbox } from "../sandbox/index.ts";
import { listening } from "../turn/index.ts";
import { LIBRARY, oneshot, timer, WARN_DAYS } from "./units.ts";

const NAME = "polder-services";
const PROGRAM = `${LIBRARY}/${NAME}`;
const LOGIN = "/etc/polder/monitor/turn-login";

/**
 * The monitor looks at the services every minute, as their users do. It has no account and no meeting's
 * token: of Prosody it sees the offer of a login, of the gate its refusal. For relays it has one login of its
 * own, never the secret that logins are made from.
 */
export function services(blueprint: Blueprint, own: Host, programs: Programs): Fragment {
  const { domain, certificates } = blueprint;
  const of = (role: Host["role"], address = ({ ipv4 }: Host) => ipv4) =>
    hostsWith(blueprint, role).map((host) => ({ host: host.name, address: address(host) }));
  const turn = of("turn", (host) => listening(blueprint, host)[0] ?? host.ipv4);
  const names = namesBelow(domain);
  const controls = hostsWith(blueprint, "control");
  /** A name in a control host's shard that is never issued: no issued one has a u. */
  const roomAt = ({ id }: Host): string => {
    for (let i = 0; ; i++) {
      const room = `watch${i}`.padEnd(LENGTH, "u");
      if (controlOf(blueprint, room).id === id) return room;
    }
  };
  const settings = {
    domain,
    names: { auth: names.auth, turn: names.turn },
    ports: instancePorts(blueprint),
    web: controls.map((control) => ({
      host: control.name,
      address: control.ipv4,
      // One stays at this host, since it is no name; one goes to each of the others.
      rooms: ["watch", ...controls.filter(({ id }) => id !== control.id).map(roomAt)],
    })),
    turn,
    // A real bridge answers calls alone, so that nothing comes back from it; how it is, it says itself (watch.ts).
    bridges: blueprint.jitsi ? [] : of("bridge"),
    own: { host: own.name, address: own.ipv4 },
    ca: CA_FILE,
    // The CA certifies the public names, too: else a public one does.
    ownCaOnly: certificates.source === "instance-ca",
    warnDays: WARN_DAYS,
  };
  return {
    packages: { install: ["python3", "ca-certificates"], absent: [] },
    files: [
      ...programFiles(programs, "monitor/programs/services.py", PROGRAM, settings),
      ...(turn.length > 0
        ? [rawFile(LOGIN, reference("turn/monitor-login"), { mode: "0600" })]
        : []),
      oneshot(NAME, "Looks at each service as its users do", [
        `ExecStart=${PROGRAM}`,
        "TimeoutStartSec=55",
        "DynamicUser=yes",
        `SyslogIdentifier=${NAME}`,
        ...(turn.length > 0 ? [`LoadCredential=turn-login:${LOGIN}`] : []),
        ...sandbox({ families: ["AF_UNIX", "AF_INET", "AF_INET6"] }),
      ]),
      timer(NAME, ["OnBootSec=45s", "OnUnitActiveSec=1min"]),
    ],
    units: [
      {
        name: `${NAME}.timer`,
        reload: [],
        restart: [`/etc/systemd/system/${NAME}.timer`],
        carriesCalls: false,
      },
    ],
    masked: [],
    checks: [pythonCheck(programs, "monitor-services", [PROGRAM, settingsOf(PROGRAM)])],
  };
}
