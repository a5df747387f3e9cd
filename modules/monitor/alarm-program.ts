/** What the alarm program must know of its instance. */
export interface AlarmProgram {
  readonly instance: string;
  readonly webhook: string;
  /** Names that must be heard from: all hosts but the monitor. */
  readonly hosts: readonly string[];
  /** Refusals of the gate in five minutes, from one host, from which on somebody is trying doors. */
  readonly refusals: number;
}

export const alarmProgram = (
  { instance, webhook, hosts, refusals }: AlarmProgram,
  mark: string,
): string => `#!/usr/bin/python3
${mark}
"""Tells people by webhook what turned red, and what turned green again: each once."""

import http.client
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request

from polder_journal import OWN, Cursor, author, is_forged, number, parsed, sources, text

INSTANCE = ${JSON.stringify(instance)}
WEBHOOK = ${JSON.stringify(webhook)}
HOSTS = ${JSON.stringify(hosts)}
STATE = "/var/lib/polder-alarm"
# syslog priorities (RFC 5424, 6.2.1): a probe is red at error, a certificate at warning.
RED = {"polder-probe": 3, "polder-certificate": 4}
# Three times the 5 minutes in which each host writes something.
SILENT = 900
# Refusals in this many seconds are too many from this number on.
WINDOW = 300
REFUSALS = ${refusals}
# More than the gate can count of one address in the seconds that one line is about.
MOST_REFUSALS = 1_000_000
# For so many seconds an entry that counts for nothing is an alarm.
WORTHLESS = 3600
# Entries of one host in one run; the next run goes on, so that no host's flood keeps the others waiting.
MOST_ENTRIES = 100_000
# Of one host; more are one alarm.
MOST_ALARMS = 200
# When we weren't there ourselves, nobody's silence means anything yet.
AWAY = 300
# What a finding is about stands before the first colon: a probe and its host, or a file.
SUBJECT = re.compile(r"(?P<subject>[^ ].{0,199}?): ")


def judged(host, entry):
    """The alarm's name, whether it is red, and the words of a finding."""
    kind = text(entry, "SYSLOG_IDENTIFIER")
    message = text(entry, "MESSAGE")
    subject = SUBJECT.match(message)
    if not subject:
        raise ValueError("a finding without a subject")
    name = f"{kind.removeprefix('polder-')}/{host}/{subject['subject'].lstrip('/')}"
    return name, number(entry, "PRIORITY", 6) <= RED[kind], message


def learn(state, name, red, words, now):
    known = state["alarms"].setdefault(name, {"red": False, "told": False, "since": now})
    if known["red"] != red:
        known.update(red=red, since=now)
    known["words"] = words[:500]


def learn_of(state, host, name, red, words, now):
    """What a host says of itself: so many things, and no more."""
    own = sum(1 for one in state["alarms"] if one.split("/", 2)[1:2] == [host])
    if name in state["alarms"] or own < MOST_ALARMS:
        learn(state, name, red, words, now)
    elif red:
        learn(state, f"too-many/{host}", True, f"{host}: more than {MOST_ALARMS} alarms of its own", now)


def listen_for(state, heard, now):
    """Who wrote something since the last run, and who hasn't for too long."""
    fresh = now - state.get("ran", 0) > AWAY
    for host in HOSTS:
        if fresh or host in heard or host not in state["heard"]:
            state["heard"][host] = now
        quiet = now - state["heard"][host]
        words = f"{host}: nothing heard for {quiet // 60} minutes" if quiet > SILENT else f"{host}: heard"
        learn(state, f"silent/{host}", quiet > SILENT, words, now)
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
    """All that one host wrote, and whether that was anything. Whatever one entry holds, the next one is read."""
    count = {"all": 0, "refused": 0, "unread": 0, "forged": 0}
    for line in lines:
        count["all"] += 1
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
            elif kind in RED:
                learn_of(state, host, *judged(host, entry), now)
        except Exception:
            count["unread"] += 1
    watch_refusals(state, host, count["refused"], now)
    watch_worthless(state, host, count["unread"], count["forged"], now)
    return count["all"] > 0


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token is for the webhook, not for where it points."""

    def redirect_request(self, *_):
        return None


def post(token, body):
    """Whether the other side took it: only 2xx says so."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(WEBHOOK, json.dumps(body).encode(), headers, method="POST")
    opener = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return 200 <= answer.status < 300
    except urllib.error.HTTPError as error:
        # Its words may quote the token; its number doesn't.
        print(f"<4>alarm not delivered: the webhook answers {error.code}", flush=True)
    except (OSError, http.client.HTTPException) as error:
        print(f"<4>alarm not delivered: {getattr(error, 'reason', None) or error!r}", flush=True)
    return False


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
    """What the last run knew. What can't be read is begun anew, and said."""
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
    """Whether it is kept. If not, people are told all the same, and again in a minute."""
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
    path, now, heard, cursors = os.path.join(STATE, "state.json"), int(time.time()), set(), []
    state = load(path, now)
    for host, arguments in sources().items():
        cursor = Cursor(STATE, host, MOST_ENTRIES)
        try:
            if hear(state, host, cursor.lines(arguments), now):
                heard.add(host)
            cursors.append(cursor)
            learn(state, f"journal/{host}", False, f"{host}: its journal is read", now)
        except (OSError, RuntimeError) as error:
            # The others' are read all the same.
            learn(state, f"journal/{host}", True, f"{host}: its journal can't be read: {error}", now)
    listen_for(state, heard, now)
    # Saved before the cursors move on, and before anybody is told: nothing is lost in between.
    saved = save(path, state, now)
    for cursor in cursors if saved else []:
        cursor.safe()
    with open(os.path.join(os.environ["CREDENTIALS_DIRECTORY"], "token"), encoding="utf-8") as file:
        token = file.read().strip()
    told = tell(state, lambda body: post(token, body))
    # A unit that has failed is seen on the host and by \`polder probe\`, when nobody can be told.
    return 0 if save(path, state, now) and told else 1


if __name__ == "__main__":
    sys.exit(main())
`;
