#!/usr/bin/python3
"""Says what is wrong on this host: one line of JSON, every minute. The monitor makes alarms of it, and of its silence."""

import calendar
import json
import os
import subprocess
import time
import urllib.request

# What differs between instances.
with open(os.path.realpath(__file__) + ".json", encoding="utf-8") as file:
    SETTINGS = json.load(file)

UNITS = SETTINGS["units"]
CERTIFICATES = SETTINGS["certificates"]
FOLDERS = SETTINGS["folders"]
WARN_DAYS = SETTINGS["warnDays"]
HEALTH = SETTINGS["health"]
# Per cent of a file system, of its blocks or its inodes. Assumed: journald leaves 15 per cent free by its own
# default (journald.conf(5), SystemKeepFree=), so what fills it beyond is something else.
FULL = 90
# journalctl gives no field of more than 4,096 bytes (journalctl(1), --output=json): more are only counted.
LONGEST = 3500


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=20, check=True).stdout


def is_well(shown):
    """Active; or it only runs once, and a condition of its own kept it from running (a container's)."""
    return shown.get("ActiveState") == "active" or (
        shown.get("Type") == "oneshot" and shown.get("ConditionResult") == "no" and shown.get("Result") == "success"
    )


def units():
    """Units that don't run, and those that have failed, planned or not."""
    text = run("systemctl", "show", "-p", "Id,ActiveState,SubState,Type,Result,ConditionResult", *UNITS)
    blocks = [dict(line.split("=", 1) for line in block.splitlines()) for block in text.split("\n\n")]
    # In the order in which they were asked for: an alias has another Id.
    for name, shown in zip(UNITS, blocks, strict=True):
        if not is_well(shown):
            yield f"unit/{name}", f"{name} is {shown.get('ActiveState')} ({shown.get('SubState')})"
    for line in run("systemctl", "list-units", "--state=failed", "--plain", "--no-legend").splitlines():
        name = line.split(" ", 1)[0]
        yield f"unit/{name}", f"{name} has failed"


def used(all_of_it, free):
    return 100 * (all_of_it - free) // all_of_it if all_of_it else 0


def disks():
    seen = set()
    for folder in FOLDERS:
        try:
            device, disk = os.stat(folder).st_dev, os.statvfs(folder)
        except FileNotFoundError:
            continue
        if device in seen:
            continue
        seen.add(device)
        # What root alone may use counts as used.
        blocks, inodes = used(disk.f_blocks - disk.f_bfree + disk.f_bavail, disk.f_bavail), used(disk.f_files, disk.f_ffree)
        if max(blocks, inodes) >= FULL:
            yield f"disk/{folder.strip('/') or 'root'}", f"{folder} is full: {blocks} % of its blocks, {inodes} % of its inodes are used"


def certificates(now):
    for file in CERTIFICATES:
        name = f"certificate/{file.lstrip('/')}"
        try:
            end = run("openssl", "x509", "-in", file, "-noout", "-enddate", "-dateopt", "iso_8601").strip()
            at = calendar.timegm(time.strptime(end, "notAfter=%Y-%m-%d %H:%M:%SZ"))
        except (OSError, subprocess.SubprocessError, ValueError):
            yield name, f"{file} can't be read"
            continue
        days = int((at - now) // 86400)
        if days < WARN_DAYS:
            yield name, f"{file} has {days} days left"


def metrics(text):
    """Names and values of Prometheus' text form, those without labels."""
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name and not name.startswith("#") and "{" not in name:
            found[name] = float(value.split(" ")[0])
    return found


def health():
    """What a program says of itself on loopback."""
    for one in HEALTH:
        name = f"service/{one['name']}"
        try:
            # The bridge answers 500 to who doesn't say what they take.
            asked = urllib.request.Request(one["address"], headers={"Accept": "text/plain"})
            with urllib.request.urlopen(asked, timeout=10) as answer:
                seen = metrics(answer.read().decode()) if one.get("least") else {}
        except OSError as error:
            yield name, f"{one['name']} isn't well: {error}"
            continue
        for metric, least in one.get("least", {}).items():
            if seen.get(metric, 0) < least:
                yield name, f"{one['name']}: {metric} is {seen.get(metric, 'not there')}, at least {least} is well"


def look(looks):
    """All that is wrong; a look that fails is wrong itself."""
    red = {}
    for name, find in looks.items():
        try:
            for key, words in find():
                red[key[:150]] = words[:200]
        except Exception as error:
            red[f"watch/{name}"] = f"{name} can't be looked at: {error!r}"[:200]
    return red


def line(red):
    """A line that journald and journalctl pass on whole."""
    kept = dict(sorted(red.items()))
    while len(json.dumps({"red": kept})) > LONGEST:
        kept.popitem()
    more = len(red) - len(kept)
    return json.dumps({"red": {**kept, **({"watch/more": f"{more} more things"} if more else {})}})


if __name__ == "__main__":
    print(line(look({"units": units, "disks": disks, "health": health, "certificates": lambda: certificates(time.time())})))
