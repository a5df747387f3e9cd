"""Lets each program check its new files at their real paths, where nobody else sees them yet."""
from __future__ import annotations

import ctypes
import json
import os
import subprocess

CLONE_NEWNS = 0x00020000

# Seconds that one program may take to read its files.
PATIENCE = 60


def tops(paths):
    """The folders that must look new: /etc as a whole, of the others two levels."""
    found = set()
    for path in paths:
        parts = path.strip("/").split("/")
        depth = 1 if parts[0] == "etc" else 2
        found.add("/" + "/".join(parts[:depth]))
    return sorted(found | {"/etc"})


def _mount(*arguments):
    subprocess.run(["mount", *arguments], check=True, capture_output=True, text=True)


def _look_new(folders):
    """From here on, what this process writes below the folders is its own and gone with it."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "no mount namespace of our own")
    _mount("--make-rprivate", "/")
    scratch = "/run/polder-checks"
    os.makedirs(scratch, mode=0o700, exist_ok=True)
    _mount("-t", "tmpfs", "-o", "mode=0700,size=64m", "polder", scratch)
    for number, folder in enumerate(folders):
        os.makedirs(folder, mode=0o755, exist_ok=True)
        upper, work = (os.path.join(scratch, "%d-%s" % (number, part)) for part in ("new", "work"))
        os.mkdir(upper, 0o755)
        os.mkdir(work)
        _mount("-t", "overlay", "-o", "lowerdir=%s,upperdir=%s,workdir=%s" % (folder, upper, work), "polder", folder)


def _last_words(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # nginx and prosodyctl end with a verdict; the reason stands before it.
    telling = [line for line in lines if any(word in line.lower() for word in ("error", "emerg", "line ", "unknown", "invalid"))]
    return " / ".join((telling or lines)[:2])[:300]


def run_check(check, environment):
    command = check["command"]
    try:
        ran = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=PATIENCE,
            env=environment, stdin=subprocess.DEVNULL, cwd="/", check=False,
        )
    except FileNotFoundError:
        return "%s: %s is not installed" % (check["id"], command[0])
    except subprocess.TimeoutExpired:
        return "%s: no answer within %d s" % (check["id"], PATIENCE)
    if ran.returncode == 0:
        return None
    return "%s: %s" % (check["id"], _last_words(ran.stderr + "\n" + ran.stdout) or "exit code %d" % ran.returncode)


def refusals(releases, name, wanted, before):
    """All checks over a staged release. Gives one line for each that refuses."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        reported = ["the new files can't be tried out: "]
        try:
            _look_new(tops([entry["path"] for entry in wanted["files"]]))
            releases.switch(name, wanted, before)
            environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
            reported = [line for line in (run_check(c, environment) for c in wanted["checks"]) if line]
        except subprocess.CalledProcessError as error:
            reported[0] += error.stderr.strip()
        except BaseException as error:  # pylint: disable=broad-except
            reported[0] += str(error)
        os.write(writer, json.dumps(reported).encode()[:60_000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        reported = pipe.read()
    os.waitpid(child, 0)
    return json.loads(reported or b'["the checks ended without a word"]')
