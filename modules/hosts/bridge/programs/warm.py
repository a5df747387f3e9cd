#!/usr/bin/python3
"""Has a bridge do once what its first meeting would have to wait for, and then lets it take people.

Java reads a class when it is first used, and the classes of a meeting come from signed archives: seconds in which
nobody sees a picture. So a bridge starts drained, is asked for a meeting of two people who don't exist, and takes
people only when that meeting is over. Runs as root without a capability: the packet filter lets nobody else ask.
"""

import http.client
import json
import os
import sys
import time
import urllib.request
import uuid

# What differs between instances.
with open(os.path.realpath(__file__) + ".json", encoding="utf-8") as file:
    SETTINGS = json.load(file)

# Seconds until a bridge answers after its start: 8 on a busy machine with two processors, 60 with several bridges on it.
PATIENCE = 120
# Seconds for one answer: the first of all loads the classes.
ANSWER = 30
# Nobody's proxy: what is asked is this host.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))

MEDIA = [
    {"type": "audio", "payload-types": [{"id": 111, "name": "opus", "clockrate": 48000, "channels": 2}]},
    {
        "type": "video",
        "payload-types": [
            {
                "id": 100, "name": "VP8", "clockrate": 90000,
                "rtcp-fbs": [{"type": "nack"}, {"type": "nack", "subtype": "pli"}, {"type": "transport-cc"}],
            },
            {"id": 96, "name": "rtx", "clockrate": 90000, "parameters": {"apt": "100"}},
        ],
        "rtp-hdrexts": [{"id": 5, "uri": "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"}],
    },
]
# Of somebody who never comes: their certificate is compared with this when they do.
NOBODY = {
    "xmlns": "urn:xmpp:jingle:transports:ice-udp:1", "ufrag": "nobody", "pwd": "nobody-comes-by-this-one", "rtcp-mux": True,
    "fingerprints": [{"hash": "sha-256", "setup": "active", "fingerprint": ":".join(["00"] * 32)}],
}


def ask(method, path, body=None):
    request = urllib.request.Request(
        f"http://127.0.0.1:{SETTINGS['port']}{path}",
        None if body is None else json.dumps(body).encode(),
        # Without Accept a videobridge answers some paths with 500 (a29d97d13, seen).
        {"Accept": "*/*", "Content-Type": "application/json"},
        method=method,
    )
    with OPENER.open(request, timeout=ANSWER) as answer:
        return answer.read()


def await_answer():
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return ask("GET", "/colibri/drain")
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def person(name, ssrc):
    return {
        "id": name, "create": True, "stats-id": name, "capabilities": ["source-names"],
        "transport": {"ice-controlling": True}, "medias": MEDIA,
        "sources": [
            {"type": kind, "id": f"{name}-{kind[0]}0", "sources": [{"ssrc": ssrc + i, "name": f"{name}-{kind[0]}0"}]}
            for i, kind in enumerate(("audio", "video"))
        ],
    }


def meet():
    """A meeting as Jicofo asks for it (colibri2), up to the moment at which the first packet would come."""
    meeting = str(uuid.uuid4())
    path = f"/colibri/v2/conferences/{meeting}"
    first, second = "00000001", "00000002"
    opening = {"meeting-id": meeting, "name": f"{meeting}@warm.invalid", "create": True}
    ask("POST", "/colibri/v2/conferences", {**opening, "endpoints": [person(first, 1000)]})
    try:
        # The bridge takes one person a request.
        ask("PATCH", path, {"endpoints": [person(second, 2000)]})
        for name in (first, second):
            ask("PATCH", path, {"endpoints": [{"id": name, "transport": {"transport": NOBODY}}]})
    finally:
        ask("PATCH", path, {"expire": True})


def main():
    await_answer()
    try:
        meet()
    except (OSError, http.client.HTTPException) as error:
        # The first meeting waits, as it would have without this. A bridge that nobody may use would be worse.
        print(f"the bridge isn't warm: {error}", file=sys.stderr)
    ask("POST", "/colibri/drain/disable")


if __name__ == "__main__":
    main()
