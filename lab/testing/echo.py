"""Sends back what comes to port 10000 of the addresses that it is given, as the bridges' stand-in does for its relays."""

import select
import socket
import sys

socks = []
for address in sys.argv[1:]:
    # Each its own: the answer must come from where the question went.
    socks.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    socks[-1].bind((address, 10000))
while True:
    for sock in select.select(socks, [], [])[0]:
        data, address = sock.recvfrom(2048)
        sock.sendto(data, address)
