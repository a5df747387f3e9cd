"""Takes what is written to /dev/log down, as it comes."""

import socket

sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.bind("/dev/log")
with open("/log", "ab", buffering=0) as file:
    while True:
        file.write(sock.recv(65536) + b"\n")
