"""What is on a host and comes neither from its release nor from a package: named, left to a person."""
from __future__ import annotations

import binascii
import glob
import grp
import hashlib
import json
import os
import pwd
import re
import stat

from ansible.module_utils import polder_accounts, polder_unpacked
from ansible.module_utils.polder_refused import Refused
from ansible.module_utils.polder_releases import write_file

# Of a person's units, what lies in memory and isn't systemd's own.
RUNTIME = ("user", "user.control", "transient")

# Folders in which a file starts a program, lets somebody in, or changes what others may do.
DOORS = (
    # Units, for the system and for people, and what makes units.
    "/etc/systemd/system", "/run/systemd/system", "/run/systemd/transient", "/usr/local/lib/systemd",
    "/etc/systemd/user", "/run/systemd/user", "/etc/systemd/system-generators", "/run/systemd/system-generators",
    "/etc/systemd/user-generators", "/run/systemd/user-generators", "/usr/lib/systemd",
    "/usr/local/share/systemd", "/root/.config/systemd", "/root/.local/share/systemd", *("/run/user/0/systemd/" + part for part in RUNTIME),
    # Clocks.
    "/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly",
    "/etc/cron.yearly", "/etc/crontab", "/etc/anacrontab", "/var/spool/cron",
    # What boots, logs in, or is loaded by others.
    "/etc/init.d", "/etc/rc.local", "/etc/profile.d", "/etc/update-motd.d", "/etc/ld.so.preload",
    "/etc/ld.so.conf.d", "/etc/udev/rules.d", "/run/udev/rules.d", "/etc/modules-load.d", "/run/modules-load.d",
    "/etc/modprobe.d", "/run/modprobe.d", "/etc/sysctl.d", "/run/sysctl.d", "/etc/tmpfiles.d", "/run/tmpfiles.d",
    "/etc/sysusers.d", "/run/sysusers.d", "/etc/binfmt.d", "/run/binfmt.d", "/etc/dbus-1", "/etc/polkit-1",
    "/etc/network/if-up.d", "/etc/network/if-pre-up.d", "/etc/network/if-down.d", "/etc/network/if-post-down.d",
    "/etc/networkd-dispatcher", "/etc/kernel", "/etc/initramfs-tools", "/etc/security/limits.d", "/etc/logrotate.d",
    # Packages, keys, and certificates that every program trusts, with what is run when those change.
    "/etc/ca-certificates/update.d", "/etc/ssl/certs", "/etc/apt/apt.conf.d", "/etc/apt/preferences.d", "/etc/apt/sources.list.d", "/etc/apt/trusted.gpg.d",
    "/etc/ssh/authorized_keys", "/root/.ssh", "/usr/local",
)

# Certificates that programs trust. Packages bring AUTHORITIES, and update-ca-certificates(8) makes a link for each and two files
# of all. OpenSSL's is compared with what packages brought. Java's isn't: Jitsi's programs read the instance's CA alone.
CERTIFICATES, AUTHORITIES = "/etc/ssl/certs/", "/usr/share/ca-certificates/"
TRUSTED, JAVA_TRUSTED = CERTIFICATES + "ca-certificates.crt", CERTIFICATES + "java/cacerts"

# Where OpenSSL looks for them, and for its settings: links of a package, of which dpkg keeps no sum.
LINKS = {
    "/usr/lib/ssl/cert.pem": TRUSTED, "/usr/lib/ssl/certs": "/etc/ssl/certs", "/usr/lib/ssl/openssl.cnf": "/etc/ssl/openssl.cnf",
}
PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")

# systemd's own words about sessions, people and guests: no unit that somebody wrote.
PASSING = re.compile(r"/run/(user/\d+/)?systemd/transient/[^/]+\.(scope|slice)(\.d/.*)?$")

# Left by dpkg beside a file of its own; whoever reads these folders passes over such names.
ASIDE = re.compile(r"\.(dpkg-(old|dist|new|tmp)|ucf-(old|dist))$|/\.placeholder$")

