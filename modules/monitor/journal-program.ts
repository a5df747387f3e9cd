/**
 * What both programs of the monitor share: reading journals from where they were last read.
 *
 * @param hosts the name of each host, by the address that its journal comes from
 * @param own the name of the monitor itself, whose journal is already here
 */
export const journalModule = (
  hosts: Readonly<Record<string, string>>,
  own: string,
  mark: string,
): string => `${mark}
"""Reads new journal entries, each host's from where it was read last."""

import glob
import json
import os
import shutil
import subprocess

REMOTE = "/var/log/journal/remote"
# journal-remote names a file after the address that it comes from, and moves full ones aside.
HOSTS = ${JSON.stringify(hosts, null, 4)}
OWN = ${JSON.stringify(own)}


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


class Cursor:
    """Where one host was read to. Moves on only when it is told that what was read is safe."""

    def __init__(self, folder, host):
        self.path = os.path.join(folder, f"{host}.cursor")
        self.next = f"{self.path}.next"

    def entries(self, arguments):
        """New entries, as dictionaries of journal fields; a field that is no text is left as it is."""
        if os.path.exists(self.path):
            shutil.copyfile(self.path, self.next)
        elif os.path.exists(self.next):
            os.unlink(self.next)
        command = ["journalctl", *arguments, "--quiet", "--output=json", f"--cursor-file={self.next}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
            for line in program.stdout:
                yield json.loads(line)
        if program.returncode != 0:
            raise RuntimeError(f"journalctl ended with {program.returncode}")

    def safe(self):
        if os.path.exists(self.next):
            os.replace(self.next, self.path)


def number(entry, field, otherwise):
    try:
        return int(entry[field])
    except (KeyError, TypeError, ValueError):
        return otherwise


def text(entry, field):
    value = entry.get(field)
    return value if isinstance(value, str) else ""
`;
