"""Tells the webhook something; whoever runs it makes calls and messages of it."""

import http.client
import json
import os
import urllib.error
import urllib.request

# What differs between instances.
with open(os.path.realpath(__file__) + ".json", encoding="utf-8") as file:
    SETTINGS = json.load(file)

INSTANCE = SETTINGS["instance"]
WEBHOOK = SETTINGS["webhook"]
# Touched when the alarm program has looked at everything; in memory, so that no full disk keeps it still.
RAN = "/run/polder-alarm/ran"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token is for the webhook, not for where it points."""

    def redirect_request(self, *_):
        return None


def token():
    with open(os.path.join(os.environ["CREDENTIALS_DIRECTORY"], "token"), encoding="utf-8") as file:
        return file.read().strip()


def post(token, body):
    """Whether the other side took it: only 2xx says so."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(WEBHOOK, json.dumps(body).encode(), headers, method="POST")
    opener = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return 200 <= answer.status < 300
    except urllib.error.HTTPError as error:
        # Its words may quote the token; its number doesn't.
        print(f"<4>alarm not delivered: the webhook answers {error.code}", flush=True)
    except (OSError, http.client.HTTPException) as error:
        print(f"<4>alarm not delivered: {getattr(error, 'reason', None) or error!r}", flush=True)
    return False