# What Debian 13's own packages ship with rights of another account, and by which mode: read from the
# packages that hosts have, unpacked (2026-11-27). dpkg itself keeps owners, and no modes.
PRIVILEGED = {
    "/usr/bin/chage": 0o2755, "/usr/bin/chfn": 0o4755, "/usr/bin/chsh": 0o4755, "/usr/bin/expiry": 0o2755,
    "/usr/bin/gpasswd": 0o4755, "/usr/bin/mount": 0o4755, "/usr/bin/newgrp": 0o4755, "/usr/bin/passwd": 0o4755,
    "/usr/bin/ssh-agent": 0o2755, "/usr/bin/su": 0o4755, "/usr/bin/sudo": 0o4755, "/usr/bin/umount": 0o4755,
    "/usr/lib/openssh/ssh-keysign": 0o4755, "/usr/sbin/unix_chkpwd": 0o2755,
}

# File systems that hold no files of anybody's.
UNREAL = ("autofs", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "efivarfs",
          "fusectl", "hugetlbfs", "mqueue", "nsfs", "proc", "pstore", "securityfs", "sysfs", "tracefs")

SHELLS = ("/bin/bash", "/bin/sh", "/bin/dash", "/usr/bin/bash", "/usr/bin/sh", "/usr/bin/dash")


def _read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def _merged(path):
    """Debian's /bin, /sbin and /lib are links into /usr; some packages still say the old names."""
    return "/usr" + path if path.startswith(("/bin/", "/sbin/", "/lib/", "/lib64/")) else path


def packaged(dpkg="/var/lib/dpkg"):
    """Every path that a package has put there, diverted ones where they are now."""
    found = set()
    for file in glob.glob(os.path.join(dpkg, "info/*.list")):
        found.update(_merged(path) for path in _read(file).splitlines())
    # Files that packages look after by ucf(1): a line has the package and the path.
    for file in (os.path.join(dpkg, "diversions"), os.path.join(dpkg, "../ucf/registry")):
        if os.path.exists(file):
            found.update(_merged(line.split()[-1]) for line in _read(file).splitlines() if line)
    return found


def certificates(text):
    """Each certificate of a file of them, by its SHA-256; and all else that is in it."""
    found = set()

    def take(block):
        try:
            found.add(hashlib.sha256(binascii.a2b_base64(block[1])).hexdigest())
        except binascii.Error:
            return block[0]  # Whatever it is, it is no certificate.
        return ""
    rest = PEM.sub(take, text).strip()
    return found, rest


def overrides(dpkg="/var/lib/dpkg"):
    """Modes that packages ask for by dpkg-statoverride."""
    try:
        lines = _read(os.path.join(dpkg, "statoverride")).splitlines()
    except FileNotFoundError:
        return {}
    return {_merged(path): int(mode, 8) for _, _, mode, path in (line.split(" ", 3) for line in lines)}


