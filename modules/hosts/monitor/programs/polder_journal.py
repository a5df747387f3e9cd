"""Reads new journal entries, each host's from where it was read last, and tells who wrote one."""

import glob
import json
import os
import re
import shutil
import subprocess

# What differs between instances.
with open(os.path.realpath(__file__) + ".json", encoding="utf-8") as file:
    SETTINGS = json.load(file)

REMOTE = "/var/log/journal/remote"
# journal-remote names a file after the address that it comes from, and moves full ones aside.
HOSTS = SETTINGS["hosts"]
OWN = SETTINGS["own"]
# Who may write under an identifier that counts: from these hosts, in this unit, by these accounts.
AUTHORS = SETTINGS["authors"]


def sources(remote=REMOTE):
    """Each host that has sent anything, and how journalctl is asked for it."""
    found = {OWN: []}
    for address, host in HOSTS.items():
        # The dot or the at: 10.1's files aren't 10.11's.
        files = [f"{remote}/remote-{address}{rest}" for rest in (".journal", "@*.journal")]
        there = [file for file in files if glob.glob(file)]
        if there:
            found[host] = [f"--file={file}" for file in there]
    return found


def parsed(line):
    """An entry as a dictionary of journal fields; None for what is none."""
    try:
        entry = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


class Cursor:
    """Where one host was read to. Moves on only when its reader calls what was read safe."""

    def __init__(self, folder, host, most=None):
        self.most = [] if most is None else [f"--lines=+{most}"]
        self.path = os.path.join(folder, f"{host}.cursor")
        self.next = f"{self.path}.next"

    def lines(self, arguments):
        """New entries, a line of journalctl's JSON each."""
        if os.path.exists(self.path):
            shutil.copyfile(self.path, self.next)
        elif os.path.exists(self.next):
            os.unlink(self.next)
        command = ["journalctl", *arguments, *self.most, "--quiet", "--output=json", f"--cursor-file={self.next}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as program:
            yield from program.stdout
        if program.returncode != 0:
            raise RuntimeError(f"journalctl ended with {program.returncode}")

    def safe(self):
        if os.path.exists(self.next):
            os.replace(self.next, self.path)


def number(entry, field, otherwise):
    try:
        return int(entry[field])
    except (KeyError, TypeError, ValueError, OverflowError):
        return otherwise


def text(entry, field):
    value = entry.get(field)
    return value if isinstance(value, str) else ""


def author(host, entry):
    """The identifier of an entry that is from whom it says; "" for all others."""
    name = text(entry, "SYSLOG_IDENTIFIER")
    if name not in AUTHORS:
        return ""
    known = AUTHORS[name]
    first, last = known["uids"]
    is_own = (
        host in known["hosts"]
        and re.fullmatch(known["unit"], text(entry, "_SYSTEMD_UNIT"))
        and first <= number(entry, "_UID", -1) <= last
    )
    return name if is_own else ""


def is_forged(host, entry):
    """Whether somebody else writes under an identifier that counts."""
    return text(entry, "SYSLOG_IDENTIFIER") in AUTHORS and not author(host, entry)
