"""Takes what is written to /dev/log down, as journald would: RFC 3164 without host."""

import os
import re
import socket

sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.bind("/dev/log")
os.chmod("/dev/log", 0o666)
with open("/shared/log", "a", buffering=1, encoding="utf-8") as file:
    while True:
        line = sock.recv(65536).decode("utf-8", "replace").replace("\n", " ")
        found = re.match(r"<(\d+)>.{15} ([^:\[]+)(?:\[\d+\])?: (.*)", line)
        if found:
            file.write("%d\t%s\t%s\n" % (int(found[1]) >> 3, found[2], found[3]))
