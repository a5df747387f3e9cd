"""Releases below /etc/polder, and the links that lead to the current one. Their folder is called `trees` since the first."""
from __future__ import annotations

import grp
import hashlib
import json
import os
import pwd
import shutil
import stat

from ansible.module_utils.polder_refused import Refused

# Real files instead of links. systemd takes a unit that is a link into another folder for a guest:
# `disable` deletes it and `mask` refuses, so units (not their drop-ins) are copied, too.
# What becomes root must not depend on a link that leads elsewhere.
COPIED = ("/etc/sudoers", "/etc/sudoers.d")

# Bytes that stay free beside a release, so that journal, apt and the daemons go on.
RESERVE = 16 * 1024 * 1024


def is_copied(path):
    folder = os.path.dirname(path)
    return path in COPIED or folder in COPIED or folder == "/etc/systemd/system"


def digest(manifest):
    """One digest over all that a host shall be: files, modes, owners, units, packages."""
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def _fsync_folder(path):
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_file(path, content, mode):
    """Writes a new file through to the disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())


def owner_ids(entry):
    try:
        return pwd.getpwnam(entry["owner"]).pw_uid, grp.getgrnam(entry["group"]).gr_gid
    except KeyError as error:
        raise Refused(
            "%s: there is no account or group %s: which package brings it?" % (entry["path"], error)
        ) from None


class Releases:
    """All below one root; tests give their own."""

    def __init__(self, root="/"):
        self.root = root
        self.base = self.real("/etc/polder")
        self.folder = os.path.join(self.base, "trees")
        self.link = os.path.join(self.base, "current")

    def real(self, path):
        return os.path.join(self.root, path.lstrip("/"))

    def current(self):
        """Name of the release that counts, or None before the first one."""
        try:
            name = os.path.basename(os.readlink(self.link))
        except OSError:
            return None
        return name if os.path.isdir(os.path.join(self.folder, name)) else None

    def names(self):
        return sorted(os.listdir(self.folder)) if os.path.isdir(self.folder) else []

    def file(self, name, path):
        return os.path.join(self.folder, name, path.lstrip("/"))

    def manifest(self, name):
        """What a release was meant to be; None where nobody knows."""
        if name is None:
            return None
        try:
            with open(os.path.join(self.folder, name, ".manifest.json"), encoding="utf-8") as file:
                return json.load(file)
        except (OSError, ValueError):
            return None

    def target(self, path):
        return "/etc/polder/current" + path

    def fault(self, name, entry):
        """Why a file isn't as it should be, or None."""
        path = entry["path"]
        real = self.real(path)
        seen = [self.file(name, path)]
        if is_copied(path):
            if os.path.islink(real):
                return "replaced by a link"
            seen.append(real)
        elif not os.path.islink(real):
            return "replaced by a file" if os.path.exists(real) else "deleted"
        elif os.readlink(real) != self.target(path):
            return "linked elsewhere"
        for file in seen:
            fault = self.fault_of(file, entry)
            if fault:
                return fault
        return None

    def fault_of(self, file, entry):
        try:
            status = os.lstat(file)
        except FileNotFoundError:
            return "deleted"
        if not stat.S_ISREG(status.st_mode):
            return "no plain file"
        with open(file, "rb") as content:
            if sha256(content.read()) != entry["sha256"]:
                return "edited"
        if stat.S_IMODE(status.st_mode) != int(entry["mode"], 8):
            return "mode %04o" % stat.S_IMODE(status.st_mode)
        try:
            if (status.st_uid, status.st_gid) != owner_ids(entry):
                return "owner"
        except Refused:
            return "owner"
        return None

    def differences(self, wanted):
        """What was changed by hand (drift) and what shall be otherwise from now on (changed)."""
        name = self.current()
        before = {e["path"]: e for e in (self.manifest(name) or {"files": []})["files"]}
        after = {e["path"]: e for e in wanted["files"]}
        drift = {}
        for path, entry in before.items():
            fault = self.fault(name, entry)
            if fault:
                drift[path] = fault
        changed = [p for p in after if before.get(p) != after[p]]
        changed += [p for p in before if p not in after]
        return drift, sorted(changed)

    # Making one -----------------------------------------------------------------------------

    def stage(self, wanted, contents):
        """Lays a whole release beside the others; nothing uses it yet. Gives its name."""
        for entry in wanted["files"]:
            content = contents.get(entry["path"])
            if content is None or sha256(content) != entry["sha256"]:
                raise Refused("the release was cut on its way: %s is not whole; run it again" % entry["path"])
        os.makedirs(self.folder, mode=0o755, exist_ok=True)
        # What runs that broke off have left.
        self.tidy()
        self.assert_room(sum(len(content) + 4096 for content in contents.values()))
        new = os.path.join(self.folder, ".new")
        shutil.rmtree(new, ignore_errors=True)
        try:
            self._write(new, wanted, contents)
        except OSError as error:
            shutil.rmtree(new, ignore_errors=True)
            if error.errno == 28:
                raise Refused("the disk is full: make room on %s and run it again" % self.folder) from None
            raise
        short = digest(wanted)[:16]
        serial = 1 + max([int(n.split(".")[1]) for n in self.names() if n.startswith(short + ".")], default=0)
        name = "%s.%d" % (short, serial)
        os.rename(new, os.path.join(self.folder, name))
        _fsync_folder(self.folder)
        return name

    def assert_room(self, needed):
        status = os.statvfs(self.folder)
        free = status.f_bavail * status.f_frsize
        if free < needed + RESERVE:
            raise Refused(
                "the disk is full: %s has %d MiB free, %d MiB are needed: make room and run it again"
                % (self.folder, free >> 20, (needed + RESERVE >> 20) + 1)
            )

    def _write(self, new, wanted, contents):
        os.mkdir(new, 0o755)
        current = self.current()
        folders = {new}
        for entry in wanted["files"]:
            path = os.path.join(new, entry["path"].lstrip("/"))
            os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
            folders.add(os.path.dirname(path))
            write_file(path, contents[entry["path"]], int(entry["mode"], 8))
            # What stays the same keeps its time: a unit is asked to read what is newer than itself.
            if current and self.fault(current, entry) is None:
                old = os.lstat(self.file(current, entry["path"]))
                os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
        write_file(os.path.join(new, ".manifest.json"), json.dumps(wanted).encode(), 0o600)
        for folder in folders:
            _fsync_folder(folder)

    def own(self, name, wanted):
        """Gives the files to their accounts: the packages that bring these are there by now."""
        for entry in wanted["files"]:
            file = self.file(name, entry["path"])
            os.chown(file, *owner_ids(entry))
            os.chmod(file, int(entry["mode"], 8))

    # Switching ------------------------------------------------------------------------------

    def switch(self, name, wanted, before):
        """Makes a release the current one. One rename does it; the links follow, each by a rename."""
        self.replace_link(self.link, "trees/" + name)
        for entry in wanted["files"]:
            self.place(name, entry)
        kept = {entry["path"] for entry in wanted["files"]}
        for entry in (before or {"files": []})["files"]:
            if entry["path"] not in kept:
                self.remove(entry["path"])

    def place(self, name, entry):
        path = entry["path"]
        real = self.real(path)
        os.makedirs(os.path.dirname(real), mode=0o755, exist_ok=True)
        if is_copied(path):
            if not os.path.islink(real) and self.fault_of(real, entry) is None:
                return
            temporary = real + ".polder"
            if os.path.lexists(temporary):
                os.unlink(temporary)
            with open(self.file(name, path), "rb") as file:
                write_file(temporary, file.read(), int(entry["mode"], 8))
            os.chown(temporary, *owner_ids(entry))
            os.replace(temporary, real)
        elif not os.path.islink(real) or os.readlink(real) != self.target(path):
            self.replace_link(real, self.target(path))

    def remove(self, path):
        real = self.real(path)
        if os.path.lexists(real) and not os.path.isdir(real):
            os.unlink(real)

    def replace_link(self, path, target):
        temporary = path + ".polder"
        if os.path.lexists(temporary):
            os.unlink(temporary)
        os.symlink(target, temporary)
        os.replace(temporary, path)

    def previous(self):
        """Name of the last good release before the current one, or None."""
        try:
            return os.path.basename(os.readlink(self.base + "/previous"))
        except OSError:
            return None

    def keep(self, old):
        """A release works: the one before it, unless only spoilt by hand, is the last good one now."""
        current = self.current()
        if old and current and old.split(".")[0] != current.split(".")[0]:
            self.replace_link(self.base + "/previous", "trees/" + old)
        self.tidy()

    def tidy(self):
        """Deletes all releases but the current one and the last good one before it."""
        for name in self.names():
            if name not in (self.current(), self.previous()):
                shutil.rmtree(os.path.join(self.folder, name))
