import type { Blueprint, Host } from "../../planning/blueprint/index.ts";
import { type Fragment, type Programs, reference } from "../configuration/index.ts";
import { programFiles, pythonCheck, rawFile, settingsOf, textFile } from "../host/index.ts";
import { sandbox } from "../sandbox/index.ts";
import { authorsOf } from "./authors.ts";
import { RECEIVER, senderAddress } from "./receiver.ts";
import { LIBRARY, oneshot, timer } from "./units.ts";

const NAME = "polder-journal-split";
const PROGRAM = `${LIBRARY}/${NAME}`;
export const JOURNAL = `${LIBRARY}/polder_journal.py`;
const INCIDENT = "/usr/local/sbin/polder-incident";
const TRIM = "polder-journal-trim";

const RECIPIENTS = "/etc/polder/monitor";
const KEEPERS = `${RECIPIENTS}/keepers.recipient`;

/**
 * Two stores of sealed files, each with a term and a key of its own: operations and security. What
 * came in lies in clear for a day at most. Security is sealed to its keepers first, and what comes of
 * that as operations is, to a key in the instance's vault: an admin and a keeper open it together.
 */
export function stores(blueprint: Blueprint, own: Host, programs: Programs): Fragment {
  const { retention, hosts, logKeepers } = blueprint;
  const days = {
    operations: retention.operationsDays,
    security: retention.securityDays,
    incidents: retention.incidentDays,
  };
  const senders = hosts.filter(({ role }) => role !== "monitor");
  const journal = {
    // By the address that a host's journal comes from.
    hosts: Object.fromEntries(senders.map((host) => [senderAddress(host), host.name])),
    own: own.name,
    authors: authorsOf(blueprint),
  };
  const recipient = (store: string) => `${RECIPIENTS}/${store}.recipient`;
  const kept = logKeepers.length > 0;
  const seals = {
    operations: [recipient("operations")],
    security: [...(kept ? [KEEPERS] : []), recipient("security")],
  };
  const folders = Object.keys(days).map((store) => `/srv/logs/${store}`);
  return {
    packages: { install: ["age", "python3"], absent: [] },
    files: [
      ...programFiles(programs, "monitor/programs/polder_journal.py", JOURNAL, journal, "0644"),
      ...programFiles(programs, "monitor/programs/split.py", PROGRAM, { days, seals }),
      ...programFiles(programs, "monitor/programs/incident.py", INCIDENT),
      ...["operations", "security"].map((store) =>
        rawFile(recipient(store), reference(`monitor/${store}.recipient`)),
      ),
      ...(kept
        ? [
            textFile(
              KEEPERS,
              logKeepers.flatMap(({ name, age }) => [`# ${name}`, age]),
            ),
          ]
        : []),
      oneshot(NAME, "Seals new journal entries into two stores", [
        `ExecStartPre=+/usr/bin/install -d -m 0750 -o ${RECEIVER} -g ${RECEIVER} ${folders.join(" ")}`,
        `ExecStart=${PROGRAM}`,
        `User=${RECEIVER}`,
        "SupplementaryGroups=systemd-journal",
        "StateDirectory=polder-journal",
        ...sandbox({ writable: ["-/srv/logs"] }),
        // Nobody else's, but the group may list and copy what is sealed.
        "UMask=0027",
      ]),
      timer(NAME, ["OnBootSec=2min", "OnUnitActiveSec=10min"]),
      textFile(`/etc/systemd/system/${TRIM}.service`, [
        "[Unit]",
        "Description=Deletes received journals that are sealed, so that none lies in clear for over a day",
        "",
        "[Service]",
        "Type=oneshot",
        "# Hosts keep their own journals and send again from where they were.",
        `ExecStart=/usr/bin/systemctl stop ${RECEIVER}.socket ${RECEIVER}.service`,
        `ExecStart=-/usr/bin/systemctl start polder-alarm.service`,
        `ExecStart=/usr/bin/systemctl start ${NAME}.service`,
        "# Cursors, too: a new file is read from its start.",
        "ExecStart=/usr/bin/find /var/log/journal/remote -name remote-*.journal -delete",
        "ExecStart=/usr/bin/find /var/lib/polder-journal /var/lib/private/polder-alarm" +
          ` -name *.cursor ! -name ${own.name}.cursor -delete`,
        `ExecStopPost=/usr/bin/systemctl start ${RECEIVER}.socket`,
      ]),
      timer(TRIM, ["OnCalendar=*-*-* 02:40"]),
    ],
    units: [NAME, TRIM].map((name) => ({
      name: `${name}.timer`,
      reload: [],
      restart: [`/etc/systemd/system/${name}.timer`],
      carriesCalls: false,
    })),
    masked: [],
    checks: [
      pythonCheck(programs, "monitor-split", [
        ...[PROGRAM, JOURNAL].flatMap((path) => [path, settingsOf(path)]),
        INCIDENT,
      ]),
    ],
  };
}
