#!/usr/bin/python3
"""Tells people by webhook what turned red, and what turned green again: each once."""

import json
import os
import re
import sys
import time

from polder_journal import OWN, Cursor, author, is_forged, number, parsed, sources, text
from polder_webhook import INSTANCE, RAN, post, token

# What differs between instances.
with open(os.path.realpath(__file__) + ".json", encoding="utf-8") as file:
    SETTINGS = json.load(file)

HOSTS = SETTINGS["hosts"]
STATE = "/var/lib/polder-alarm"
# syslog's priority "error" (RFC 5424, 6.2.1): a probe is red from it on.
RED = 3
# Five reports of a host. Its journal is on its way for seconds; a restart of a host takes one or two minutes.
SILENT = 300
# So many reports in a row: a service that is restarted is no alarm.
TWICE = 2
# Who reports what: a host of itself, the monitor of the services that it looks at.
KINDS = {
    "polder-watch": re.compile("(?P<kind>unit|disk|certificate|watch)/(?P<rest>[ -~]{1,150})"),
    "polder-services": re.compile("(?P<kind>service|certificate|watch)/(?P<rest>[ -~]{1,150})"),
}
# Refusals in this many seconds are too many from this number on.
WINDOW = 300
REFUSALS = SETTINGS["refusals"]
# More than the gate can count of one address in the seconds that one line is about.
MOST_REFUSALS = 1_000_000
# For so many seconds an entry that counts for nothing is an alarm.
WORTHLESS = 3600
# Entries of one host in one run; the next run goes on, so that no host's flood keeps the others waiting.
MOST_ENTRIES = 100_000
# Of one host; more are one alarm.
MOST_ALARMS = 200
# What has been green for so long is forgotten.
FORGOTTEN = 7 * 86400
# When we weren't there ourselves, nobody's silence means anything yet.
AWAY = 300
# What a probe is about stands before the first colon: itself and its host.
SUBJECT = re.compile(r"(?P<subject>[^ ].{0,199}?): ")


def finding_of(host, entry):
    """The alarm's name, whether it is red, and the words of a probe."""
    message = text(entry, "MESSAGE")
    subject = SUBJECT.match(message)
    if not subject:
        raise ValueError("a finding without a subject")
    return f"probe/{host}/{subject['subject']}", number(entry, "PRIORITY", 6) <= RED, message


def learn(state, name, red, words, now, by=None):
    known = state["alarms"].setdefault(name, {"red": False, "told": False, "since": now})
    if known["red"] != red:
        known.update(red=red, since=now)
    known.update(words=words[:500], by=by)


def learn_of(state, host, name, red, words, now, by):
    """What a host says: so many things, and no more."""
    own = {known: alarm for known, alarm in state["alarms"].items() if alarm.get("by") == by}
    over = [known for known, alarm in own.items() if not alarm["red"] and not alarm["told"]]
    if red and name not in own and len(own) >= MOST_ALARMS and over:
        # What is over, and known to people as such, makes room: the longest ago first.
        del state["alarms"][min(over, key=lambda known: own[known]["since"])]
        learn(state, name, red, words, now, by)
    elif name in state["alarms"] or len(own) < MOST_ALARMS:
        learn(state, name, red, words, now, by)
    elif red:
        learn(state, f"too-many/{host}", True, f"{host}: more than {MOST_ALARMS} alarms of its own", now)


def watch_room(state, host, now):
    """There is room again, in each list of what a host says, when enough of it is over and sent."""
    name, held = f"too-many/{host}", {}
    for alarm in state["alarms"].values():
        by = alarm.get("by") or ""
        if by.endswith(f" {host}") and (alarm["red"] or alarm["told"]):
            held[by] = held.get(by, 0) + 1
    if name in state["alarms"] and max(held.values(), default=0) < MOST_ALARMS:
        learn(state, name, False, f"{host}: fewer than {MOST_ALARMS} alarms of its own again", now)


def reported(state, host, kind, message, now):
    """A report says all that is wrong: what it doesn't name any more is well again."""
    red, by = json.loads(message)["red"], f"{kind} {host}"
    if not isinstance(red, dict) or not all(KINDS[kind].fullmatch(key) and isinstance(words, str) for key, words in red.items()):
        raise ValueError("no report")
    before = state.setdefault("seen", {}).get(by, {})
    state["seen"][by] = seen = {key: before.get(key, 0) + 1 for key in list(red)[:MOST_ALARMS]}
    names = {}
    for key in seen:
        parts = KINDS[kind].fullmatch(key)
        # Of itself a host can say what it likes; of another one only the monitor says something.
        about = key if kind == "polder-services" else f"{parts['kind']}/{host}/{parts['rest']}"
        names[about] = red[key]
        if seen[key] >= TWICE:
            learn_of(state, host, about, True, f"{host}: {red[key]}", now, by)
    for name, alarm in state["alarms"].items():
        if alarm.get("by") == by and alarm["red"] and name not in names:
            learn(state, name, False, f"no longer: {alarm['words']}", now, by)
    state["heard"][by] = now


def listen_for(state, now):
    """Who hasn't reported for too long, and what is about hosts that are gone."""
    fresh = now - state.get("ran", 0) > AWAY
    expected = {f"silent/{host}": f"polder-watch {host}" for host in HOSTS} | {"silent/services": f"polder-services {OWN}"}
    for name, by in expected.items():
        if fresh or by not in state["heard"]:
            state["heard"][by] = now
        quiet = now - state["heard"][by]
        words = f"{by}: no report for {quiet // 60} minutes" if quiet > SILENT else f"{by}: reports"
        learn(state, name, quiet > SILENT, words, now)
    for name, alarm in list(state["alarms"].items()):
        about = name.split("/")[1:2]
        if alarm["red"] and name not in expected and about and about[0] not in HOSTS:
            learn(state, name, False, f"{about[0]} is no host of this instance any more", now)
        if not alarm["red"] and not alarm["told"] and now - alarm["since"] > FORGOTTEN:
            del state["alarms"][name]
    state["ran"] = now


