"""Reads programs without running them, and their settings; writes nothing down. Fails with what can't be read."""
import json
import sys

for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if path.endswith(".json"):
        json.loads(text)
    else:
        compile(text, path, "exec")
