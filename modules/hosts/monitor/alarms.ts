import type { Blueprint } from "../../planning/blueprint/index.ts";
import { type Fragment, type Programs, reference } from "../configuration/index.ts";
import { programFiles, pythonCheck, rawFile, settingsOf } from "../host/index.ts";
import { sandbox } from "../sandbox/index.ts";
import { RECEIVER } from "./receiver.ts";
import { LIBRARY, oneshot, timer } from "./units.ts";

const NAME = "polder-alarm";
const PROGRAM = `${LIBRARY}/${NAME}`;
const HEARTBEAT = "polder-heartbeat";
const BEATS = `${LIBRARY}/${HEARTBEAT}`;
const MODULE = `${LIBRARY}/polder_webhook.py`;
const TOKEN = "/etc/polder/monitor/alarm-token";

/**
 * Refusals in five minutes that are more than mistakes: an old link here and there is refused a few
 * times, a count through names a few times a second. Assumed; an instance with more people has more
 * mistakes.
 */
const refusalsOf = ({ sizing: { total } }: Blueprint): number =>
  Math.max(60, Math.ceil(total.people / 10));

/** One account for both, which share a folder in memory. */
const ACCOUNT = [
  `User=${NAME}`,
  "DynamicUser=yes",
  `RuntimeDirectory=${NAME}`,
  "RuntimeDirectoryPreserve=yes",
  "# A file that only it sees, never an argument or a variable.",
  `LoadCredential=token:${TOKEN}`,
];

/** Alarms to the instance's webhook; nothing where the file names none. */
export function alarms(blueprint: Blueprint, programs: Programs): Fragment {
  const { alarms: to, instance, hosts } = blueprint;
  if (!to) return {};
  const settings = { hosts: hosts.map(({ name }) => name), refusals: refusalsOf(blueprint) };
  const webhook = { instance, webhook: to.webhook };
  const families = ["AF_UNIX", "AF_INET", "AF_INET6"] as const;
  return {
    packages: { install: ["python3", "ca-certificates"], absent: [] },
    files: [
      ...programFiles(programs, "monitor/programs/polder_webhook.py", MODULE, webhook, "0644"),
      ...programFiles(programs, "monitor/programs/alarm.py", PROGRAM, settings),
      ...programFiles(programs, "monitor/programs/heartbeat.py", BEATS),
      rawFile(TOKEN, reference("alarm/token"), { mode: "0600" }),
      oneshot(NAME, "Tells people what turned red", [
        `ExecStart=${PROGRAM}`,
        "# What hangs is ended, and begins anew in the next minute.",
        "TimeoutStartSec=4min",
        ...ACCOUNT,
        `SupplementaryGroups=${RECEIVER} systemd-journal`,
        `StateDirectory=${NAME}`,
        ...sandbox({ families }),
      ]),
      timer(NAME, ["OnBootSec=1min", "OnUnitActiveSec=1min"]),
      oneshot(HEARTBEAT, "Tells the webhook that alarms would come", [
        `ExecStart=${BEATS}`,
        "TimeoutStartSec=50",
        ...ACCOUNT,
        ...sandbox({ families }),
      ]),
      timer(HEARTBEAT, ["OnBootSec=90s", "OnUnitActiveSec=1min"]),
    ],
    units: [NAME, HEARTBEAT].map((name) => ({
      name: `${name}.timer`,
      reload: [],
      restart: [`/etc/systemd/system/${name}.timer`],
      carriesCalls: false,
    })),
    masked: [],
    checks: [
      pythonCheck(programs, "monitor-alarm", [
        ...[PROGRAM, MODULE].flatMap((path) => [path, settingsOf(path)]),
        BEATS,
      ]),
    ],
  };
}
