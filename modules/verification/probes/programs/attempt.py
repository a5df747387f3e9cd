"""Tries each place at once and prints what came of it; whoever listens there hears the host's name."""
import json
import socket
import sys
import threading

job = json.load(sys.stdin)
results = [None] * len(job["attempts"])


def attempt(i, one):
    family = socket.AF_INET6 if ":" in one["address"] else socket.AF_INET
    kind = socket.SOCK_STREAM if one["protocol"] == "tcp" else socket.SOCK_DGRAM
    with socket.socket(family, kind) as s:
        s.settimeout(2)
        try:
            s.connect((one["address"], one["port"]))
            s.sendall(job["name"].encode())
            results[i] = "sent"
        except OSError as error:
            results[i] = type(error).__name__ + " " + str(error)


threads = [threading.Thread(target=attempt, args=each) for each in enumerate(job["attempts"])]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps(results))
