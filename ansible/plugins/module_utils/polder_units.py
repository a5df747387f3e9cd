"""systemd's units: what they are, and what a change of their files asks of them."""
from __future__ import annotations

import datetime
import glob
import os
import signal
import subprocess
import time

from ansible.module_utils.polder_refused import Refused

PROPERTIES = (
    "Id,LoadState,ActiveState,SubState,Result,Type,UnitFileState,InactiveExitTimestamp,NRestarts,"
    "ConditionResult,ConditionTimestampMonotonic,MainPID,FragmentPath"
)

# Seconds for a unit to settle after a start or a reload, and for a new program to take over.
PATIENCE = 30
# Seconds for what is just starting, such as a bridge after a boot: its unit allows it 180.
START_PATIENCE = 190


def full(name):
    known = (".service", ".socket", ".timer", ".target", ".path", ".mount", ".slice")
    return name if name.endswith(known) else name + ".service"


def systemctl(*arguments):
    return subprocess.run(
        ["systemctl", "--no-pager", *arguments],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
    )


def _seconds(text):
    """systemd's time, such as `Tue 2026-11-24 17:40:06.123456 UTC`, as seconds since 1970."""
    parts = text.split(" ")
    if len(parts) < 4:
        return 0.0
    moment = datetime.datetime.strptime(" ".join(parts[1:3]), "%Y-%m-%d %H:%M:%S.%f")
    return moment.replace(tzinfo=datetime.UTC).timestamp()


def states(names):
    """The properties of each unit, by its name."""
    if not names:
        return {}
    ran = systemctl("show", "--timestamp=us+utc", "-p", PROPERTIES, *names)
    if ran.returncode != 0:
        raise Refused("systemctl doesn't answer: %s" % ran.stderr.strip())
    found = {}
    for name, block in zip(names, ran.stdout.strip("\n").split("\n\n"), strict=False):
        state = dict(line.split("=", 1) for line in block.splitlines())
        state["since"] = _seconds(state.get("InactiveExitTimestamp", ""))
        found[name] = state
    return found


def is_up(state):
    """Runs; or ran to its end, where that is all that it is for."""
    if state["ActiveState"] in ("active", "reloading"):
        return True
    if state["ActiveState"] != "inactive" or state.get("Type") != "oneshot" or state["Result"] != "success":
        return False
    return state["since"] > 0 or is_skipped(state)


def is_skipped(state):
    """Its own condition says that it isn't for this machine, such as sysctls in a container.

    Of a unit that was never started nobody has asked the condition, and systemd says "no", too.
    """
    asked = state.get("ConditionTimestampMonotonic", "0") != "0"
    return asked and state["ActiveState"] == "inactive" and state.get("ConditionResult") == "no"


def hold(wanted):
    """Masks what isn't there yet and comes with a package: a reboot before the first switch must not

    start a daemon with Debian's own configuration. `enablement` sees the mask and takes it away.
    """
    ours = {os.path.basename(entry["path"]) for entry in wanted["files"] if os.path.dirname(entry["path"]) == "/etc/systemd/system"}
    names = [full(unit["name"]) for unit in wanted["units"]]
    new = [name for name, state in states(names).items() if state["LoadState"] == "not-found" and name not in ours]
    if new:
        ran = systemctl("mask", *new)
        if ran.returncode != 0:
            raise Refused("systemctl mask: %s" % ran.stderr.strip())
    return new


class Stamps:
    """When something last reloaded its files; removed files have their time here, too."""

    def __init__(self, releases):
        self.folder = os.path.join(releases.base, "units")

    def get(self, name):
        try:
            return os.stat(os.path.join(self.folder, name)).st_mtime
        except FileNotFoundError:
            return 0.0

    def set(self, name):
        os.makedirs(self.folder, mode=0o755, exist_ok=True)
        path = os.path.join(self.folder, name)
        with open(path, "a", encoding="utf-8"):
            os.utime(path)


def covers(prefixes, path):
    return any(path == prefix or path.startswith(prefix.rstrip("/") + "/") for prefix in prefixes)


def newest(releases, name, wanted, prefixes):
    """The time of the newest file at or below the prefixes, of the release as it is."""
    times = [0.0]
    for entry in wanted["files"]:
        path = entry["path"]
        if covers(prefixes, path):
            times.append(os.lstat(releases.file(name, path)).st_mtime)
    removed = Stamps(releases)
    for prefix in prefixes:
        times.append(removed.get("removed" + prefix.replace("/", "_")))
    return max(times)


def stamp_removed(releases, wanted, gone):
    """A file that is gone can't be newer than a unit: its prefix gets the time instead."""
    stamps = Stamps(releases)
    for unit in wanted["units"]:
        for prefix in [*unit["reload"], *unit["restart"]]:
            if any(covers([prefix], path) for path in gone):
                stamps.set("removed" + prefix.replace("/", "_"))


