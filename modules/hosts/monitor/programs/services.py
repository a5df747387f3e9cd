#!/usr/bin/python3
"""Looks at each service as its users do: the page, the handshake, the login over XMPP, a relay with media to each
bridge, the receiver of journals. One line of JSON, every minute, says what is wrong."""

import base64
import concurrent.futures
import hashlib
import hmac
import json
import os
import re
import secrets
import socket
import ssl
import struct
import time

# What differs between instances.
with open(os.path.realpath(__file__) + ".json", encoding="utf-8") as file:
    SERVICES = json.load(file)

WARN_DAYS = SERVICES["warnDays"]
# Seconds that a service may take for one answer.
PATIENCE = 8
LONGEST = 3500
MAGIC = 0x2112A442
NAMES, PORTS = SERVICES["names"], SERVICES["ports"]


class Wrong(Exception):
    """What is wrong with a service, in words."""


def context(own_ca):
    return ssl.create_default_context(cafile=SERVICES["ca"] if own_ca else None)


def days_left(tls, now):
    return int((ssl.cert_time_to_seconds(tls.getpeercert()["notAfter"]) - now) // 86400)


def connect(address, port):
    return socket.create_connection((address, port), timeout=PATIENCE)


def ask(tls, lines):
    """The status of one answer of HTTP, and what it holds of its body at once."""
    tls.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
    answer = b""
    while len(answer) < 65536:
        try:
            data = tls.recv(8192)
        except ssl.SSLEOFError:
            break
        if not data:
            break
        answer += data
    status = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    if not status:
        raise Wrong("answers no HTTP")
    return int(status[1]), answer.partition(b"\r\n\r\n")[2]


def page(at, ends):
    domain = SERVICES["domain"]
    with connect(at["address"], PORTS["https"]) as raw, context(SERVICES["ownCaOnly"]).wrap_socket(raw, server_hostname=domain) as tls:
        ends(f"certificate/{at['host']}/page", tls)
        status, body = ask(tls, ["GET / HTTP/1.1", f"Host: {domain}"])
    if status != 200 or not body:
        raise Wrong(f"the page answers {status}")


def handshake(at, _ends):
    """Nobody's token: the gate refuses it as it refuses all. nginx alone answers otherwise."""
    domain = SERVICES["domain"]
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    for room in at["rooms"]:
        with connect(at["address"], PORTS["https"]) as raw, context(SERVICES["ownCaOnly"]).wrap_socket(raw, server_hostname=domain) as tls:
            status, _ = ask(tls, [
                f"GET /xmpp-websocket?room={room}&token=watch HTTP/1.1", f"Host: {domain}", "Upgrade: websocket",
                f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: xmpp",
            ])
        if status != 404:
            to = "" if room == at["rooms"][0] else ", for a meeting at another control host,"
            raise Wrong(f"the handshake without a token{to} answers {status} in place of the gate's 404")


def until(sock, end):
    got = b""
    while end not in got:
        data = sock.recv(4096)
        if not data or len(got) > 65536:
            raise Wrong("Prosody ends the stream before " + end.decode())
        got += data
    return got


def login(at, ends):
    """Up to where a password would be due: verified TLS, and the offer of SCRAM. The monitor has no account."""
    opening = (
        f"<?xml version='1.0'?><stream:stream to='{NAMES['auth']}' version='1.0' "
        "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
    ).encode()
    with connect(at["address"], PORTS["xmpp"]) as raw:
        raw.sendall(opening)
        until(raw, b"</stream:features>")
        raw.sendall(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        until(raw, b"<proceed")
        with context(True).wrap_socket(raw, server_hostname=at["host"]) as tls:
            ends(f"certificate/{at['host']}/xmpp", tls)
            tls.sendall(opening)
            offered = until(tls, b"</stream:features>")
            tls.sendall(b"</stream:stream>")
    if b"<mechanism>SCRAM-SHA-1</mechanism>" not in offered:
        raise Wrong("Prosody offers no login")


def attribute(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def message(kind, transaction, attributes, key=b""):
    """A STUN message (RFC 8489, 5), with the integrity of a long-term login if there is a key."""
    body = b"".join(attribute(*one) for one in attributes)
    if key:
        head = struct.pack("!HHI", kind, len(body) + 24, MAGIC) + transaction
        body += attribute(0x0008, hmac.digest(key, head + body, "sha1"))
    return struct.pack("!HHI", kind, len(body), MAGIC) + transaction + body


def parsed(data):
    """Kind, transaction and attributes of a message; None for what is none."""
    if len(data) < 20 or struct.unpack("!I", data[4:8])[0] != MAGIC:
        return None
    kind, length = struct.unpack("!HH", data[:4])
    found, at = {}, 20
    while at + 4 <= min(len(data), 20 + length):
        name, size = struct.unpack("!HH", data[at : at + 4])
        found.setdefault(name, data[at + 4 : at + 4 + size])
        at += 4 + size + (-size % 4)
    return kind, data[8:20], found


class Relay:
    """One allocation at coturn over TLS."""

    def __init__(self, tls, user, password):
        self.tls, self.user, self.password = tls, user, password
        self.signed, self.key, self.pending = [], b"", b""

    def receive(self):
        """The next message; of a stream, each says how long it is."""
        while len(self.pending) < 20 or len(self.pending) < 20 + int.from_bytes(self.pending[2:4]):
            data = self.tls.recv(4096)
            if not data:
                raise Wrong("coturn ends the connection")
            self.pending += data
        size = 20 + int.from_bytes(self.pending[2:4])
        whole, self.pending = self.pending[:size], self.pending[size:]
        return whole

    def once(self, method, attributes):
        transaction = secrets.token_bytes(12)
        self.tls.settimeout(PATIENCE)
        self.tls.sendall(message(method, transaction, [*attributes, *self.signed], self.key))
        for _ in range(100):
            answer = parsed(self.receive())
            if answer and answer[1] == transaction:
                return answer
        raise Wrong("coturn doesn't answer")

    def request(self, method, attributes):
        for _ in range(2):
            kind, _, found = self.once(method, attributes)
            if kind & 0x0110 == 0x0100:
                return found
            error = found.get(0x0009, b"\0\0\0\0")
            code = error[2] * 100 + error[3]
            if code not in (401, 438) or 0x0015 not in found:
                break
            realm = found.get(0x0014, b"")
            self.signed = [(0x0006, self.user.encode()), (0x0014, realm), (0x0015, found[0x0015])]
            self.key = hashlib.md5(b":".join([self.user.encode(), realm, self.password.encode()]), usedforsecurity=False).digest()
        raise Wrong(f"coturn answers {code}")

    def allocate(self):
        self.request(0x0003, [(0x0019, bytes([17, 0, 0, 0]))])

    def echo(self, address):
        """Whether what is sent to a bridge comes back from it."""
        port = struct.pack("!H", PORTS["media"] ^ (MAGIC >> 16))
        peer = b"\0\1" + port + (int.from_bytes(socket.inet_aton(address)) ^ MAGIC).to_bytes(4)
        self.request(0x0008, [(0x0012, peer)])
        sent = b"polder-services " + secrets.token_hex(8).encode()
        for _ in range(3):
            self.tls.sendall(message(0x0016, secrets.token_bytes(12), [(0x0012, peer), (0x0013, sent)]))
            end = time.monotonic() + 1
            while time.monotonic() < end:
                self.tls.settimeout(max(0.05, end - time.monotonic()))
                try:
                    answer = parsed(self.receive())
                except TimeoutError:
                    break
                if answer and answer[2].get(0x0013) == sent and answer[2].get(0x0012) == peer:
                    return
        raise Wrong("no media comes back from the bridge")

    def give_back(self):
        self.request(0x0004, [(0x000D, bytes(4))])


def relay_login(now):
    """User and password, and what is wrong with them by themselves."""
    with open(os.path.join(os.environ["CREDENTIALS_DIRECTORY"], "turn-login"), encoding="utf-8") as file:
        user, password = file.read().split()
    days = int((int(user.partition(":")[0]) - now) // 86400)
    return user, password, f"its login for relays has {days} days left: `polder converge` renews it" if days < WARN_DAYS else ""


def relay(at, ends, credential, red):
    """By TLS, where the flow leads: over UDP it is the same process, with the same secret and the same peers."""
    name = NAMES["turn"]
    with connect(at["address"], PORTS["turnTls"]) as raw, context(SERVICES["ownCaOnly"]).wrap_socket(raw, server_hostname=name) as tls:
        ends(f"certificate/{at['host']}/relay", tls)
        relay = Relay(tls, *credential)
        relay.allocate()
        for bridge in SERVICES["bridges"]:
            try:
                relay.echo(bridge["address"])
            except (Wrong, OSError) as error:
                red[f"service/{bridge['host']}/media by {at['host']}"] = str(error)
        relay.give_back()


def receiver(at, ends):
    """nginx, which asks for a certificate, and journal-remote behind it."""
    with connect(at["address"], PORTS["journal"]) as raw, context(True).wrap_socket(raw, server_hostname=at["host"]) as tls:
        ends(f"certificate/{at['host']}/receiver", tls)
        status, _ = ask(tls, ["GET /upload HTTP/1.1", f"Host: {at['host']}"])
    if status != 400:
        raise Wrong(f"without a certificate it answers {status} in place of 400")
    with connect("127.0.0.1", PORTS["journalBehind"]) as behind:
        ask(behind, ["GET / HTTP/1.1", "Host: localhost"])


def look(now):
    """All that is wrong, by a name each."""
    red = {}

    def ends(name, tls):
        days = days_left(tls, now)
        if days < WARN_DAYS:
            red[name] = f"the certificate that is shown has {days} days left"

    def run(name, check, *arguments):
        try:
            check(*arguments)
        except (Wrong, OSError, ValueError) as error:
            red[f"service/{name}"] = str(error)[:150] or repr(error)
        except Exception as error:
            red[f"service/{name}"] = repr(error)[:150]

    own = SERVICES["own"]
    checks = [(f"{own['host']}/receiver", receiver, own, ends)]
    for at in SERVICES["web"]:
        checks += [(f"{at['host']}/{check.__name__}", check, at, ends) for check in (page, handshake, login)]
    if SERVICES["turn"]:
        try:
            *credential, wrong = relay_login(now)
            for at in SERVICES["turn"]:
                checks.append((f"{at['host']}/relay", relay, at, ends, credential, red))
        except (OSError, ValueError) as error:
            wrong = f"its login for relays can't be read: {error}"
        if wrong:
            red[f"service/{own['host']}/login for relays"] = wrong
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for one in [pool.submit(run, *check) for check in checks]:
            one.result()
    return red


def line(red):
    """A line that journald and journalctl pass on whole."""
    kept = dict(sorted(red.items()))
    while len(json.dumps({"red": kept})) > LONGEST:
        kept.popitem()
    more = len(red) - len(kept)
    return json.dumps({"red": {**kept, **({f"watch/{SERVICES['own']['host']}/more": f"{more} more things"} if more else {})}})


if __name__ == "__main__":
    print(line(look(time.time())))