def refused(message):
    """How many the gate refused here: its words are a line of JSON. One, or as many more as it says."""
    line = json.loads(message)
    if not isinstance(line, dict):
        raise ValueError("no line of the gate's")
    if line.get("result") != "refused":
        return 0
    more = line.get("more", 1)
    # Neither NaN nor infinity is between two numbers; to Python, true is a number.
    if not isinstance(more, (int, float)) or isinstance(more, bool) or not 1 <= more <= MOST_REFUSALS:
        raise ValueError("no number of refusals")
    return int(more)


def in_window(state, kind, host, fresh, seconds, now):
    """How many of a kind a host had in the last seconds, these included."""
    counts = state.setdefault(kind, {})
    kept = [[at, n] for at, n in counts.get(host, []) if now - at < seconds]
    if fresh:
        kept.append([now, fresh])
    counts[host] = kept
    return sum(n for _, n in kept)


def watch_refusals(state, host, fresh, now):
    """One alarm a host: how many in the window, never who or which room."""
    total = in_window(state, "refused", host, fresh, WINDOW, now)
    words = f"{host}: the gate refused {total} times in {WINDOW // 60} minutes; from {REFUSALS} on somebody tries doors"
    learn(state, f"refusals/{host}", total >= REFUSALS, words, now)


def watch_worthless(state, host, unread, forged, now):
    """Entries that count for nothing: somebody may try to blind us, or to speak for another."""
    total = {kind: in_window(state, kind, host, n, WORTHLESS, now) for kind, n in (("unread", unread), ("forged", forged))}
    words = (
        f"{host}: of the last hour's entries {total['unread']} can't be read, and {total['forged']}"
        " are under a name of polder's but from another unit, account or host; they count for nothing"
    )
    learn(state, f"entries/{host}", total["unread"] + total["forged"] > 0, words, now)


def hear(state, host, lines, now):
    """All that one host wrote. Whatever one entry holds, the next one is read."""
    count = {"refused": 0, "unread": 0, "forged": 0}
    for line in lines:
        try:
            entry = parsed(line)
            if entry is None:
                raise ValueError("no entry")
            if is_forged(host, entry):
                count["forged"] += 1
                continue
            kind = author(host, entry)
            if kind == "polder-gate":
                count["refused"] += refused(text(entry, "MESSAGE"))
            elif kind in KINDS:
                reported(state, host, kind, text(entry, "MESSAGE"), now)
            elif kind == "polder-probe":
                learn_of(state, host, *finding_of(host, entry), now, f"{kind} {host}")
        except Exception:
            count["unread"] += 1
    watch_room(state, host, now)
    watch_refusals(state, host, count["refused"], now)
    watch_worthless(state, host, count["unread"], count["forged"], now)


def tell(state, send):
    for name, alarm in sorted(state["alarms"].items()):
        if alarm["red"] == alarm["told"]:
            continue
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(alarm["since"]))
        verdict = "red" if alarm["red"] else "green"
        body = {"instance": INSTANCE, "alarm": name, "state": verdict, "text": alarm["words"], "since": at}
        if not send(body):
            # The same receiver would refuse the next ones, too: the timer comes again in a minute.
            return False
        alarm["told"] = alarm["red"]
    return True


def load(path, now):
    """What the last run knew. What can't be read is begun anew, with an alarm."""
    state = {"alarms": {}, "heard": {}}
    try:
        with open(path, encoding="utf-8") as file:
            state = json.load(file)
        learn(state, f"state/{OWN}", False, f"{OWN}: the alarms' state is whole", now)
    except FileNotFoundError:
        pass
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        state = {"alarms": {}, "heard": {}}
        learn(state, f"state/{OWN}", True, f"{OWN}: the alarms' state couldn't be read and is begun anew: {error}", now)
    return state


def save(path, state, now):
    """Whether it is kept. If not, people are alarmed all the same, and again in a minute."""
    try:
        with open(path + ".next", "w", encoding="utf-8") as file:
            json.dump(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(path + ".next", path)
        return True
    except OSError as error:
        learn(state, f"state/{OWN}", True, f"{OWN}: the alarms' state can't be written: {error}", now)
        return False


def main():
    path, now, cursors = os.path.join(STATE, "state.json"), int(time.time()), []
    state = load(path, now)
    for host, arguments in sources().items():
        cursor = Cursor(STATE, host, MOST_ENTRIES)
        try:
            hear(state, host, cursor.lines(arguments), now)
            cursors.append(cursor)
            learn(state, f"journal/{host}", False, f"{host}: its journal is read", now)
        except (OSError, RuntimeError) as error:
            # The others' are read all the same.
            learn(state, f"journal/{host}", True, f"{host}: its journal can't be read: {error}", now)
    listen_for(state, now)
    # Saved before the cursors move on, and before an alarm is sent: nothing is lost in between.
    saved = save(path, state, now)
    for cursor in cursors if saved else []:
        cursor.safe()
    key = token()
    sent = tell(state, lambda body: post(key, body))
    saved = save(path, state, now)
    with open(RAN, "w", encoding="utf-8"):
        # Its time counts: the heartbeat is green by it.
        os.utime(RAN)
    # A unit that has failed is seen on the host and by `polder probe`, when no alarm can be sent.
    return 0 if saved and sent else 1


if __name__ == "__main__":
    sys.exit(main())
