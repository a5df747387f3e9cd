"""Connects to every port of every target, all targets mixed so that none is hit at once by all.

Standard input: {"targets": [{"address": ..., "ports": [[from, to], ...]}, ...], "limits": {"inFlight": connections under
way at once, "timeout": ms for one connection; a filter that drops costs all of it}}. Standard output, a line each: about
every five seconds {"progress": [connections done so far, in all]}, at the end {"results": [...]}.

Python, since a whole `polder probe all` takes 38 s of the processor with it and took 46 s with Node (393,000 connections).
"""
import collections
import errno
import itertools
import json
import resource
import select
import socket
import struct
import sys
import time

# A reset instead of a farewell: no half-closed connection is left at either end.
RESET = struct.pack("ii", 1, 0)
# That nobody answered, or that somebody says there is no way: a filter that rejects, or no host. What one host's ICMP says
# (Linux, icmp_err_convert) must not end the scan of all.
SILENT = {
    errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENOPROTOOPT, errno.EHOSTDOWN, errno.ENONET, errno.EMSGSIZE,
    errno.EOPNOTSUPP, errno.EACCES, errno.EPERM, errno.ECONNRESET,
}
# Descriptors for all but connections.
SPARE = 32
# Connections that begin before answers are read.
AT_ONCE = 100
# Seconds between two reports.
PACE = 5


class Target:
    def __init__(self, address, ports):
        self.address = address
        self.family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.ports = itertools.chain.from_iterable(range(low, high + 1) for low, high in ports)
        self.open, self.refused, self.tried = [], 0, 0

    def ended(self, port, error):
        self.tried += 1
        if error == 0:
            self.open.append(port)
        elif error == errno.ECONNREFUSED:
            self.refused += 1
        elif error not in SILENT:
            raise OSError(error, f"{errno.errorcode.get(error, error)} while connecting to {self.address} port {port}")

    def result(self):
        return {"address": self.address, "open": sorted(self.open), "refused": self.refused, "tried": self.tried}


def mixed(targets):
    """One port of each target in turn, until none has any left."""
    for round_ in itertools.zip_longest(*(target.ports for target in targets)):
        for target, port in zip(targets, round_, strict=True):
            if port is not None:
                yield target, port


def scan(targets, in_flight, timeout, report):
    poll = select.epoll()
    # Oldest first, since all have the same time: (when its time is over, descriptor).
    waiting, under_way = collections.deque(), {}
    jobs = mixed(targets)
    done = 0

    def end(descriptor, error):
        nonlocal done
        sock, target, port = under_way.pop(descriptor)
        if error == 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        sock.close()
        target.ended(port, error)
        done += 1

    def answers(patience):
        for descriptor, _ in poll.poll(patience):
            end(descriptor, under_way[descriptor][0].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    def forget():
        """What has ended waits for nothing. Its descriptor may be another connection's by now."""
        while waiting and under_way.get(waiting[0][1], (None,))[0] is not waiting[0][2]:
            waiting.popleft()

    def begin(target, port):
        sock = socket.socket(target.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        descriptor = sock.fileno()
        under_way[descriptor] = (sock, target, port)
        error = sock.connect_ex((target.address, port))
        if error == errno.EINPROGRESS:
            poll.register(descriptor, select.EPOLLOUT)
            waiting.append((time.monotonic() + timeout, descriptor, sock))
        else:
            end(descriptor, error)

    more = True
    while more or under_way:
        some = list(itertools.islice(jobs, min(AT_ONCE, in_flight - len(under_way)))) if more else []
        more = bool(some) or len(under_way) >= in_flight
        for target, port in some:
            begin(target, port)
        report(done)
        forget()
        answers(0 if some or not waiting else max(0, waiting[0][0] - time.monotonic()))
        # Answers that came while this was busy with others count: they are read first.
        now = time.monotonic()
        if waiting and waiting[0][0] <= now:
            answers(0)
        forget()
        while waiting and waiting[0][0] <= now:
            end(waiting.popleft()[1], errno.ETIMEDOUT)
            forget()


def main():
    asked = json.load(sys.stdin)
    targets = [Target(one["address"], one["ports"]) for one in asked["targets"]]
    total = sum(high - low + 1 for one in asked["targets"] for low, high in one["ports"])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    in_flight = asked["limits"]["inFlight"]
    if hard != resource.RLIM_INFINITY:
        in_flight = max(1, min(in_flight, hard - SPARE))
    reported = time.monotonic()

    def report(done):
        nonlocal reported
        if time.monotonic() - reported >= PACE:
            reported = time.monotonic()
            print(json.dumps({"progress": [done, total]}), flush=True)

    scan(targets, in_flight, asked["limits"]["timeout"] / 1000, report)
    print(json.dumps({"results": [target.result() for target in targets]}), flush=True)


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("interrupted")
