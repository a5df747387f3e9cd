"""What a compromised host and clients without a certificate send to the monitor. Prints the receiver's answers as JSON."""

import http.client
import json
import ssl
import struct
import subprocess
import sys
import time

# The receiver's address, and the host that this one says it is.
MONITOR, POSES_AS = sys.argv[1:]
subprocess.run(f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout /run/s.key -out /run/s.crt -subj /CN={POSES_AS}",
               shell=True, check=True, capture_output=True)
OWN = ("/etc/polder/tls/host.crt", "/etc/polder/tls/host.key")
GATE = {"SYSLOG_IDENTIFIER": "polder-gate", "_SYSTEMD_UNIT": "prosody.service", "_UID": "105"}
LINE, NOW = '{"result":"refused","more":1000}', time.time()

def post(pair, body):
    context = ssl.create_default_context(cafile="/etc/polder/ca/instance.crt")
    context.check_hostname = False
    if pair:
        context.load_cert_chain(*pair)
    try:
        connection = http.client.HTTPSConnection(MONITOR, 19532, context=context, timeout=30)
        connection.request("POST", "/upload", body, {"Content-Type": "application/vnd.fdo.journal"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__

def entry(at, message, **fields):
    """One entry in systemd's export format (JOURNAL_EXPORT_FORMATS)."""
    known = {"_BOOT_ID": "b" * 32, "_HOSTNAME": POSES_AS, "PRIORITY": "3", **fields}
    head = f"__REALTIME_TIMESTAMP={int(at * 1e6)}\n__MONOTONIC_TIMESTAMP=1000000\n"
    text = "".join(f"{name}={value}\n" for name, value in known.items())
    return (head + text).encode() + b"MESSAGE\n" + struct.pack("<Q", len(message)) + message + b"\n\n"

print(json.dumps({
    "no certificate": post(None, entry(NOW, LINE.encode(), **GATE)),
    "another CA's": post(("/run/s.crt", "/run/s.key"), entry(NOW, LINE.encode(), **GATE)),
    "another host's name": post(OWN, entry(NOW, LINE.encode(), **GATE)),
    "the future": post(OWN, entry(NOW + 3e9, b"x", SYSLOG_IDENTIFIER="x")),
    "20 MiB in a field": post(OWN, entry(NOW, b"y" * (20 << 20), SYSLOG_IDENTIFIER="x")),
    "bytes": post(OWN, entry(NOW, b"\xff\x00\xfe", **GATE)),
    "deep nesting": post(OWN, entry(NOW, b"[" * 3000, **GATE)),
    "no entry": post(OWN, b"\xff" * 4096),
}))
