"""Goes through all journals of a host, received ones too, entry by entry and every field, whatever its bytes; and through
the bytes of all other files below /var/log. Facility and program decide which stream an entry is of, by a rule of this
test's own. What is looked for comes by standard input."""

import json
import os
import subprocess
import sys

wanted = {name: value.encode() for name, value in json.load(sys.stdin).items()}
command = ["journalctl", "--merge", "--all", "--quiet", "--output=export"]
journal = subprocess.run(command, capture_output=True, check=True).stdout
hits, entries, at = [], 0, 0
SECURITY = ("sudo", "su", "sshd", "sshd-session", "sshd-auth", "systemd-logind")
def fields():
    """One entry's fields; journal export format, systemd.io/JOURNAL_EXPORT_FORMATS."""
    global at
    entry = {}
    while at < len(journal):
        end = journal.index(b"\n", at)
        line = journal[at:end]
        at = end + 1
        if not line:
            return entry
        name, sign, value = line.partition(b"=")
        if not sign:
            size = int.from_bytes(journal[at:at + 8], "little")
            value, at = journal[at + 8:at + 8 + size], at + 8 + size + 1
        entry[name] = value
    return entry
while at < len(journal):
    entry = fields()
    if not entry:
        continue
    entries += 1
    found = [name for name, value in wanted.items() if any(value in one for one in entry.values())]
    if not found:
        continue
    program = entry.get(b"SYSLOG_IDENTIFIER", b"").decode("utf-8", "replace")
    security = entry.get(b"SYSLOG_FACILITY") in (b"4", b"10") or entry.get(b"_TRANSPORT") == b"audit"
    security = security or program in SECURITY or program.startswith("polder-")
    hits.append({
        "host": entry.get(b"_HOSTNAME", b"").decode(), "program": program, "found": found,
        "stream": "security" if security else "operations",
    })
files = 0
for folder, _, names in os.walk("/var/log"):
    for name in names:
        path = os.path.join(folder, name)
        # A link to nothing is Debian's own /var/log/README.
        if name.endswith((".journal", ".journal~")) or not os.path.exists(path):
            continue
        files += 1
        with open(path, "rb") as file:
            data = file.read()
        found = [name for name, value in wanted.items() if value in data]
        if found:
            hits.append({"host": os.uname().nodename, "program": path, "found": found, "stream": "operations"})
print(json.dumps({"hits": hits, "entries": entries, "files": files}))
