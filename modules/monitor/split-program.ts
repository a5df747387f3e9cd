/** Days that each store keeps what it has; incidents: what was set aside from the other two. */
export interface Terms {
  readonly operations: number;
  readonly security: number;
  readonly incidents: number;
}

/** Each store's files of recipients, the innermost seal's first. */
export interface Seals {
  readonly operations: readonly string[];
  readonly security: readonly string[];
}

export const splitProgram = (days: Terms, seals: Seals, mark: string): string => `#!/usr/bin/python3
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
DAYS = {"operations": ${days.operations}, "security": ${days.security}, "incidents": ${days.incidents}}
SEALS = ${JSON.stringify(seals)}

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
    """A file in as many seals of age as its store has: each opens for its own recipients, nothing lies
    unsealed in between, and each adds one .age to the name. It is there when it is whole."""

    def __init__(self, store, now):
        folder = os.path.join(STORES, store, now.strftime("%Y-%m-%d"))
        os.makedirs(folder, mode=0o750, exist_ok=True)
        self.path = os.path.join(folder, now.strftime("%H%M%S.%f.jsonl") + ".age" * len(SEALS[store]))
        self.programs = []
        with open(self.path + ".part", "wb") as file:
            for recipients in SEALS[store]:
                before = self.programs[-1].stdout if self.programs else subprocess.PIPE
                last = len(self.programs) + 1 == len(SEALS[store])
                command = ["age", "--encrypt", "--recipients-file", recipients]
                out = file if last else subprocess.PIPE
                self.programs.append(subprocess.Popen(command, stdin=before, stdout=out))
                if before != subprocess.PIPE:
                    # The next one's alone now, so that it learns when this one ends.
                    before.close()

    def write(self, line):
        self.programs[0].stdin.write(line.encode())

    def close(self):
        self.programs[0].stdin.close()
        codes = [program.wait() for program in self.programs]
        if any(codes):
            raise RuntimeError(f"age ended with {codes}")
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
            files[store].write(line_of(host, entry))
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
