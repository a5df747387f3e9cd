"""People's accounts: the admins of the instance, and who is none any more."""
from __future__ import annotations

import grp
import os
import pwd
import time

# Debian's range for people (adduser.conf FIRST_UID, LAST_UID).
PEOPLE = range(1000, 60000)
NOBODY_SHELL = "/usr/sbin/nologin"
# Whose units start at boot without a login (loginctl(1), enable-linger), and whose clock starts what.
LINGER = "/var/lib/systemd/linger"
CRONTABS = "/var/spool/cron/crontabs"
SHADOW = "/etc/shadow"


def ended():
    """Whose accounts have ended: shadow(5), the eighth field, in days since 1970."""
    found = set()
    with open(SHADOW, encoding="utf-8", errors="replace") as file:
        for line in file:
            fields = line.rstrip("\n").split(":")
            if len(fields) > 7 and fields[7].isdigit() and int(fields[7]) <= time.time() / 86400:
                found.add(fields[0])
    return found


def is_at_home(entry):
    """Their home is theirs: it was closed if they were no admin for a while."""
    return os.path.isdir(entry.pw_dir) and os.stat(entry.pw_dir).st_uid == entry.pw_uid


def missing(admins):
    """Admins who can't work here yet, or no more."""
    out = ended()
    try:
        sudoers = grp.getgrnam("sudo").gr_mem
    except KeyError:
        sudoers = []
    found = []
    for admin in admins:
        try:
            entry = pwd.getpwnam(admin["user"])
        except KeyError:
            found.append(admin)
            continue
        if entry.pw_shell != "/bin/bash" or not is_at_home(entry) or admin["user"] not in sudoers or admin["user"] in out:
            found.append(admin)
    return found


def traces(user, home):
    """Files by which somebody's programs start without them, or their key still counts."""
    return [
        path for path in (
            os.path.join(home, ".ssh", "authorized_keys"),
            os.path.join(LINGER, user),
            os.path.join(CRONTABS, user),
        ) if os.path.lexists(path)
    ]


def is_open(home):
    """A home that is still its person's. It stays, closed: whoever must look into it, can."""
    return home.startswith("/home/") and os.path.isdir(home) and os.stat(home).st_uid != 0


def former(admins):
    """People who are no admins and could still come in, or whose programs could still start."""
    names = {admin["user"] for admin in admins}
    found = []
    for entry in pwd.getpwall():
        if entry.pw_uid not in PEOPLE or entry.pw_name in names:
            continue
        user, home = entry.pw_name, entry.pw_dir
        left, unlocked = traces(user, home), is_open(home)
        if entry.pw_shell != NOBODY_SHELL or left or unlocked:
            found.append({"user": user, "home": home, "traces": left, "open": unlocked})
    return found
