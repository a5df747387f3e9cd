#!/usr/bin/python3
"""Sets the sealed logs of some days aside: polder-incident NAME FROM TO (days as 2026-11-25, UTC).

They are linked, not copied, into /srv/logs/incidents/<today>/<NAME>, and stay for the term of
incidents. Printed are their SHA-256 digests, a line each: keep them with the report."""

import datetime
import hashlib
import os
import re
import sys

STORES = "/srv/logs"


def days_between(first, last):
    first, last = (datetime.date.fromisoformat(day) for day in (first, last))
    if last < first:
        raise ValueError(f"{last} is before {first}")
    return [(first + datetime.timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def set_aside(name, days, today, stores=STORES):
    """Yields a digest and a path for each file; again for the same name, what came since is added."""
    target = os.path.join(stores, "incidents", today, name)
    for store in ("operations", "security"):
        for day in days:
            source = os.path.join(stores, store, day)
            if not os.path.isdir(source):
                continue
            folder = os.path.join(target, store, day)
            os.makedirs(folder, mode=0o750, exist_ok=True)
            for file in sorted(os.listdir(source)):
                kept = os.path.join(folder, file)
                if file.endswith(".age") and not os.path.exists(kept):
                    os.link(os.path.join(source, file), kept)
                if file.endswith(".age"):
                    yield digest(kept), os.path.relpath(kept, stores)


def main(arguments):
    try:
        name, first, last = arguments
        if not re.fullmatch("[a-z0-9][a-z0-9-]{0,62}", name):
            raise ValueError(f"{name!r} is no name: lower-case letters, digits, hyphens")
        days = days_between(first, last)
    except ValueError as error:
        print(f"{error}\n\n{__doc__}", file=sys.stderr)
        return 2
    # As the stores' own user, who deletes them when their term is over.
    owner = os.stat(os.path.join(STORES, "incidents"))
    os.setgroups([])
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    found = list(set_aside(name, days, today))
    for pair in found:
        print("  ".join(pair))
    print(f"{len(found)} files set aside in {STORES}/incidents/{today}/{name}", file=sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
