"""A flood from some addresses, and people who come meanwhile.

Usage: flood.py SERVICE DOMAIN COUNT SECONDS GIVES-UP SERVER SOURCE,... WHO=ADDRESS@SERVER ..., with the relay's secret on standard input.
Runs where it sees the service's processes. Opens COUNT connections to SERVER, from each SOURCE in turn, sends half a ClientHello
on each, and opens each anew that ends, or that stood for GIVES-UP seconds (0: it never gives one up). After SECONDS, while it goes on,
people come one after the other, each WHO from their ADDRESS to their SERVER; prints what they got, and what stood, as JSON.
"""
import base64
import glob
import hashlib
import hmac
import itertools
import json
import os
import re
import select
import signal
import socket
import ssl
import struct
import sys
import time

service, domain, count, seconds, gives_up, server, flooding = sys.argv[1:8]
people = [one.replace("@", "=").split("=") for one in sys.argv[8:]]
secret = sys.stdin.readline().strip()
HALF = bytes.fromhex("160301020001" "0001fc0303") + os.urandom(100)
PEOPLE = 6
PATIENCE = 10


def bound(source, kind=socket.SOCK_STREAM):
    one = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET, kind)
    # A port is chosen when it connects: any that is free for this peer.
    one.setsockopt(socket.IPPROTO_IP, 24, 1)
    one.bind((source, 0))
    return one


def flood(report):
    """Until it is killed. Writes how many it has opened, about once a second; less often where the machine is slow."""
    poll, open_ones, opened, last = select.epoll(), {}, 0, 0.0
    sources = itertools.cycle(flooding.split(","))
    while True:
        for _ in range(200):
            if len(open_ones) >= int(count):
                break
            one = bound(next(sources))
            one.setblocking(False)
            try:
                one.connect((server, 443))
            except BlockingIOError:
                pass
            except OSError:
                one.close()
                break
            open_ones[one.fileno()] = one, time.monotonic()
            poll.register(one, select.EPOLLOUT | select.EPOLLRDHUP)
            opened += 1
        for at, what in poll.poll(0.02):
            one, _ = open_ones[at]
            try:
                if what & (select.EPOLLERR | select.EPOLLHUP | select.EPOLLRDHUP):
                    raise OSError
                one.send(HALF)
                poll.modify(one, select.EPOLLRDHUP)
            except OSError:
                poll.unregister(one)
                del open_ones[at]
                one.close()
        # The oldest stand first.
        for at, (one, since) in list(open_ones.items()):
            if not float(gives_up) or time.monotonic() - since < float(gives_up):
                break
            poll.unregister(one)
            del open_ones[at]
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.close()
        if time.monotonic() - last > 1:
            last = time.monotonic()
            os.write(report, struct.pack("!I", opened))


context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE


def page(source, to):
    with bound(source) as one:
        one.settimeout(PATIENCE)
        one.connect((to, 443))
        with context.wrap_socket(one, server_hostname=domain) as over:
            over.sendall(f"GET / HTTP/1.1\r\nHost: {domain}\r\nConnection: close\r\n\r\n".encode())
            return over.makefile("rb").readline().split()[1].decode()


def attribute(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + b"\0" * (-len(value) % 4)


def relay(source, to, over_tls):
    """What an Allocate (RFC 8656) with a good login gets: "relay", or the error's number."""
    with bound(source, socket.SOCK_STREAM if over_tls else socket.SOCK_DGRAM) as one:
        one.settimeout(PATIENCE)
        one.connect((to, 443 if over_tls else 3478))
        if over_tls:
            one = context.wrap_socket(one, server_hostname=f"turn.{domain}")

        def ask(attributes, key=None):
            def head(size):
                return struct.pack("!HHI", 3, size, 0x2112A442) + b"polder-flood"
            if key is not None:
                mac = hmac.new(key, head(len(attributes) + 24) + attributes, "sha1").digest()
                attributes += attribute(8, mac)
            one.sendall(head(len(attributes)) + attributes)
            answer = one.recv(2048)
            found, at = {}, 20
            while at < len(answer):
                kind, size = struct.unpack_from("!HH", answer, at)
                found[kind] = answer[at + 4 : at + 4 + size]
                at += 4 + size + -size % 4
            return struct.unpack_from("!H", answer)[0], found

        udp = attribute(0x19, bytes([17, 0, 0, 0]))
        _, challenge = ask(udp)
        user = f"{int(time.time()) + 600}:{os.urandom(8).hex()}"
        password = base64.b64encode(hmac.new(secret.encode(), user.encode(), "sha1").digest()).decode()
        realm = challenge[0x14].decode()
        key = hashlib.md5(f"{user}:{realm}:{password}".encode()).digest()
        login = attribute(6, user.encode()) + attribute(0x14, challenge[0x14]) + attribute(0x15, challenge[0x15])
        kind, answer = ask(udp + login, key)
        if over_tls:
            one.close()
        return "relay" if kind == 0x103 else str(answer[9][2] * 100 + answer[9][3])


def held_by(name):
    """Memory in MiB, shared pages in parts, and sockets of the processes of a name."""
    total = sockets = 0
    for folder in glob.glob("/proc/[0-9]*"):
        try:
            with open(folder + "/comm") as comm, open(folder + "/smaps_rollup") as rollup:
                if comm.read().strip() == name:
                    total += int(re.search(r"^Pss:\s+(\d+)", rollup.read(), re.M)[1])
                    sockets += len(os.listdir(folder + "/fd"))
        except OSError:
            pass
    return {"memory": total // 1024, "sockets": sockets}


def tried(way, *args):
    try:
        return way(*args)
    except Exception as error:
        return type(error).__name__


WAYS = {"web": {"page": (page,)}, "turn": {"udp": (relay, False), "tls": (relay, True)}}[service]


def got():
    return {
        f"{name} {who}": [tried(way, source, to, *args) for _ in range(PEOPLE)]
        for name, (way, *args) in WAYS.items()
        for who, source, to in people
    }


before = got()
readable, report = os.pipe()
child = os.fork()
if child == 0:
    flood(report)
try:
    time.sleep(float(seconds))
    (opened,) = struct.unpack("!I", os.read(readable, 65536)[-4:])
    held = held_by({"web": "nginx", "turn": "turnserver"}[service])
    during = got()
finally:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
print(json.dumps({**held, "before": before, "during": during, "opened": opened}))
