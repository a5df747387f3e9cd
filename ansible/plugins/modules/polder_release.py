#!/usr/bin/python
"""A release on its host: compare, stage, packages, switch. Runs on the host."""
from __future__ import annotations

DOCUMENTATION = r"""
module: polder_release
short_description: Bring a host to its configuration
description:
  - Compares a host with its release, lays a new release beside the old one, installs its packages, and makes it
    the one that counts. A release that a program refuses, or that a unit doesn't live with, changes nothing.
author: polder
options:
  phase:
    description: What to do.
    type: str
    required: true
    choices: [compare, stage, choose, unpack, packages, switch]
  release:
    description: What the host shall be, and for C(stage) the files, as compressed JSON in base64. Holds secrets.
    type: str
    required: true
  sum:
    description: SHA-256 of O(release).
    type: str
    required: true
  restart:
    description: Whether units that carry calls are restarted, too.
    type: bool
    default: false
  root:
    description: Where the host's files are; tests give their own.
    type: path
    default: /
"""

EXAMPLES = r"""
- name: Compare the host with its release
  polder_release:
    phase: compare
"""

RETURN = r"""
same:
  description: Whether there is nothing to do.
  type: bool
  returned: phase is compare
pending:
  description: Units whose restart would cut calls off and was not asked for.
  type: list
  returned: phase is compare or switch
"""

import base64
import fcntl
import hashlib
import json
import os
import shutil
import signal
import time
import zlib

from ansible.module_utils import (
    polder_accounts,
    polder_archive,
    polder_beyond,
    polder_checks,
    polder_packages,
    polder_running,
    polder_units,
    polder_unpacked,
    polder_volume,
)
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.polder_refused import Refused, end
from ansible.module_utils.polder_releases import Releases, digest
from ansible.module_utils.polder_undo import Undo

# Seconds to wait for what an interrupted converge left running on this host.
LOCK_PATIENCE = 60


def read_release(params):
    if hashlib.sha256(params["release"].encode()).hexdigest() != params["sum"]:
        raise Refused("the release was cut on its way: run it again")
    return json.loads(zlib.decompress(base64.b64decode(params["release"])))


def lock(root):
    """One converge at a time on a host, from whatever machine."""
    path = os.path.join(root, "run/polder-converge.lock")
    handle = open(path, "w", encoding="utf-8")  # noqa: SIM115 (the caller holds it)
    end = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except BlockingIOError:
            if time.monotonic() > end:
                raise Refused("another converge is at work on this host: wait for it") from None
            time.sleep(0.5)


def masked_states(wanted):
    return polder_units.states([polder_units.full(name) for name in wanted["masked"]])


def unit_states(wanted):
    return polder_units.states([polder_units.full(unit["name"]) for unit in wanted["units"]])


def compare(releases, release, params):
    wanted = release["wanted"]
    drift, changed = releases.differences(wanted)
    install, remove = polder_packages.differences(wanted["packages"])
    seen = unit_states(wanted)
    enable, mask = polder_units.enablement(wanted, seen, masked_states(wanted))
    idle = polder_running.not_in_force(releases, releases.current(), wanted, {*drift, *changed})
    old = polder_running.old(seen)
    asked, pending = {}, []
    if not drift and not changed:
        asked = polder_units.needs(releases, releases.current(), wanted, seen, idle, old)
        pending = polder_units.split_pending(releases, releases.current(), wanted, asked, params["restart"])
    volume = polder_volume.find(release["volume"]) if release["volume"] else None
    result = {
        "digest": digest(wanted),
        "drift": drift,
        "files": changed,
        "packages": {"install": install, "remove": remove},
        "archive": polder_archive.fault(release["archive"]),
        "lacks": polder_archive.recorded().get("lacks", []) if release["archive"] else [],
        "unpacked": polder_unpacked.differences(wanted),
        "units": {"ask": asked, "enable": enable, "mask": mask},
        "idle": idle,
        "old": {unit: what for unit, what in old.items() if unit in seen},
        # At the first converge all is the image's: reported, and remembered when the release counts.
        "beyond" if polder_beyond.is_remembered(releases) else "brought": {
            **{unit: "runs %s, which was replaced: restart it" % what for unit, what in old.items() if unit not in seen},
            **polder_beyond.beyond(releases, wanted, release["admins"]),
        },
        "accounts": {
            "missing": polder_accounts.missing(release["admins"]),
            "former": polder_accounts.former(release["admins"]),
        },
        "volume": volume,
        "leftover": polder_packages.leftover_policy(),
        "pending": pending,
    }
    result["same"] = polder_beyond.is_remembered(releases) and not any((
        drift, changed, install, remove, result["archive"], result["unpacked"], asked, enable, mask, idle, result["leftover"],
        result["accounts"]["missing"], result["accounts"]["former"],
        volume and volume["state"] in ("blank", "unmounted", "grown"),
        release["volume"] and not os.path.isdir(release["volume"]["folder"]),
    ))
    return result


