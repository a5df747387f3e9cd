"""Passes bytes between its own standard streams and one connection of the host's: relay ADDRESS PORT. Begins with a +."""
import contextlib
import os
import socket
import sys
import threading

s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
s.settimeout(None)
sys.stdout.buffer.write(b"+")
sys.stdout.flush()


def up():
    while data := os.read(0, 65536):
        s.sendall(data)
    with contextlib.suppress(OSError):
        s.shutdown(socket.SHUT_WR)


def down():
    with contextlib.suppress(OSError):
        while data := s.recv(65536):
            sys.stdout.buffer.write(data)
            sys.stdout.flush()


threading.Thread(target=up, daemon=True).start()
down()
# Whatever else would still come in: the connection is over.
os._exit(0)
