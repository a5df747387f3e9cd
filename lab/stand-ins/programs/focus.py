#!/usr/bin/python3
"""Stands in for Jicofo until it comes: on its account, over verified TLS, it joins the room of each conference request,
which makes it, and leaves a room that nobody is in. It agrees no media."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import socket
import ssl
import sys
import time
from xml.etree.ElementTree import XMLPullParser
from xml.sax.saxutils import quoteattr

# What differs between instances.
with open(os.path.realpath(__file__) + ".json", encoding="utf-8") as file:
    SETTINGS = json.load(file)

ADDRESS = (SETTINGS["address"], SETTINGS["port"])
HOST, CA = SETTINGS["host"], SETTINGS["ca"]
AUTH, CONFERENCE = SETTINGS["auth"], SETTINGS["conference"]

# Seconds: for an answer; until a room that nobody came to is left (Jicofo's initial-timeout), and one
# that all but we have left; between signs of life.
PATIENCE, EMPTY, ALIVE = 10, 15, 60

CLIENT = "{jabber:client}"
FOCUS = "{http://jitsi.org/protocol/focus}conference"
MUC = "http://jabber.org/protocol/muc"


class Stream:
    """An XMPP stream as a client sees it: elements below the root, one after the other."""

    def __init__(self, sock):
        self.sock = sock
        self.begin()

    def begin(self):
        self.parser, self.depth, self.ready = XMLPullParser(("start", "end")), 0, []
        self.send(
            f"<stream:stream to={quoteattr(AUTH)} version='1.0' xmlns='jabber:client'"
            " xmlns:stream='http://etherx.jabber.org/streams'>"
        )

    def send(self, text):
        self.sock.sendall(text.encode())

    def take(self, seconds):
        """The next element, or None when none came in time."""
        end = time.monotonic() + seconds
        while not self.ready:
            left = end - time.monotonic()
            if left <= 0:
                return None
            self.sock.settimeout(left)
            try:
                data = self.sock.recv(65536)
            except TimeoutError:
                return None
            if not data:
                raise ConnectionError("Prosody closed the stream")
            self.parser.feed(data)
            for event, element in self.parser.read_events():
                self.depth += 1 if event == "start" else -1
                if event == "end" and self.depth == 1:
                    self.ready.append(element)
        return self.ready.pop(0)

    def expect(self, name):
        element = self.take(PATIENCE)
        if element is None or not element.tag.endswith("}" + name):
            raise ConnectionError(f"expected {name}, got {'nothing' if element is None else element.tag}")
        return element


def prove(stream, user, password):
    """Logs in by SCRAM-SHA-1 (RFC 5802). TLS has checked the server, so its own signature isn't looked at."""

    def tell(name, text, more=""):
        stream.send(
            f"<{name} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'{more}>{base64.b64encode(text.encode()).decode()}</{name}>"
        )

    bare = f"n={user},r={secrets.token_urlsafe(18)}"
    tell("auth", f"n,,{bare}", " mechanism='SCRAM-SHA-1'")
    challenge = base64.b64decode(stream.expect("challenge").text).decode()
    nonce, salt, rounds = (one[2:] for one in challenge.split(",")[:3])
    final = f"c=biws,r={nonce}"
    salted = hashlib.pbkdf2_hmac("sha1", password.encode(), base64.b64decode(salt), int(rounds))
    key = hmac.digest(salted, b"Client Key", "sha1")
    signature = hmac.digest(hashlib.sha1(key).digest(), f"{bare},{challenge},{final}".encode(), "sha1")
    proof = bytes(one ^ other for one, other in zip(key, signature, strict=True))
    tell("response", f"{final},p={base64.b64encode(proof).decode()}")
    stream.expect("success")


def log_in(password):
    stream = Stream(socket.create_connection(ADDRESS, PATIENCE))
    stream.expect("features")
    stream.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    stream.expect("proceed")
    context = ssl.create_default_context(cafile=CA)
    stream.sock = context.wrap_socket(stream.sock, server_hostname=HOST)
    stream.begin()
    stream.expect("features")
    prove(stream, "focus", password)
    stream.begin()
    stream.expect("features")
    stream.send(
        "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
        "<resource>focus</resource></bind></iq>"
    )
    stream.expect("iq")
    return stream


class Focus:
    """Requests and rooms of one stream."""

    def __init__(self, send):
        self.send = send
        # Who asked for a room and waits until it is open: room -> [(from, id)].
        self.asked = {}
        # Occupants of open rooms beside us, and since when there are none.
        self.rooms, self.empty = {}, {}

    def hear(self, element, now):
        if element.tag == CLIENT + "iq" and element.get("type") == "set":
            self.request(element)
        elif element.tag == CLIENT + "presence":
            self.presence(element, now)

    def request(self, iq):
        conference = iq.find(FOCUS)
        room = "" if conference is None else conference.get("room", "")
        if not room.endswith("@" + CONFERENCE) or "/" in room:
            self.send(
                f"<iq type='error' to={quoteattr(iq.get('from'))} id={quoteattr(iq.get('id'))}>"
                "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            )
            return
        self.asked.setdefault(room, []).append((iq.get("from"), iq.get("id")))
        if room in self.rooms:
            self.answer(room, True)
        else:
            self.send(f"<presence to={quoteattr(room + '/focus')}><x xmlns='{MUC}'/></presence>")

    def answer(self, room, ready):
        for sender, number in self.asked.pop(room, []):
            self.send(
                f"<iq type='result' to={quoteattr(sender)} id={quoteattr(number)}>"
                f"<conference xmlns='http://jitsi.org/protocol/focus' room={quoteattr(room)}"
                f" ready='{'true' if ready else 'false'}'/></iq>"
            )

    def presence(self, presence, now):
        room, _, nick = presence.get("from", "").partition("/")
        kind = presence.get("type")
        if nick in ("focus", ""):
            if kind in ("error", "unavailable"):
                self.rooms.pop(room, None)
                self.empty.pop(room, None)
            else:
                self.rooms.setdefault(room, set())
                self.empty.setdefault(room, now)
            self.answer(room, kind is None)
            return
        there = self.rooms.get(room)
        if there is None:
            return
        if kind == "unavailable":
            there.discard(nick)
        else:
            there.add(nick)
        if there:
            self.empty.pop(room, None)
        else:
            self.empty.setdefault(room, now)

    def leave_empty(self, now):
        for room, since in list(self.empty.items()):
            if now - since > EMPTY:
                del self.empty[room], self.rooms[room]
                self.send(f"<presence type='unavailable' to={quoteattr(room + '/focus')}/>")


def main():
    with open(os.path.join(os.environ["CREDENTIALS_DIRECTORY"], "password"), encoding="utf-8") as file:
        password = file.read().strip()
    try:
        stream = log_in(password)
        focus = Focus(stream.send)
        print("logged in as focus", flush=True)
        heard = time.monotonic()
        while True:
            element = stream.take(1)
            now = time.monotonic()
            if element is not None:
                focus.hear(element, now)
                heard = now
            elif now - heard > ALIVE:
                stream.send(" ")
                heard = now
            focus.leave_empty(now)
    except OSError as error:
        # What an error quotes may be a name; its kind isn't. systemd starts it again.
        print(f"<4>the stream ended: {type(error).__name__}", flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
