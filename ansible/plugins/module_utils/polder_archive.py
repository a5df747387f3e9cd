"""Debian's packages of a host that fetches none: lists and packages that converge brings, for apt to verify."""
from __future__ import annotations

import glob
import json
import lzma
import os
import re
import shutil
import tarfile

from ansible.module_utils.polder_refused import Refused
from ansible.module_utils.polder_releases import RESERVE
from ansible.module_utils.polder_unpacked import sha256_of

# apt's sources name it (modules/hosts/host/apt.ts).
FOLDER = "/var/lib/polder-packages"
RECORD = ".record.json"
PLAIN = re.compile(r"debian(-security)?(/[A-Za-z0-9+~:%._-]+)+")


def _place(path):
    if not PLAIN.fullmatch(path) or "/../" in path or path.endswith("/.."):
        raise Refused("packages: %s is no file of an archive" % path)
    return os.path.join(FOLDER, path)


def fault(wanted):
    """Why what a host has of an archive isn't the controller's, or None."""
    if not wanted:
        return None
    record = recorded()
    if not record:
        return "nothing was brought yet"
    return None if record.get("digest") == wanted["digest"] else "another one was brought"


def recorded():
    """What was brought last: the folder's digest, and the updates that it lacks."""
    try:
        with open(os.path.join(FOLDER, RECORD), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def security_digests():
    """The packages of the security archive, by their SHA-256."""
    found = set()
    for path in glob.glob(os.path.join(FOLDER, "debian-security/dists/*/main/binary-amd64/Packages.xz")):
        with lzma.open(path, "rt", encoding="utf-8") as file:
            found.update(line[len("SHA256: "):].strip() for line in file if line.startswith("SHA256: "))
    return found


def missing(files):
    """Of the files those that the host hasn't whole. Nothing is begun that the disk has no room for."""
    found = []
    for entry in files:
        place = _place(entry["path"])
        if not os.path.isfile(place) or sha256_of(place) != entry["sha256"]:
            found.append(entry)
    os.makedirs(FOLDER, mode=0o755, exist_ok=True)
    # Twice: packed on the way, and in place.
    need, free = 2 * sum(entry["size"] for entry in found) + RESERVE, shutil.disk_usage(FOLDER).free
    if found and free < need:
        raise Refused("the disk is full: %s has %d MiB free, %d MiB are needed" % (FOLDER, free >> 20, need >> 20))
    return found


def put(part, files):
    """Places what came in a tar; each file is the one that was announced, or nothing of it is kept."""
    announced = {entry["path"]: entry["sha256"] for entry in files}
    placed = []
    with tarfile.open(part) as tar:
        for member in tar:
            if not member.isfile() or member.name not in announced:
                raise Refused("packages: %s came along and nobody asked for it" % member.name)
            place = _place(member.name)
            os.makedirs(os.path.dirname(place), mode=0o755, exist_ok=True)
            with open(place + ".new", "wb") as file:
                shutil.copyfileobj(tar.extractfile(member), file)
            seen = sha256_of(place + ".new")
            if seen != announced[member.name]:
                os.unlink(place + ".new")
                raise Refused(
                    "packages: %s in the folder is another file than the one that Debian signed: its SHA-256 is %s; fill the folder again"
                    % (member.name, seen))
            os.chmod(place + ".new", 0o644)
            os.rename(place + ".new", place)
            placed.append(member.name)
    return placed


def keep(files):
    """Takes away the packages that are asked for no more."""
    kept = {_place(entry["path"]) for entry in files}
    for archive in ("debian", "debian-security"):
        for at, _, names in os.walk(os.path.join(FOLDER, archive, "pool"), topdown=False):
            for name in names:
                if os.path.join(at, name) not in kept:
                    os.unlink(os.path.join(at, name))
            if not os.listdir(at):
                os.rmdir(at)


def record(digest, lacks):
    with open(os.path.join(FOLDER, RECORD + ".new"), "w", encoding="utf-8") as file:
        json.dump({"digest": digest, "lacks": lacks}, file)
    os.rename(os.path.join(FOLDER, RECORD + ".new"), os.path.join(FOLDER, RECORD))
