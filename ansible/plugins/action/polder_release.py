"""Reads a host's rendered configuration, fills in its secrets in memory, and hands all of it to the module."""
from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import zlib

from ansible.errors import AnsibleActionFail

from ansible.plugins.action import ActionBase

REFERENCE = re.compile(r"@@secret:([a-z0-9./-]+)@@")


def fill(path, text, values):
    """Puts secrets in place of their names. The error names them, never their values."""

    def value(match):
        if match.group(1) not in values:
            raise AnsibleActionFail(f"{path} refers to {match.group(1)}, which the vault doesn't hold")
        return str(values[match.group(1)])

    return REFERENCE.sub(value, text)


def read_configuration(folder):
    """A configuration as `polder render` wrote it, held against its own sums."""
    with open(os.path.join(folder, "configuration.json"), encoding="utf-8") as file:
        configuration = json.load(file)
    rendered = {}
    for entry in configuration["files"]:
        with open(os.path.join(folder, "files", entry["path"].lstrip("/")), "rb") as file:
            content = file.read()
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise AnsibleActionFail(f"{entry['path']} in {folder} is not what was rendered: run it again")
        rendered[entry["path"]] = content
    return configuration, rendered


def release_of(configuration, rendered, values):
    """What the host shall be, and the files' contents, filled in; what is no text goes as it is."""
    binary = {entry["path"] for entry in configuration["files"] if entry.get("binary")}
    contents = {
        path: content if path in binary else fill(path, content.decode("utf-8"), values).encode("utf-8")
        for path, content in rendered.items()
    }
    files = [
        {
            "path": entry["path"], "mode": entry["mode"], "owner": entry["owner"], "group": entry["group"],
            "sha256": hashlib.sha256(contents[entry["path"]]).hexdigest(),
        }
        for entry in configuration["files"]
    ]
    return {**configuration, "files": files}, contents


class ActionModule(ActionBase):
    """Sends the release as an argument: with pipelining it goes through standard input, never a file."""

    _supports_check_mode = False
    _VALID_ARGS = frozenset(("phase",))

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        phase = self._task.args["phase"]
        configuration, rendered = read_configuration(task_vars["polder_configuration"])
        # Beside the vault stands what is public: the host's SSH certificate, and the keys that tokens are checked with.
        values = {**self._loader.load_from_file(task_vars["polder_vault"]), **task_vars["polder_public"]}
        wanted, contents = release_of(configuration, rendered, values)
        release = {
            "wanted": wanted,
            "admins": task_vars["polder_admins"],
            "volume": task_vars.get("polder_volume"),
            "archive": task_vars.get("polder_archive"),
        }
        if phase == "stage":
            release["contents"] = {p: base64.b64encode(c).decode() for p, c in contents.items()}
        packed = base64.b64encode(zlib.compress(json.dumps(release).encode())).decode()
        return self._execute_module(
            module_name="polder_release",
            module_args={
                "phase": phase,
                "release": packed,
                "sum": hashlib.sha256(packed.encode()).hexdigest(),
                "restart": bool(task_vars.get("polder_restart")),
            },
            task_vars=task_vars,
        )
