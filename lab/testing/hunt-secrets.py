"""Looks for values on a host, as its root: in every file, in the whole journal, in the arguments and in the environment
of every process. The values come by standard input, so that the hunter isn't what it finds."""

import json
import os
import subprocess
import sys

wanted = {name: value.encode() for name, value in json.load(sys.stdin).items()}
found = []
def look(where, data):
    found.extend(f"{where}: {name}" for name, value in wanted.items() if value in data)
with open("/proc/self/mounts") as mounts:
    skipped = {one.split()[1] for one in mounts if one.split()[2] not in ("overlay", "ext4", "tmpfs", "ramfs")}
files = 0
for folder, folders, names in os.walk("/"):
    folders[:] = [one for one in folders if os.path.join(folder, one) not in skipped]
    for name in names:
        path = os.path.join(folder, name)
        try:
            if os.path.islink(path) or not os.path.isfile(path) or os.path.getsize(path) > 64 << 20:
                continue
            with open(path, "rb") as file:
                look(f"file {path}", file.read())
            files += 1
        except FileNotFoundError:
            pass
journal = subprocess.run(["journalctl", "--all", "--output=export"], capture_output=True, check=True).stdout
look("journal", journal)
processes = 0
for pid in filter(str.isdigit, os.listdir("/proc")):
    for what in ("cmdline", "environ"):
        try:
            with open(f"/proc/{pid}/{what}", "rb") as file:
                look(f"{what} of {pid}", file.read())
        except (FileNotFoundError, ProcessLookupError):
            pass
    processes += 1
print(json.dumps({"found": found, "files": files, "journal": len(journal), "processes": processes}))
