"""Asks a relay server for allocations without a login, RATE times a second from 200 ports, until standard input ends.

Usage: allocation-flood.py SERVER RATE. Standard output, a line each of JSON: "begun" at the first answer; at the end how many
were asked for a second, and how many of these were refused ({"asked": ..., "refused": ...}).
"""
import json
import os
import select
import socket
import struct
import sys
import time

server, rate = sys.argv[1], int(sys.argv[2])
ALLOCATE, REFUSED, COOKIE = 0x0003, 0x0113, 0x2112A442
REQUESTED_TRANSPORT, UDP = 0x0019, 17

ports = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(200)]
poll = select.epoll()
for port in ports:
    port.setblocking(False)
    poll.register(port, select.EPOLLIN)
poll.register(sys.stdin, select.EPOLLIN)
by_descriptor = {port.fileno(): port for port in ports}

began, asked, refused, goes_on = time.monotonic(), 0, 0, True
while goes_on:
    while asked < (time.monotonic() - began) * rate:
        head = struct.pack("!HHI", ALLOCATE, 8, COOKIE) + os.urandom(12)
        ports[asked % len(ports)].sendto(head + struct.pack("!HHBxxx", REQUESTED_TRANSPORT, 4, UDP), (server, 3478))
        asked += 1
    for descriptor, _ in poll.poll(0.002):
        if descriptor not in by_descriptor:
            goes_on = False
            continue
        answer = by_descriptor[descriptor].recv(2048)
        if struct.unpack("!H", answer[:2])[0] == REFUSED:
            refused += 1
            if refused == 1:
                print(json.dumps("begun"), flush=True)
seconds = time.monotonic() - began
print(json.dumps({"asked": round(asked / seconds), "refused": round(refused / seconds)}))