def stage(releases, release, _params):
    wanted = release["wanted"]
    contents = {path: base64.b64decode(text) for path, text in release["contents"].items()}
    return {"changed": True, "release": releases.stage(wanted, contents)}


def staged(releases, wanted):
    """The newest release of this digest: the one that was staged, or the current one."""
    short = digest(wanted)[:16]
    names = [name for name in releases.names() if name.startswith(short + ".")]
    if not names:
        # The same files are not laid down again, whatever else of the release is new.
        if releases.current() and not any(releases.differences(wanted)):
            return releases.current()
        raise Refused("no release of this digest is there: run it again")
    return max(names, key=lambda name: int(name.split(".")[1]))


def unpack(_releases, release, _params):
    done = polder_unpacked.unpack(release["wanted"])
    return {"changed": bool(done), "unpacked": done}


def choose(releases, release, _params):
    """What apt would fetch from the lists that converge has brought."""
    wanted = release["wanted"]
    folder = os.path.join(releases.folder, staged(releases, wanted))
    return {"files": polder_packages.choose(wanted["packages"], folder)}


def packages(releases, release, _params):
    wanted = release["wanted"]
    if polder_packages.leftover_policy():
        os.unlink(polder_packages.POLICY)
    folder = os.path.join(releases.folder, staged(releases, wanted))
    polder_units.hold(wanted)
    install, remove = polder_packages.bring(wanted["packages"], folder)
    return {"changed": bool(install or remove), "installed": install, "removed": remove}


def switch(releases, release, params):
    wanted = release["wanted"]
    if not polder_beyond.is_remembered(releases):
        polder_beyond.remember(releases, wanted, release["admins"])
    name = staged(releases, wanted)
    old = releases.current()
    before = releases.manifest(old)
    if releases.current() != name:
        releases.own(name, wanted)
        refused = polder_checks.refusals(releases, name, wanted, before)
        if refused:
            drop(releases, name)
            raise Refused("refused, the old files stay: " + "; ".join(refused))
    undo = Undo(releases)
    kept = {entry["path"] for entry in wanted["files"]}
    gone = [entry["path"] for entry in (before or {"files": []})["files"] if entry["path"] not in kept]
    undo.remember(sorted(kept | set(gone)))
    was_up = {unit for unit, state in unit_states(wanted).items() if polder_units.is_up(state)}
    asked, pending = {}, []
    try:
        releases.switch(name, wanted, before)
        polder_units.stamp_removed(releases, wanted, gone)
        asked, pending, failed = bring_units(releases, name, wanted, before, params["restart"])
    except Exception as error:  # pylint: disable=broad-except
        # A full disk, a systemd that doesn't answer, a fault of ours: half a switch must not stay.
        raise Refused(roll_back(releases, undo, name, was_up, asked, {"the switch": "broke off: %s" % error})) from error
    if was_up.intersection(failed):
        raise Refused(roll_back(releases, undo, name, was_up, asked, failed))
    undo.forget()
    releases.keep(old)
    polder_unpacked.sweep([releases.manifest(one) or {} for one in releases.names()])
    if failed:
        # There is no old service that the old files would bring back.
        raise Refused("%s; it didn't run before either, so the new files stay; `journalctl -u` on the host says why" % in_one_line(failed))
    idle = polder_running.not_in_force(releases, name, wanted)
    return {"changed": True, "asked": asked, "pending": pending, "gone": gone, "idle": idle}


