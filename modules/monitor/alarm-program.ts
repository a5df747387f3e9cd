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

from polder_journal import Cursor, number, sources, text

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
# When we weren't there ourselves, nobody's silence means anything yet.
AWAY = 300
# What a finding is about stands before the first colon: a probe and its host, or a file.
SUBJECT = re.compile(r"(?P<subject>[^ ].{0,199}?): ")


def judged(host, entry):
    """The alarm's name, whether it is red, and the words; None for what is no finding."""
    kind = text(entry, "SYSLOG_IDENTIFIER")
    message = text(entry, "MESSAGE")
    subject = SUBJECT.match(message)
    if kind not in RED or not subject:
        return None
    name = f"{kind.removeprefix('polder-')}/{host}/{subject['subject'].lstrip('/')}"
    return name, number(entry, "PRIORITY", 6) <= RED[kind], message


def learn(state, name, red, words, now):
    known = state["alarms"].setdefault(name, {"red": False, "told": False, "since": now})
    if known["red"] != red:
        known.update(red=red, since=now)
    known["words"] = words[:500]


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


def refused(entry):
    """How many the gate refused here: its words are a line of JSON. One, or as many more as it says."""
    if text(entry, "SYSLOG_IDENTIFIER") != "polder-gate":
        return 0
    try:
        line = json.loads(text(entry, "MESSAGE"))
        return int(line.get("more", 1)) if line.get("result") == "refused" else 0
    except (ValueError, TypeError, AttributeError):
        return 0


def watch_refusals(state, fresh, now):
    """One alarm a host: how many in the window, never who or which room."""
    counts = state.setdefault("refused", {})
    for host in set(counts) | set(fresh):
        kept = [[at, n] for at, n in counts.get(host, []) if now - at < WINDOW]
        if fresh.get(host):
            kept.append([now, fresh[host]])
        counts[host] = kept
        total = sum(n for _, n in kept)
        words = f"{host}: the gate refused {total} times in {WINDOW // 60} minutes; from {REFUSALS} on somebody tries doors"
        learn(state, f"refusals/{host}", total >= REFUSALS, words, now)


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
            return
        alarm["told"] = alarm["red"]


def load(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {"alarms": {}, "heard": {}}


def save(path, state):
    with open(path + ".next", "w", encoding="utf-8") as file:
        json.dump(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".next", path)


def main():
    path = os.path.join(STATE, "state.json")
    state, now, heard, refusals, cursors = load(path), int(time.time()), set(), {}, []
    for host, arguments in sources().items():
        cursor = Cursor(STATE, host)
        for entry in cursor.entries(arguments):
            heard.add(host)
            count = refused(entry)
            if count:
                refusals[host] = refusals.get(host, 0) + count
            finding = judged(host, entry)
            if finding:
                learn(state, *finding, now)
        cursors.append(cursor)
    listen_for(state, heard, now)
    watch_refusals(state, refusals, now)
    # Saved before the cursors move on, and before anybody is told: nothing is lost in between.
    save(path, state)
    for cursor in cursors:
        cursor.safe()
    with open(os.path.join(os.environ["CREDENTIALS_DIRECTORY"], "token"), encoding="utf-8") as file:
        token = file.read().strip()
    tell(state, lambda body: post(token, body))
    save(path, state)


if __name__ == "__main__":
    sys.exit(main())
`;
