"""Asks Jitsi's REST on a host's own loopback, where alone it listens. Runs on the host, from standard input.

jitsi_rest.py metrics PORT          a bridge's numbers without labels of /metrics, as JSON; null where nothing listens
jitsi_rest.py focus PORT            how many meetings a Jicofo has, and bridges that it can use; null where nothing listens
jitsi_rest.py drain PORT on|off     whether a bridge takes new people
jitsi_rest.py move PORT BRIDGE      Jicofo moves everybody from a bridge to others, prints how many
"""
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

# Seconds. Jicofo answers a move after it has sent all invitations.
PATIENCE = 20


def ask(port, path, method="GET", form="*/*"):
    request = urllib.request.Request(f"http://127.0.0.1:{int(port)}{path}", None, {"Accept": form}, method=method)
    # Nobody's proxy: what is asked is this host.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=PATIENCE) as answer:
        return answer.read().decode()


def metrics(text):
    found = {}
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        if name and not line.startswith("#") and "{" not in name:
            found[name] = float(value)
    return found


def focus(text):
    stats = json.loads(text)
    return {"meetings": stats["conferences"], "bridges": stats["bridge_selector"]["operational_bridge_count"]}


def main(verb, port, what=None):
    try:
        if verb == "metrics":
            # Without Accept a videobridge answers 500 (a29d97d13, seen).
            return metrics(ask(port, "/metrics", form="text/plain"))
        if verb == "focus":
            # Not /metrics, whose numbers are up to 30 s old (jicofo.metrics.update-interval): a meeting that has just
            # begun isn't among them, and bridges that have just gone are.
            return focus(ask(port, "/stats"))
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            return None
        raise
    if verb == "drain":
        return ask(port, f"/colibri/drain/{'enable' if what == 'on' else 'disable'}", "POST")
    query = urllib.parse.urlencode({"bridge": what, "fraction": 1})
    return json.loads(ask(port, f"/move-endpoints/move-fraction?{query}"))["movedEndpoints"]


if __name__ == "__main__":
    try:
        print(json.dumps(main(*sys.argv[1:])))
    except OSError as error:
        sys.exit(f"answers to {sys.argv[1]}: {error}")
    except KeyError as error:
        sys.exit(f"the answer to {sys.argv[1]} has no {error}")
