"""Debian packages, from the sources of the new release."""
from __future__ import annotations

import os
import re
import subprocess
import urllib.parse

from ansible.module_utils import polder_archive
from ansible.module_utils.polder_refused import Refused

POLICY = "/usr/sbin/policy-rc.d"
POLICY_MARK = "# polder: nothing starts with its default configuration while packages come in"

# What apt says, and what a person can do about it. First match counts.
HINTS = (
    (r"Unable to locate package (\S+)", "there is no package {0}: is its source set, does the mirror have it?"),
    (r"Package '?(\S+?)'? has no installation candidate", "there is no package {0}: is its source set?"),
    (r"Version '(\S+)' for '(\S+)' was not found", "there is no {1} {0}: is its source set?"),
    (r"No space left on device|not enough free space|You don't have enough free space", "the disk is full: make room and run it again"),
    (r"Could not get lock (\S+?)\.", "another apt holds {0}: wait for it and run it again"),
    (r"(?:Could not connect to|Cannot initiate the connection to|Unable to connect to|Connection failed) (?!\[)(\S+?):?(?=\s|$)",
     "the package mirror {0} doesn't answer: is it up, may the host reach it?"),
    (r"Could not resolve '([^']+)'", "the package mirror's name {0} has no address: is the resolver up?"),
    (r"(?:is not signed|NO_PUBKEY|invalid signature|signature verification)", "the mirror's signature is not Debian's: is it the right mirror?"),
    (r"Release file for file:\S+ is expired \(invalid since ([^)]+)\)",
     "the folder of packages has expired {0} ago: fill it again with `polder mirror`, then converge"),
    (r"Release file for (\S+) is expired", "{0} has expired: is the mirror up to date?"),
    (r"Failed to fetch (\S+)\s+(.{0,120})", "{0} can't be fetched: {1}"),
)


def explain(text):
    for pattern, hint in HINTS:
        found = re.search(pattern, text)
        if found:
            return hint.format(*found.groups())
    lines = [line for line in text.splitlines() if line.startswith(("dpkg: error", "E:", "Error:"))]
    lines.sort(key=lambda line: line.startswith("E: Sub-process"))
    return (lines or text.strip().splitlines() or ["apt failed"])[0][:300]


def installed(names):
    """Which of the packages are there, whole."""
    if not names:
        return set()
    ran = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Abbrev}|${Package}\n", *names],
        capture_output=True, text=True, check=False,
    )
    return {line.split("|")[1] for line in ran.stdout.splitlines() if line.startswith("ii ")}


def differences(packages):
    """Packages that miss, and packages that must go."""
    there = installed(packages["install"] + packages["absent"])
    return (
        [name for name in packages["install"] if name not in there],
        [name for name in packages["absent"] if name in there],
    )


def leftover_policy():
    """Ours, from a run that was killed: it would keep every later package from starting."""
    try:
        with open(POLICY, encoding="utf-8") as file:
            return POLICY_MARK in file.read()
    except OSError:
        return False


def _environment(release):
    """apt reads sources, keys and settings of the new release, which nothing else uses yet."""
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
        "DEBIAN_FRONTEND": "noninteractive", "APT_LISTCHANGES_FRONTEND": "none",
    }
    config = os.path.join(release, ".apt.conf")
    lines = []
    for option, path, empty in (
        ("Dir::Etc::parts", "etc/apt/apt.conf.d", "/etc/apt/apt.conf.d"),
        ("Dir::Etc::sourceparts", "etc/apt/sources.list.d", None),
        ("Dir::Etc::preferencesparts", "etc/apt/preferences.d", None),
    ):
        folder = os.path.join(release, path)
        if os.path.isdir(folder):
            lines.append('%s "%s";' % (option, folder))
        elif empty:
            lines.append('%s "%s";' % (option, empty))
    if os.path.isdir(os.path.join(release, "etc/apt/sources.list.d")):
        lines.append('Dir::Etc::sourcelist "%s";' % os.path.join(release, "etc/apt/sources.list"))
    with open(config, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    environment["APT_CONFIG"] = config
    return environment


def _run(command, environment):
    ran = subprocess.run(
        command, capture_output=True, text=True, errors="replace", env=environment,
        stdin=subprocess.DEVNULL, check=False,
    )
    if ran.returncode != 0:
        raise Refused("packages: " + explain(ran.stderr + ran.stdout))
    return ran.stdout


def _write_policy():
    if os.path.lexists(POLICY):
        os.unlink(POLICY)
    with open(POLICY, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n%s\nexit 101\n" % POLICY_MARK)
    os.chmod(POLICY, 0o755)


def _assert_alone(remove, install, environment):
    """apt takes along whatever needs a package that goes: a service, for example."""
    ran = subprocess.run(
        ["apt-get", "-s", "purge", *remove], capture_output=True, text=True, env=environment,
        stdin=subprocess.DEVNULL, check=False,
    )
    taken = set(re.findall(r"^(?:Purg|Remv) (\S+)", ran.stdout, re.MULTILINE)) & set(install)
    if taken:
        raise Refused("packages: %s must not be there, but %s needs it: nothing was removed" % (", ".join(remove), ", ".join(sorted(taken))))


APT = ("apt-get", "-y", "-q", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=2",
       "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold")


def _update(environment):
    _run([*APT, "-o", "APT::Update::Error-Mode=any", "update"], environment)


URI = re.compile(r"^'file:" + re.escape(polder_archive.FOLDER) + r"/([^']+)' \S+ (\d+) SHA256:([0-9a-f]{64})", re.MULTILINE)


def _uris(arguments, environment):
    """The files that apt would fetch from the folder, each by the digest that Debian's signatures lead to."""
    output = _run([*APT, "--print-uris", "-o", "Acquire::ForceHash=SHA256", "--no-install-recommends", *arguments], environment)
    return {
        urllib.parse.unquote(path): {"path": urllib.parse.unquote(path), "size": int(size), "sha256": sha256}
        for path, size, sha256 in URI.findall(output)
    }


def choose(packages, release):
    """What is to be installed, with all that it needs; then the security updates that the night will look for."""
    install, _ = differences(packages)
    environment = _environment(release)
    try:
        _update(environment)
        chosen = _uris(["install", *install], environment) if install else {}
        security = polder_archive.security_digests()
        for path, entry in _uris(["dist-upgrade"], environment).items():
            # Others unattended-upgrades doesn't take. Since a point release, a security update lies in both archives.
            if entry["sha256"] in security:
                chosen.setdefault(path, {**entry, "update": True})
    finally:
        os.unlink(os.path.join(release, ".apt.conf"))
    return [chosen[path] for path in sorted(chosen)]


def bring(packages, release):
    """Installs and removes; nothing starts. Gives what was done."""
    install, remove = differences(packages)
    if not install and not remove:
        return [], []
    environment = _environment(release)
    # The release has its own for later, which lets most start; now nothing may.
    theirs = os.readlink(POLICY) if os.path.islink(POLICY) else None
    _write_policy()
    try:
        # A run that was cut off (a reboot, a full disk) may have left some half way.
        _run(["dpkg", "--configure", "-a", "--force-confdef", "--force-confold"], environment)
        if install:
            _update(environment)
            _run([*APT, "--no-install-recommends", "install", *install], environment)
        if remove:
            _assert_alone(remove, packages["install"], environment)
            _run([*APT, "purge", *remove], environment)
            _run([*APT, "autoremove", "--purge"], environment)
    finally:
        os.unlink(POLICY)
        if theirs:
            os.symlink(theirs, POLICY)
        os.unlink(os.path.join(release, ".apt.conf"))
    return install, remove
