"""Asks a web server for signalling without a token, again and again, until standard input ends.

Usage: handshake-flood.py SERVER DOMAIN PER_SECOND SOURCE [SOURCE ...]

Each SOURCE, an address of this machine, keeps a few connections open and asks on them. PER_SECOND is what all of
them ask together. Prints "ready" at the first answer, and at the end the seconds that it went on and how often each
status was answered, as JSON.
"""
import asyncio
import collections
import json
import ssl
import sys
import time

server, domain, per_second, *sources = sys.argv[1:]
CONNECTIONS = 8
BATCH = 50
ASK = (
    f"GET /xmpp-websocket?room=x HTTP/1.1\r\nHost: {domain}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n"
).encode()
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
statuses = collections.Counter()


async def answers(reader, count):
    """Reads so many answers off a connection. @return whether it is still open"""
    for _ in range(count):
        head = await reader.readuntil(b"\r\n\r\n")
        if not statuses:
            print("ready", flush=True)
        statuses[head.split()[1].decode()] += 1
        lines = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:-2])
        await reader.readexactly(int(lines.get(b"content-length", 0)))
        if lines.get(b"connection") == b"close":
            return False
    return True


async def ask(source):
    pause = BATCH * CONNECTIONS * len(sources) / float(per_second)
    while True:
        try:
            reader, writer = await asyncio.open_connection(
                server, 443, ssl=context, server_hostname=domain, local_addr=(source, 0),
            )
            open_still = True
            while open_still:
                began = time.monotonic()
                writer.write(ASK * BATCH)
                open_still = await answers(reader, BATCH)
                await asyncio.sleep(pause - (time.monotonic() - began))
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            statuses["ended"] += 1
            await asyncio.sleep(0.05)


async def main():
    asking = [asyncio.ensure_future(ask(source)) for source in sources for _ in range(CONNECTIONS)]
    began = time.monotonic()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for one in asking:
        one.cancel()
    print(json.dumps({"seconds": time.monotonic() - began, "statuses": statuses}), flush=True)


asyncio.run(main())
