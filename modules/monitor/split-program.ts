/** Days that each store keeps what it has; incidents: what was set aside from the other two. */
export interface Terms {
  readonly operations: number;
  readonly security: number;
  readonly incidents: number;
}

export const splitProgram = (days: Terms, mark: string): string => `#!/usr/bin/python3
${mark}
"""Sorts new journal entries into two sealed stores, and deletes what is older than its term."""

import datetime
import json
import os
import shutil
import subprocess
import sys

from polder_journal import Cursor, number, sources, text

STORES = "/srv/logs"
STATE = "/var/lib/polder-journal"
RECIPIENTS = "/etc/polder/monitor"
DAYS = {"operations": ${days.operations}, "security": ${days.security}, "incidents": ${days.incidents}}

# auth and authpriv (RFC 5424, 6.2.1: 4 and 10).
FACILITIES = {4, 10}
PROGRAMS = ("sudo", "su", "sshd", "sshd-session", "sshd-auth", "systemd-logind", "polder-")
FIELDS = {
    "__REALTIME_TIMESTAMP": "at",
    "SYSLOG_IDENTIFIER": "program",
    "_SYSTEMD_UNIT": "unit",
    "PRIORITY": "priority",
    "SYSLOG_FACILITY": "facility",
    "_PID": "pid",
    "_UID": "uid",
    "MESSAGE": "message",
}


def store_of(entry):
    """Whose business an entry is: who logged in and did what, or how things run."""
    name = text(entry, "SYSLOG_IDENTIFIER")
    by_name = any(name == p or (p.endswith("-") and name.startswith(p)) for p in PROGRAMS)
    audited = text(entry, "_TRANSPORT") == "audit"
    by_facility = number(entry, "SYSLOG_FACILITY", -1) in FACILITIES
    return "security" if by_name or by_facility or audited else "operations"


def line_of(host, entry):
    kept = {name: entry[field] for field, name in FIELDS.items() if field in entry}
    return json.dumps({"host": host, **kept}, ensure_ascii=False) + "\\n"


class Sealed:
    """A file that only the holder of the store's identity can read; there when it is whole."""

    def __init__(self, store, now):
        folder = os.path.join(STORES, store, now.strftime("%Y-%m-%d"))
        os.makedirs(folder, mode=0o750, exist_ok=True)
        self.path = os.path.join(folder, now.strftime("%H%M%S.%f.jsonl.age"))
        recipient = os.path.join(RECIPIENTS, f"{store}.recipient")
        command = ["age", "-R", recipient, "-o", self.path + ".part"]
        self.program = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)

    def close(self):
        self.program.stdin.close()
        if self.program.wait() != 0:
            raise RuntimeError(f"age ended with {self.program.returncode}")
        with open(self.path + ".part", "rb") as file:
            os.fsync(file.fileno())
        os.replace(self.path + ".part", self.path)


def split(now, state=STATE):
    files, cursors = {}, []
    for host, arguments in sources().items():
        cursor = Cursor(state, host)
        for entry in cursor.entries(arguments):
            store = store_of(entry)
            if store not in files:
                files[store] = Sealed(store, now)
            files[store].program.stdin.write(line_of(host, entry))
        cursors.append(cursor)
    for file in files.values():
        file.close()
    # Only now: after a crash entries come twice, never not at all.
    for cursor in cursors:
        cursor.safe()


def expired(folders, today, days):
    """Days' folders whose last entry is older than the term."""
    last = (today - datetime.timedelta(days=days)).isoformat()
    return [folder for folder in folders if len(folder) == 10 and folder < last]


def delete(today):
    for store, days in DAYS.items():
        folder = os.path.join(STORES, store)
        for old in expired(os.listdir(folder), today, days):
            shutil.rmtree(os.path.join(folder, old))


def main():
    now = datetime.datetime.now(datetime.timezone.utc)
    # Old ones first: a full disk must not keep itself full.
    delete(now.date())
    split(now)


if __name__ == "__main__":
    sys.exit(main())
`;