class Host:
    """One look at a host, below one root; tests give their own."""

    def __init__(self, wanted, admins, root="/"):
        self.root = root
        self.ours = {entry["path"] for entry in wanted["files"]}
        # What is in these is held against their own digest (polder_unpacked).
        self.unpacked = tuple(package["folder"] + "/" for package in wanted.get("unpacked", ()))
        self.admins = {admin["user"] for admin in admins}
        self.packages = packaged(self.real("/var/lib/dpkg"))
        self.found = {}

    def real(self, path):
        return os.path.join(self.root, path.lstrip("/"))

    def known(self, path):
        return path in self.ours or path.startswith(self.unpacked) or _merged(path) in self.packages

    # Doors -----------------------------------------------------------------------------------

    def doors(self, people):
        more = [os.path.join(entry.pw_dir, part) for entry in people for part in (
            ".config/systemd", ".local/share/systemd", ".ssh/authorized_keys", ".ssh/authorized_keys2", ".ssh/rc",
            ".ssh/environment",
        )]
        more += ["/run/user/%d/systemd/%s" % (entry.pw_uid, part) for entry in people for part in RUNTIME]
        for door in sorted({*DOORS, *more}):
            if os.path.islink(self.real(door)) and os.path.isdir(self.real(door)):
                self.found[door] = "is a link to another folder"
                continue
            for path in self._below(door):
                if path not in (TRUSTED, JAVA_TRUSTED) and not self.known(path) and not self._leads_home(path):
                    self.found[path] = "no package's file, and not of the release"

    def _below(self, path):
        real = self.real(path)
        if os.path.islink(real) or not os.path.isdir(real):
            return [path] if os.path.lexists(real) else []
        try:
            names = sorted(os.listdir(real))
        except FileNotFoundError:
            return []  # Somebody's session has ended meanwhile, and /run/user/ has lost its folder.
        return [
            one for name in names for one in self._below(os.path.join(path, name))
            if not PASSING.match(one) and not ASIDE.search(one)
        ]

    def _leads_home(self, path):
        """A link to what is known: how `systemctl enable`, `mask` and update-alternatives write."""
        real = self.real(path)
        try:
            target = os.path.join(os.path.dirname(path), os.readlink(real))
        except OSError:
            return not os.path.lexists(real)  # No link; or gone meanwhile, and nothing to name.
        target = os.path.normpath(target)
        if path.startswith(CERTIFICATES):
            # What is rendered, such as the instance's CA, isn't for every program to trust.
            end = os.path.realpath(target)
            return (end.startswith(AUTHORITIES) and self.known(end)) or (target.startswith(CERTIFICATES) and self.known(target))
        return target == "/dev/null" or self.known(target) or self.known(os.path.realpath(target))

    def anchors(self):
        """Certificates that OpenSSL trusts and no package brought, each by its SHA-256."""
        for path, target in LINKS.items():
            if os.path.islink(self.real(path)) and os.readlink(self.real(path)) != target:
                self.found[path] = "leads to %s" % os.readlink(self.real(path))
        if not os.path.exists(self.real(TRUSTED)):
            return
        files = [self.real(path) for path in self.packages if path.startswith(AUTHORITIES)]
        brought = set().union(*(certificates(_read(file))[0] for file in files if os.path.isfile(file)))
        trusted, rest = certificates(_read(self.real(TRUSTED)))
        # By name, since a package's update changes the file: what the image brought stays known.
        for one in trusted - brought:
            self.found["certificate %s" % one] = "is trusted, and no package brought it"
        if rest:
            self.found[TRUSTED] = "has more in it than certificates"

    # Rights ----------------------------------------------------------------------------------

    def rights(self):
        allowed = {**PRIVILEGED, **overrides(self.real("/var/lib/dpkg"))}
        devices = self._devices()
        folders = [self.root]
        while folders:
            try:
                entries = list(os.scandir(folders.pop()))
            except OSError:
                continue
            for entry in entries:
                try:
                    if entry.is_symlink():
                        continue
                    status = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if stat.S_ISDIR(status.st_mode):
                    if devices is None or status.st_dev in devices:
                        folders.append(entry.path)
                elif stat.S_ISREG(status.st_mode) and status.st_mode & 0o6111:
                    self._program("/" + entry.path[len(self.root):].lstrip("/"), entry.path, status, allowed)

    def _program(self, path, real, status, allowed):
        mode = stat.S_IMODE(status.st_mode)
        if mode & 0o6000 and not (self.known(path) and allowed.get(path) == mode):
            self.found[path] = "runs with its owner's or group's rights, mode %04o" % mode
            return
        try:
            os.getxattr(real, "security.capability")
            self.found[path] = "has capabilities of its own"
            return
        except OSError:
            pass
        if path.startswith(("/usr/", "/opt/")) and not path.startswith("/usr/local/") and not self.known(path):
            self.found[path] = "a program of no package, and not of the release"

    def _devices(self):
        """Devices of file systems that let a program have its owner's rights."""
        if self.root != "/":
            return None
        devices = set()
        for line in _read("/proc/self/mountinfo").splitlines():
            before, after = line.split(" - ", 1)
            fields = before.split(" ")
            if "nosuid" not in fields[5].split(",") and after.split(" ")[0] not in UNREAL:
                major, minor = fields[2].split(":")
                devices.add(os.makedev(int(major), int(minor)))
        return devices

    # Accounts --------------------------------------------------------------------------------

    def accounts(self, people, shadow, sudoers):
        for entry in people:
            name = entry.pw_name
            if entry.pw_uid == 0 and name != "root":
                self.found["account " + name] = "is root, too: its number is 0"
            elif entry.pw_uid in range(1, 1000) and entry.pw_shell in SHELLS:
                self.found["account " + name] = "a service's account with a shell, %s" % entry.pw_shell
            elif name in sudoers and name not in self.admins:
                self.found["account " + name] = "is in the group sudo and no admin"
        for number, line in enumerate(shadow.splitlines(), 1):
            name, colon, rest = line.partition(":")
            word = rest.partition(":")[0]
            if not colon:
                self.found["line %d of /etc/shadow" % number] = "is no account's: `pwck` says more"
            elif word and word[0] not in "!*":
                self.found["password of " + name] = "nobody has one here"
            elif not word:
                self.found["password of " + name] = "is empty"
        folder = self.real("/var/lib/systemd/linger")
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            self.found["linger of " + name] = "its units run without a login"


