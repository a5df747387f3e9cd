"""Everything that a switch replaces, kept until it is known to work."""
from __future__ import annotations

import os
import shutil


class Undo:
    """Remembers what was at each managed path; `restore` puts it back."""

    def __init__(self, releases):
        self.releases = releases
        self.before = os.path.join(releases.base, "before")
        self.current = os.readlink(releases.link) if os.path.islink(releases.link) else None
        self.paths = {}

    def remember(self, paths):
        shutil.rmtree(self.before, ignore_errors=True)
        os.makedirs(self.before, mode=0o700)
        for path in paths:
            real = self.releases.real(path)
            if os.path.islink(real):
                self.paths[path] = ("link", os.readlink(real))
            elif os.path.isfile(real):
                copy = os.path.join(self.before, path.lstrip("/"))
                os.makedirs(os.path.dirname(copy), mode=0o700, exist_ok=True)
                shutil.copy2(real, copy)
                status = os.stat(real)
                os.chown(copy, status.st_uid, status.st_gid)
                self.paths[path] = ("file", copy)
            else:
                self.paths[path] = ("absent", "")

    def restore(self):
        releases = self.releases
        if self.current is not None:
            releases.replace_link(releases.link, self.current)
        for path, (kind, value) in self.paths.items():
            real = releases.real(path)
            if kind == "absent":
                releases.remove(path)
            elif kind == "link":
                releases.replace_link(real, value)
            else:
                temporary = real + ".polder"
                shutil.copy2(value, temporary)
                status = os.stat(value)
                os.chown(temporary, status.st_uid, status.st_gid)
                os.replace(temporary, real)
        if self.current is None and os.path.islink(releases.link):
            os.unlink(releases.link)
        self.forget()

    def forget(self):
        shutil.rmtree(self.before, ignore_errors=True)
