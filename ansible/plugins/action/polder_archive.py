"""Brings to a host what it lacks of the controller's folder of Debian's packages."""
from __future__ import annotations

import glob
import hashlib
import os
import tarfile
import tempfile

from ansible.errors import AnsibleActionFail

from ansible.plugins.action import ActionBase

# Bytes that are packed at once: a connection that is lost costs no more.
PIECE = 64 * 1024 * 1024


def lists(folder):
    """The archives' lists; the signed one of each suite last, so that it never leads to what isn't there yet."""
    found = []
    for name in ("main/binary-amd64/Packages.xz", "InRelease"):
        for path in sorted(glob.glob(os.path.join(folder, "debian*/dists/*", name))):
            with open(path, "rb") as file:
                content = file.read()
            found.append({
                "path": os.path.relpath(path, folder), "size": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            })
    return found


def available(folder, files):
    """Of what a host asks for: what the folder has, and the updates that it lacks. Without a needed package nothing goes on."""
    there, lacks, needed = [], [], []
    for entry in files:
        name = os.path.basename(entry["path"])
        if os.path.isfile(os.path.join(folder, entry["path"])):
            there.append(entry)
        elif entry.get("update"):
            lacks.append(name)
        else:
            needed.append(name)
    if needed:
        raise AnsibleActionFail(
            "packages: the folder lacks %s: `polder mirror` fills it for this instance" % ", ".join(needed))
    return there, lacks


def pieces(files):
    piece, size = [], 0
    for entry in files:
        if piece and size + entry["size"] > PIECE:
            yield piece
            piece, size = [], 0
        piece.append(entry)
        size += entry["size"]
    if piece:
        yield piece


class ActionModule(ActionBase):
    """Files go as tars over the connection that is there; the module compares each with its digest."""

    _supports_check_mode = False
    _VALID_ARGS = frozenset(("phase", "files"))

    def _module(self, task_vars, **arguments):
        result = self._execute_module(module_name="polder_archive", module_args=arguments, task_vars=task_vars)
        if result.get("failed"):
            raise AnsibleActionFail(result.get("msg", "failed"), result=result)
        return result

    def _send(self, folder, files, task_vars):
        shell = self._connection._shell
        for piece in pieces(files):
            with tempfile.NamedTemporaryFile(suffix=".tar") as local:
                with tarfile.open(local.name, "w") as tar:
                    for entry in piece:
                        tar.add(os.path.join(folder, entry["path"]), arcname=entry["path"])
                if not shell.tmpdir:
                    self._make_tmp_path()
                part = shell.join_path(shell.tmpdir, "part.tar")
                self._transfer_file(local.name, part)
            self._fixup_perms2((shell.tmpdir, part))
            self._module(task_vars, phase="put", part=part, files=piece)

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        phase = self._task.args["phase"]
        archive = task_vars["polder_archive"]
        folder = archive["folder"]
        files, lacks = available(folder, self._task.args["files"] if phase == "packages" else lists(folder))
        try:
            wanted = self._module(task_vars, phase="missing", files=files)["files"]
            self._send(folder, wanted, task_vars)
        finally:
            if self._connection._shell.tmpdir:
                self._remove_tmp_path(self._connection._shell.tmpdir)
        result = self._module(task_vars, phase=phase, files=files, digest=archive["digest"], lacks=lacks)
        return {**result, "changed": bool(wanted), "brought_files": len(wanted)}