def brought_file(releases):
    return os.path.join(releases.base, "brought.json")


def _sum(root, name, what):
    """What an entry is, so that the same name with something else in it is another one.

    Of a path it holds what lies there and no word of ours: the next polder words its findings otherwise.
    """
    if not name.startswith("/"):
        return what
    path = os.path.join(root, name.lstrip("/"))
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            return "link %s" % os.readlink(path)
        if not stat.S_ISREG(mode):
            return "%o" % mode
        with open(path, "rb") as file:
            return "%o %s %s" % (mode, _capabilities(path), hashlib.sha256(file.read()).hexdigest())
    except FileNotFoundError:
        return "gone"


def _capabilities(path):
    try:
        return os.getxattr(path, "security.capability").hex()
    except OSError:
        return "-"


def unpacked_before(releases, wanted):
    """Other unpacked packages, of releases that are kept for the way back, as long as nobody changed anything in them."""
    asked = {package["folder"] for package in wanted.get("unpacked", ())}
    found = {
        package["folder"]: package
        for name in releases.names() for package in (releases.manifest(name) or {}).get("unpacked", ())
    }
    return [package for folder, package in found.items() if folder not in asked and not polder_unpacked.fault(package)]


def look(releases, wanted, admins):
    """All that is beyond: {path or name: what it is}.

    The release that counts is known, too: what the new one lacks of it, the switch takes away.
    """
    current = releases.manifest(releases.current()) or {"files": []}
    host = Host({
        "files": [*wanted["files"], *current["files"]],
        "unpacked": [*wanted.get("unpacked", ()), *unpacked_before(releases, wanted)],
    }, admins, releases.root)
    people = pwd.getpwall()
    former = {one["user"] for one in polder_accounts.former(admins)}
    try:
        sudoers = grp.getgrnam("sudo").gr_mem
    except KeyError:
        sudoers = []
    host.doors(people)
    host.anchors()
    host.rights()
    shadow = host.real("/etc/shadow")
    host.accounts(people, _read(shadow) if os.path.exists(shadow) else "", sudoers)
    # Whom converge shuts out itself is named by it.
    return {name: what for name, what in host.found.items() if name.split(" ")[-1] not in former}


def is_remembered(releases):
    return os.path.exists(brought_file(releases))


def remember(releases, wanted, admins):
    """What the image brought, before the first release counts: it is reported once, and no drift."""
    found = look(releases, wanted, admins)
    text = json.dumps({name: _sum(releases.root, name, what) for name, what in found.items()}, sort_keys=True)
    # Whole or not there: half of it would stop each later converge.
    temporary = brought_file(releases) + ".polder"
    if os.path.lexists(temporary):
        os.unlink(temporary)
    write_file(temporary, text.encode(), 0o600)
    os.replace(temporary, brought_file(releases))


def remembered(releases):
    """What was remembered, by name; nothing before the first release counts."""
    if not is_remembered(releases):
        return {}
    path = brought_file(releases)
    try:
        found = json.loads(_read(path))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refused("%s says no more what the image brought: delete it on the host and converge again, which lists "
                      "all that is beyond the release and remembers it; look through that list" % path)
    return found


def beyond(releases, wanted, admins):
    """What is on the host beyond its release, its packages and what its image brought."""
    brought = remembered(releases)
    found = look(releases, wanted, admins)
    return {name: what for name, what in found.items() if brought.get(name) != _sum(releases.root, name, what)}
