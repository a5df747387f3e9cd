"""Debian packages that are unpacked into folders of their own, and not installed: none of their scripts runs."""
from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess

from ansible.module_utils.polder_refused import Refused

CACHE = "/var/cache/polder"
ROOT = "/opt/polder"


def sha256_of(path):
    """Of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def digest_of(folder):
    """One digest over all that lies in a folder: names, kinds, modes, owners, contents."""
    lines = []
    for at, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(folders + files):
            path = os.path.join(at, name)
            status = os.lstat(path)
            what = "folder"
            if stat.S_ISLNK(status.st_mode):
                what = "link " + os.readlink(path)
            elif stat.S_ISREG(status.st_mode):
                what = sha256_of(path)
            elif not stat.S_ISDIR(status.st_mode):
                what = "special"
            lines.append("%s %o %d %d %s" % (os.path.relpath(path, folder), status.st_mode, status.st_uid, status.st_gid, what))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _record(folder):
    return folder + ".json"


def fault(package):
    """Why a package isn't there as it was unpacked, or None."""
    folder = package["folder"]
    try:
        with open(_record(folder), encoding="utf-8") as file:
            record = json.load(file)
    except (OSError, ValueError):
        return "not unpacked"
    if record.get("package") != package["sha256"]:
        return "unpacked from another file"
    return None if record.get("content") == digest_of(folder) else "changed since it was unpacked"


def differences(wanted):
    """Packages that aren't there as they should be: the package, and why."""
    found = [(package, fault(package)) for package in wanted.get("unpacked", ())]
    return [{"name": package["name"], "version": package["version"], "file": package["file"], "why": why} for package, why in found if why]


def unpack(wanted):
    """Unpacks what is missing, from files that converge has brought. Gives the names."""
    done = []
    for package in wanted.get("unpacked", ()):
        if not fault(package):
            continue
        file, folder = os.path.join(CACHE, package["file"]), package["folder"]
        try:
            seen = sha256_of(file)
        except FileNotFoundError:
            raise Refused("%s isn't on the host: run it again" % package["file"]) from None
        if seen != package["sha256"]:
            raise Refused("%s is another file than the one that is pinned: its SHA-256 is %s" % (package["file"], seen))
        part = folder + ".part"
        for old in (part, folder):
            shutil.rmtree(old, ignore_errors=True)
        os.makedirs(part, mode=0o755)
        ran = subprocess.run(["dpkg-deb", "-x", file, part], capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            raise Refused("%s can't be unpacked: %s" % (package["file"], ran.stderr.strip()[:200]))
        os.chmod(part, 0o755)
        content = digest_of(part)
        os.rename(part, folder)
        with open(_record(folder), "w", encoding="utf-8") as record:
            json.dump({"package": package["sha256"], "content": content}, record)
        os.unlink(file)
        done.append(package["name"])
    return done


def sweep(manifests):
    """Takes away what no release that is kept speaks of."""
    kept = {package["folder"] for manifest in manifests for package in manifest.get("unpacked", ())}
    for name in os.listdir(ROOT) if os.path.isdir(ROOT) else ():
        path = os.path.join(ROOT, name)
        if path in kept or (path.endswith(".json") and path[:-len(".json")] in kept):
            continue
        if os.path.isdir(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)
