#!/usr/bin/python3
"""Stands in for a videobridge until Jitsi's comes: echoes datagrams to the turn and bridge hosts, so that relaying to it
can be proven. To everybody else it is silent: an echo to the whole internet would be a tool for attacks in somebody
else's name."""

import json
import os
import selectors
import socket
import time

# What differs between instances.
with open(os.path.realpath(__file__) + ".json", encoding="utf-8") as file:
    SETTINGS = json.load(file)

PORT = SETTINGS["port"]
# Turn and bridge hosts of this instance.
PEERS = set(SETTINGS["peers"])
# Datagrams a second that are answered, all peers together; what comes above is dropped.
RATE = 2000
# Longer than any packet of media on a path of 1500 bytes.
LONGEST = 2048


class Allowance:
    """A token bucket that holds one second's worth."""

    def __init__(self, rate, now):
        self.rate, self.left, self.at = rate, rate, now

    def take(self, now):
        self.left = min(self.rate, self.left + (now - self.at) * self.rate)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


def may_answer(address, peers):
    """Whether a sender is one of the peers, never itself a server that answers (its own port loops)."""
    host, port = address[:2]
    return host in peers and port != PORT


def listen(family, address):
    sock = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.setblocking(False)
    sock.bind((address, PORT))
    return sock


def main():
    allowance = Allowance(RATE, time.monotonic())
    with selectors.DefaultSelector() as ready:
        for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            ready.register(listen(family, address), selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                try:
                    data, sender = key.fileobj.recvfrom(LONGEST)
                    if may_answer(sender, PEERS) and allowance.take(time.monotonic()):
                        key.fileobj.sendto(data, sender)
                except OSError:
                    # A peer that is gone again (ICMP), a full buffer: a datagram may always be lost.
                    continue


if __name__ == "__main__":
    main()
