import type { Blueprint } from "../blueprint/index.ts";
import { rawFile } from "../host/index.ts";
import { sandbox } from "../sandbox/index.ts";
import { heading, reference, type TreePart } from "../tree/index.ts";
import { alarmProgram } from "./alarm-program.ts";
import { RECEIVER } from "./receiver.ts";
import { compiles, LIBRARY, oneshot, timer } from "./units.ts";

const NAME = "polder-alarm";
const PROGRAM = `${LIBRARY}/${NAME}`;
const TOKEN = "/etc/polder/monitor/alarm-token";

/**
 * Refusals in five minutes that are more than mistakes: an old link here and there is refused a few
 * times, a count through names a few times a second. Assumed; an instance with more people has more
 * mistakes.
 */
const refusalsOf = ({ sizing: { total } }: Blueprint): number =>
  Math.max(60, Math.ceil(total.people / 10));

/** Alarms to the instance's webhook; nothing where the file names none. */
export function alarms(blueprint: Blueprint): TreePart {
  const { alarms: to, instance, hosts } = blueprint;
  if (!to) return {};
  const program = {
    instance,
    webhook: to.webhook,
    hosts: hosts.filter(({ role }) => role !== "monitor").map(({ name }) => name),
    refusals: refusalsOf(blueprint),
  };
  return {
    packages: { install: ["python3", "ca-certificates"], absent: [] },
    files: [
      rawFile(PROGRAM, alarmProgram(program, heading()), { mode: "0755" }),
      rawFile(TOKEN, reference("alarm/token"), { mode: "0600" }),
      oneshot(NAME, "Tells people what turned red", [
        `ExecStart=${PROGRAM}`,
        "DynamicUser=yes",
        `SupplementaryGroups=${RECEIVER} systemd-journal`,
        "StateDirectory=polder-alarm",
        "# A file that only it sees, never an argument or a variable.",
        `LoadCredential=token:${TOKEN}`,
        ...sandbox({ families: ["AF_UNIX", "AF_INET", "AF_INET6"] }),
      ]),
      timer(NAME, ["OnBootSec=1min", "OnUnitActiveSec=1min"]),
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
    checks: [compiles("monitor-alarm", [PROGRAM])],
  };
}