def needs(releases, name, wanted, seen, idle, old):
    """What each unit asks for: {unit: start | restart | handover | reload}.

    `idle` are files that aren't in force although nobody changed them, `old` units whose program was
    replaced.
    """
    stamps = Stamps(releases)
    asked = {}
    for unit in wanted["units"]:
        unit_name = full(unit["name"])
        state = seen[unit_name]
        if is_skipped(state):
            state["since"] = stamps.get(unit_name)
        if not is_up(state):
            asked[unit_name] = "start"
        elif newest(releases, name, wanted, unit["restart"]) > state["since"] \
                or any(covers(unit["restart"], path) for path in idle):
            asked[unit_name] = "restart"
        elif unit_name in old and not (unit.get("handsOver") and is_handed_over(stamps, unit_name, old[unit_name])):
            asked[unit_name] = "handover" if unit.get("handsOver") else "restart"
        elif newest(releases, name, wanted, unit["reload"]) > max(state["since"], stamps.get(unit_name)) \
                or any(covers(unit["reload"], path) for path in idle):
            asked[unit_name] = "reload"
    return asked


def is_handed_over(stamps, unit, replaced):
    """Whether the program that was replaced handed over since, and serves nobody but whom it had.

    `replaced` is a path or a package's name: when it came is when its file did.
    """
    listed = glob.glob("/var/lib/dpkg/info/%s*.list" % glob.escape(replaced)) if "/" not in replaced else [replaced]
    came = max((os.stat(path).st_ctime for path in listed if os.path.exists(path)), default=time.time())
    return stamps.get("handover-" + unit) > came


def hand_over(name):
    """nginx's own way to a new program: it gets the sockets, and the old one serves whom it has to their end.

    A program that can't start leaves the old one as it was. Gives what is wrong, or None.
    """
    ran = systemctl("show", "-p", "MainPID,PIDFile", name)
    seen = dict(line.split("=", 1) for line in ran.stdout.splitlines())
    old, file = seen["MainPID"], seen["PIDFile"]
    os.kill(int(old), signal.SIGUSR2)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        time.sleep(0.2)
        try:
            with open(file, encoding="utf-8") as handle:
                new = handle.read().strip()
        except FileNotFoundError:
            continue  # Between the renaming of the old one and the new one's first breath.
        if new.isdigit() and new != old and os.path.exists("/proc/" + new):
            os.kill(int(old), signal.SIGQUIT)
            return None
    return "the new program didn't take over"


def split_pending(releases, name, wanted, asked, restart):
    """Takes out the restarts that would cut calls off; a reload stands in where one is due.

    What never loaded files of ours runs with its package's: it carries no call of ours, and must
    not go on a moment longer.
    """
    pending = []
    if restart:
        return pending
    stamps = Stamps(releases)
    for unit in wanted["units"]:
        unit_name = full(unit["name"])
        ours = stamps.get(unit_name) > 0
        if asked.get(unit_name) == "restart" and unit["carriesCalls"] and ours:
            pending.append(unit_name)
            del asked[unit_name]
            seen = states([unit_name])[unit_name]
            if newest(releases, name, wanted, unit["reload"]) > max(seen["since"], stamps.get(unit_name)):
                asked[unit_name] = "reload"
    return pending


def daemon_reload_due(releases, name, wanted):
    return newest(releases, name, wanted, ["/etc/systemd"]) > Stamps(releases).get("daemon-reload")


def daemon_reload(releases):
    ran = systemctl("daemon-reload")
    if ran.returncode != 0:
        raise Refused("systemctl daemon-reload: %s" % ran.stderr.strip())
    Stamps(releases).set("daemon-reload")


def settle(names):
    """Waits until nothing changes any more. Gives what is wrong with each unit that isn't well."""
    began = time.monotonic()
    while True:
        seen = states(names)
        waited = time.monotonic() - began
        # What fails and is started again and again is activating, too; it must not hold up the way back.
        starting = any(s["ActiveState"] == "activating" and s["SubState"] != "auto-restart" for s in seen.values())
        busy = any(s["ActiveState"] in ("activating", "deactivating", "reloading") for s in seen.values())
        if not busy or waited > (START_PATIENCE if starting else PATIENCE):
            break
        time.sleep(0.2)
    # A daemon that can't read its files often dies only after systemd called it started.
    time.sleep(1)
    again = states(names)
    return {
        n: "is %s (%s)" % (s["ActiveState"], s["Result"])
        for n, s in again.items()
        if not is_up(s) or s.get("NRestarts") != seen[n].get("NRestarts")
    }


def carry_out(releases, wanted, asked):
    """Starts, restarts and reloads in the release's order. Gives what is wrong with each that fails."""
    stamps = Stamps(releases)
    failed = {}
    for unit in wanted["units"]:
        name = full(unit["name"])
        verb = asked.get(name)
        if verb is None:
            continue
        if verb in ("start", "restart"):
            systemctl("reset-failed", name)
        if verb == "handover":
            fault = hand_over(name)
            if fault:
                failed[name] = fault
            else:
                stamps.set("handover-" + name)
        elif systemctl(verb, name).returncode != 0:
            failed[name] = "%s failed" % verb
        else:
            stamps.set(name)
    return failed


def enablement(wanted, seen, masked):
    """Units to enable and units to mask."""
    enable = [
        full(unit["name"]) for unit in wanted["units"]
        if seen[full(unit["name"])]["UnitFileState"] in ("disabled", "masked", "masked-runtime", "linked")
    ]
    mask = [n for n, s in masked.items() if not s["UnitFileState"].startswith("masked")]
    return enable, mask
