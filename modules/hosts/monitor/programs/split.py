#!/usr/bin/python3
"""Sorts new journal entries into two sealed stores, and deletes what is older than its term."""

import datetime
import json
import os
import shutil
import subprocess
import sys

from polder_journal import AUTHORS, Cursor, author, number, parsed, sources, text

# What differs between instances.
with open(os.path.realpath(__file__) + ".json", encoding="utf-8") as file:
    SETTINGS = json.load(file)

STORES = "/srv/logs"
STATE = "/var/lib/polder-journal"
DAYS = SETTINGS["days"]
SEALS = SETTINGS["seals"]

# auth and authpriv (RFC 5424, 6.2.1: 4 and 10).
FACILITIES = {4, 10}
PROGRAMS = {"sudo", "su", "sshd", "sshd-session", "sshd-auth", "systemd-logind", *AUTHORS}
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
    by_name = text(entry, "SYSLOG_IDENTIFIER") in PROGRAMS
    audited = text(entry, "_TRANSPORT") == "audit"
    by_facility = number(entry, "SYSLOG_FACILITY", -1) in FACILITIES
    # The packet filter's lines hold addresses of whoever tried to connect.
    filtered = text(entry, "_TRANSPORT") == "kernel" and text(entry, "MESSAGE").startswith("polder-")
    return "security" if by_name or by_facility or audited or filtered else "operations"


def line_of(host, entry):
    """What is kept of an entry. "author" stands only where host, unit and account are those of the name."""
    kept = {name: entry[field] for field, name in FIELDS.items() if field in entry}
    by = author(host, entry)
    return json.dumps({"host": host, **({"author": by} if by else {}), **kept}, ensure_ascii=False) + "\n"


def sorted_out(host, line):
    """The store of a line of journalctl's, and what is kept of it. What can't be read is security's, as it is."""
    entry = parsed(line)
    if entry is None:
        return "security", json.dumps({"host": host, "unread": line[:4096].decode("utf-8", "replace")}) + "\n"
    return store_of(entry), line_of(host, entry)


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
        self.programs[0].stdin.write(line.encode("utf-8", "replace"))

    def close(self):
        self.programs[0].stdin.close()
        codes = [program.wait() for program in self.programs]
        if any(codes):
            raise RuntimeError(f"age ended with {codes}")
        with open(self.path + ".part", "rb") as file:
            os.fsync(file.fileno())
        os.replace(self.path + ".part", self.path)


def split(now, state=STATE):
    """Seals what is new, and names the hosts whose journals can't be read: the others' are sealed all the same."""
    files, cursors, failed = {}, [], []
    for host, arguments in sources().items():
        cursor = Cursor(state, host)
        lines = cursor.lines(arguments)
        while True:
            try:
                line = next(lines, None)
            except (OSError, RuntimeError) as error:
                print(f"<3>{host}: its journal can't be read: {error}", flush=True)
                failed.append(host)
                break
            if line is None:
                cursors.append(cursor)
                break
            store, kept = sorted_out(host, line)
            if store not in files:
                files[store] = Sealed(store, now)
            files[store].write(kept)
    for file in files.values():
        file.close()
    # Only now: after a crash entries come twice, never not at all.
    for cursor in cursors:
        cursor.safe()
    return failed


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
    now = datetime.datetime.now(datetime.UTC)
    # Old ones first: a full disk must not keep itself full.
    delete(now.date())
    return 1 if split(now) else 0


if __name__ == "__main__":
    sys.exit(main())