def in_one_line(failed):
    return "; ".join("%s %s" % item for item in failed.items())


def bring_units(releases, name, wanted, before, restart):
    """Enables, masks and asks the units. Gives what was asked, what waits, what failed."""
    if polder_units.daemon_reload_due(releases, name, wanted):
        polder_units.daemon_reload(releases)
    seen = unit_states(wanted)
    enable, mask = polder_units.enablement(wanted, seen, masked_states(wanted))
    former = [polder_units.full(unit["name"]) for unit in (before or {"units": []})["units"]]
    former = [unit for unit in former if unit not in seen]
    for verb, names in (
        (["disable", "--now"], former), (["mask", "--now"], mask),
        (["unmask"], [n for n in enable if seen[n]["UnitFileState"].startswith("masked")]), (["enable"], enable),
    ):
        if names:
            ran = polder_units.systemctl(*verb, *names)
            if ran.returncode != 0 and names is not former:
                raise Refused("systemctl %s: %s" % (verb[0], ran.stderr.strip().replace("\n", "; ")))
    seen = unit_states(wanted)
    # A busy nft is no reason to load anything: a reload that hangs, too, would take a good switch back.
    idle = [path for path, what in polder_running.not_in_force(releases, name, wanted).items() if what != polder_running.NO_ANSWER]
    asked = polder_units.needs(releases, name, wanted, seen, idle, polder_running.old(seen))
    pending = polder_units.split_pending(releases, name, wanted, asked, restart)
    failed = polder_units.carry_out(releases, wanted, asked)
    return asked, pending, {**polder_units.settle(list(seen)), **failed}


def roll_back(releases, undo, name, was_up, asked, failed):
    """The old files and the old services again. Gives the line that says so."""
    undo.restore()
    polder_units.systemctl("daemon-reload")
    # Also units that failed without being asked: another's restart may have taken them along.
    for unit in sorted({*asked, *failed} & was_up):
        if asked.get(unit) == "handover" and unit in failed:
            continue  # The old program went on.
        if asked.get(unit) in ("reload", "handover") and unit not in failed:
            polder_units.systemctl("reload", unit)
        else:
            polder_units.systemctl("reset-failed", unit)
            polder_units.systemctl("restart", unit)
    # What didn't run before, such as a daemon that was just installed, doesn't run now either.
    for unit in sorted(set(asked) - was_up):
        polder_units.systemctl("stop", unit)
    drop(releases, name)
    still = polder_units.settle(sorted(was_up)) if was_up else {}
    state = "the old files are back" + (", but %s" % in_one_line(still) if still else ", and all is up again")
    return "%s: %s; `journalctl -u` on the host says why" % (in_one_line(failed), state)


def drop(releases, name):
    """A release that doesn't work must not look like one that was staged."""
    if releases.current() != name:
        shutil.rmtree(os.path.join(releases.folder, name), ignore_errors=True)


PHASES = {"compare": compare, "stage": stage, "choose": choose, "unpack": unpack, "packages": packages, "switch": switch}


def work(params):
    release = read_release(params)
    with lock(params["root"]):
        return PHASES[params["phase"]](Releases(params["root"]), release, params)


def main():
    module = AnsibleModule(
        argument_spec={
            "phase": {"type": "str", "required": True, "choices": list(PHASES)},
            "release": {"type": "str", "required": True, "no_log": True},
            "sum": {"type": "str", "required": True},
            "restart": {"type": "bool", "default": False},
            "root": {"type": "path", "default": "/"},
        },
        supports_check_mode=False,
    )
    # sudo may have given us another one; folders on the way to a service's files must be open to it.
    os.umask(0o022)
    # Whoever asked may go (an interrupt, a lost connection): what is begun is ended.
    for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    end(module, lambda: work(module.params))


if __name__ == "__main__":
    main()
