import { type Blueprint, type Host, PORTS } from "../../planning/blueprint/index.ts";
import type { Fragment, Programs, Unit } from "../configuration/index.ts";
import { CA_FILE, HOST_CERTIFICATE, programFiles, pythonCheck, settingsOf } from "../host/index.ts";
import { sandbox } from "../sandbox/index.ts";
import { LIBRARY, oneshot, timer, WARN_DAYS } from "./units.ts";

export const WATCH = "polder-watch";
const PROGRAM = `${LIBRARY}/${WATCH}`;

/** The first certificate of each file: what a program shows to others, or trusts. */
const FILES: Readonly<Partial<Record<Host["role"], readonly string[]>>> = {
  control: ["/etc/nginx/tls/web.crt"],
  turn: ["/etc/coturn/turn.crt"],
};

/** Where a program of Jitsi's says on loopback how it is, and which of its metrics must be at least how much. */
interface Health {
  readonly name: string;
  readonly address: string;
  readonly least?: Readonly<Record<string, number>>;
}

/** A bridge's own word of health says nothing of its login at Prosody, so its rooms are counted (seen 2026-11-24). */
const HEALTH: Readonly<Partial<Record<Host["role"], Health>>> = {
  bridge: {
    name: "videobridge",
    address: `http://127.0.0.1:${PORTS.bridgeRest}/metrics`,
    least: { jitsi_jvb_healthy: 1, jitsi_jvb_mucs_joined: 1 },
  },
  control: { name: "jicofo", address: `http://127.0.0.1:${PORTS.focusRest}/about/health` },
};

/** What can be a file system of its own, by the image, by the cloud's volumes, by systemd. */
const FOLDERS = [
  "/",
  "/boot",
  "/var",
  "/var/log",
  "/var/log/journal",
  "/var/lib",
  "/srv",
  "/srv/data",
  "/srv/logs",
  "/run",
];

/**
 * Every host says each minute in its journal what is wrong on it: units, disks, certificates. It alone
 * knows; what can be seen from outside, the monitor sees itself.
 *
 * @param units of the whole host
 */
export function watchFragment(
  { jitsi }: Blueprint,
  host: Host,
  units: readonly Unit[],
  programs: Programs,
): Fragment {
  const own = `${WATCH}.timer`;
  const health = jitsi ? host.roles.flatMap((role) => HEALTH[role] ?? []) : [];
  const watched = {
    units: [...new Set([...units.map(({ name }) => name), own])].sort(),
    certificates: [HOST_CERTIFICATE, CA_FILE, ...host.roles.flatMap((role) => FILES[role] ?? [])],
    folders: FOLDERS,
    warnDays: WARN_DAYS,
    health,
  };
  return {
    packages: { install: ["openssl", "python3", "dbus"], absent: [] },
    files: [
      ...programFiles(programs, "monitor/programs/watch.py", PROGRAM, watched),
      oneshot(WATCH, "Says what is wrong on this host", [
        `ExecStart=${PROGRAM}`,
        "TimeoutStartSec=50",
        "# Root without a capability, by systemd's own socket: D-Bus takes no account that NSS doesn't know, and",
        "# without libnss-systemd that is each of DynamicUser= (Debian 13: Transport endpoint is not connected).",
        `SyslogIdentifier=${WATCH}`,
        ...sandbox(health.length > 0 ? { families: ["AF_UNIX", "AF_INET"] } : {}),
      ]),
      timer(WATCH, ["OnBootSec=30s", "OnUnitActiveSec=1min"]),
    ],
    units: [
      {
        name: own,
        reload: [],
        restart: [`/etc/systemd/system/${own}`],
        carriesCalls: false,
      },
    ],
    masked: [],
    checks: [pythonCheck(programs, "watch", [PROGRAM, settingsOf(PROGRAM)])],
  };
}
