"""People's accounts: the admins of the instance, and who is none any more."""
from __future__ import annotations

import grp
import os
import pwd

# Debian's range for people (adduser.conf FIRST_UID, LAST_UID).
PEOPLE = range(1000, 60000)
NOBODY_SHELL = "/usr/sbin/nologin"


def missing(admins):
    """Admins who can't work here yet."""
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
        if entry.pw_shell != "/bin/bash" or not os.path.isdir(entry.pw_dir) or admin["user"] not in sudoers:
            found.append(admin)
    return found


def former(admins):
    """People who are no admins and could still come in."""
    names = {admin["user"] for admin in admins}
    found = []
    for entry in pwd.getpwall():
        if entry.pw_uid not in PEOPLE or entry.pw_name in names:
            continue
        keys = os.path.join(entry.pw_dir, ".ssh", "authorized_keys")
        if entry.pw_shell != NOBODY_SHELL or os.path.lexists(keys):
            found.append({"user": entry.pw_name, "home": entry.pw_dir})
    return found
