"""What is loaded and what runs, held against the files that it came from."""
from __future__ import annotations

import glob
import json
import os
import re
import subprocess

FILTER = "/etc/nftables.conf"
SYSCTL = "/etc/sysctl.d/"

# Seconds for nft to load and print a filter.
PATIENCE = 60

# Nothing is known then, neither good nor bad.
NO_ANSWER = "nft doesn't answer within %d s" % PATIENCE


# The packet filter ----------------------------------------------------------------------------

# What the kernel numbers, counts and learns by itself; it says nothing about what was loaded.
LEARNT = ("handle", "packets", "bytes", "expires", "used", "index", "position")


def plain(ruleset):
    """A ruleset of `nft -j`, as lines that are equal where the rules are."""
    learning = {
        (s["family"], s["table"], s["name"])
        for entry in ruleset["nftables"] for kind in ("set", "map") for s in [entry.get(kind)]
        if s and "dynamic" in s.get("flags", ())
    }

    def strip(value):
        if isinstance(value, dict):
            return {key: strip(one) for key, one in value.items() if key not in LEARNT}
        if isinstance(value, list):
            return [strip(one) for one in value]
        return value

    lines = []
    for entry in ruleset["nftables"]:
        (kind, value), = entry.items()
        if kind == "metainfo":
            continue
        value = strip(value)
        if kind in ("set", "map"):
            elements = value.pop("elem", [])
            if (value["family"], value["table"], value["name"]) not in learning:
                value["elem"] = sorted(json.dumps(one, sort_keys=True) for one in elements)
        lines.append(json.dumps({kind: value}, sort_keys=True))
    return lines


def _ruleset(*command):
    ran = subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False,
    )
    return plain(json.loads(ran.stdout)) if ran.returncode == 0 else None


def filter_fault(file):
    """How the loaded packet filter differs from what the file loads; None: not at all.

    The file is loaded into a network namespace of its own, and the same program prints both.
    """
    try:
        planned = _ruleset("unshare", "--net", "sh", "-c", 'nft -f "$0" && nft -j list ruleset', file)
        if planned is None:
            return None  # The file itself is wrong: whoever compares files, or tries them, says so.
        loaded = _ruleset("nft", "-j", "list", "ruleset")
    except subprocess.TimeoutExpired:
        return NO_ANSWER
    if loaded is None:
        return "nft doesn't say what is loaded"
    if loaded == planned:
        return None
    if not loaded:
        return "nothing is loaded"
    missing = len([one for one in planned if one not in loaded])
    extra = len([one for one in loaded if one not in planned])
    if not missing and not extra:
        return "loaded in another order"
    return "loaded otherwise: %d missing, %d too many" % (missing, extra)


# The kernel's settings ------------------------------------------------------------------------

def settings(text):
    """Reads sysctl.d(5): (name, value, whether a kernel that refuses it is no fault), later ones count."""
    found = {}
    for line in text.splitlines():
        line = line.strip()
        if not line or line[0] in "#;" or "=" not in line:
            continue
        name, value = (part.strip() for part in line.split("=", 1))
        found[name.lstrip("-")] = (" ".join(value.split()), name.startswith("-"))
    return [(name, *rest) for name, rest in found.items()]


def setting_files(name, root="/proc/sys"):
    """The kernel's files of a setting; `*` stands for each."""
    return sorted(glob.glob(os.path.join(root, name.replace(".", "/"))))


def sysctl_faults(texts, root="/proc/sys"):
    """What of sysctl.d's files doesn't hold: {path: lines}. `texts` are by path; a later name counts."""
    wanted = {}
    for path in sorted(texts, key=os.path.basename):
        for name, value, may_fail in settings(texts[path]):
            files = setting_files(name, root)
            for file in files or [os.path.join(root, name.replace(".", "/"))]:
                wanted[file] = (path, value, may_fail)
    found = {}
    for file, (path, value, may_fail) in wanted.items():
        # A container has the machine's kernel, and may not change it.
        if may_fail and not os.access(file, os.W_OK):
            continue
        try:
            seen = " ".join(_read(file).split())
        except FileNotFoundError:
            seen = "not there"
        if seen != value:
            name = os.path.relpath(file, root).replace("/", ".")
            found.setdefault(path, []).append("%s is %s, not %s" % (name, seen, value))
    return found


def not_in_force(releases, name, wanted, leave=()):
    """Files of a release whose content isn't what the kernel has loaded: {path: what is otherwise}.

    `leave` are paths that are wrong or new themselves.
    """
    paths = [entry["path"] for entry in wanted["files"] if entry["path"] not in leave] if name else []
    texts = {path: _read(releases.file(name, path)) for path in paths if path.startswith(SYSCTL)}
    found = {path: "; ".join(faults) for path, faults in sysctl_faults(texts).items()}
    fault = filter_fault(releases.file(name, FILTER)) if FILTER in paths else None
    if fault:
        found[FILTER] = fault
    return found


# Programs that run ----------------------------------------------------------------------------

PROGRAMS = ("/usr/", "/lib", "/bin/", "/sbin/", "/opt/")
GONE = " (deleted)"


def unit_of(text):
    """The service that a process belongs to, by its /proc/PID/cgroup; None: a session, or the kernel."""
    found = re.search(r"/system\.slice/(?:[^\n]*/)?([^/\n]+\.service)", text)
    return found.group(1) if found else None


def replaced(exe, maps):
    """A program or library that a process runs, and that is no longer the file of its name; or None."""
    if exe.endswith(GONE) and exe.startswith(PROGRAMS):
        return exe[:-len(GONE)]
    for line in maps.splitlines():
        parts = line.split(None, 5)
        if len(parts) == 6 and "x" in parts[1] and parts[5].endswith(GONE) and parts[5].startswith(PROGRAMS):
            return parts[5][:-len(GONE)]
    return None


def _read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def old_programs(root="/proc"):
    """Services that run what a package has replaced since: {unit: the program or library}."""
    found = {}
    for pid in os.listdir(root):
        if not pid.isdigit():
            continue
        folder = os.path.join(root, pid)
        try:
            unit = unit_of(_read(folder + "/cgroup"))
            if unit is None or unit in found:
                continue
            old = replaced(os.readlink(folder + "/exe"), _read(folder + "/maps"))
        except OSError:
            continue  # It has ended meanwhile, or is the kernel's.
        if old:
            found[unit] = old
    return found


def old_packages(seen, info="/var/lib/dpkg/info"):
    """Services that run since before their own package was last unpacked: {unit: the package}.

    A daemon in Lua or Java has an interpreter that stays; dpkg writes the list of a package's files
    when it unpacks it.
    """
    running = {s["FragmentPath"]: (n, s) for n, s in seen.items() if s.get("MainPID", "0") != "0" and s.get("FragmentPath")}
    found = {}
    for file in glob.glob(os.path.join(info, "*.list")):
        since = os.stat(file).st_mtime
        if not any(s["since"] < since for _, s in running.values()):
            continue
        names = set(_read(file).splitlines())
        for path, (unit, state) in running.items():
            if state["since"] < since and (path in names or re.sub("^/usr", "", path) in names):
                found[unit] = re.sub(r"(:\w+)?\.list$", "", os.path.basename(file))
    return found


def old(seen):
    """Services that run what was replaced since: {unit: the program, library or package}."""
    return {**old_packages(seen), **old_programs()}
