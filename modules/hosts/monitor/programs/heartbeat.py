#!/usr/bin/python3
"""Tells the webhook every minute that alarms would come, or that they wouldn't. Its silence is an alarm, too."""

import os
import sys
import time

from polder_webhook import INSTANCE, RAN, post, token

# Seconds after which the alarm program counts as dead: it runs each minute, and may take four.
DEAD = 300


def beat(now, ran=RAN):
    """What the heartbeat sends at a moment."""
    try:
        at = int(os.stat(ran).st_mtime)
    except FileNotFoundError:
        # As after a boot, until its first run.
        at = None
    red = at is None or not 0 <= now - at <= DEAD
    words = (
        f"the monitor's alarm program hasn't come to its end for {DEAD // 60} minutes: nobody hears of anything new"
        if red
        else "the monitor would tell; when this hasn't come for five minutes, look at the monitor"
    )
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at if red and at is not None else now))
    return {"instance": INSTANCE, "alarm": "alive", "state": "red" if red else "green", "text": words, "since": since}


if __name__ == "__main__":
    sys.exit(0 if post(token(), beat(int(time.time()))) else 1)
