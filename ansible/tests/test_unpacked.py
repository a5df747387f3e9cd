"""Packages that are unpacked and not installed, on real archives; run by modules/operations/converge/release.test.ts."""
from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import unittest
import unittest.mock

import ansible.module_utils

HERE = os.path.dirname(os.path.abspath(__file__))
ansible.module_utils.__path__.append(os.path.join(HERE, "../plugins/module_utils"))

# pylint: disable=wrong-import-position
from ansible.module_utils import polder_unpacked
from ansible.module_utils.polder_refused import Refused


@unittest.skipUnless(shutil.which("dpkg-deb"), "dpkg-deb is a program of Debian's")
class Unpacked(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.cache, self.root = (os.path.join(self.folder, name) for name in ("cache", "opt"))
        os.mkdir(self.cache)
        for name, value in (("CACHE", self.cache), ("ROOT", self.root)):
            patch = unittest.mock.patch.object(polder_unpacked, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        self.archive = self.built()
        with open(self.archive, "rb") as file:
            self.sum = hashlib.sha256(file.read()).hexdigest()
        self.wanted = {"unpacked": [{
            "name": "x", "version": "1.0", "file": "x_1.0_all.deb", "sha256": self.sum,
            "folder": os.path.join(self.root, "x_1.0"),
        }]}

    def built(self):
        """A package with a script that must not run."""
        source = os.path.join(self.folder, "source")
        os.makedirs(os.path.join(source, "DEBIAN"))
        os.makedirs(os.path.join(source, "usr/share/x"))
        files = {
            "DEBIAN/control": ("Package: x\nVersion: 1.0\nArchitecture: all\nMaintainer: x <x@x.example>\nDescription: x\n", 0o644),
            "DEBIAN/postinst": ("#!/bin/sh\ntouch %s/ran\n" % self.folder, 0o755),
            "usr/share/x/program": ("one\n", 0o644),
        }
        for path, (text, mode) in files.items():
            with open(os.path.join(source, path), "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(os.path.join(source, path), mode)
        # dpkg-deb refuses a control folder that isn't for all to read, as a umask of 077 leaves it.
        for folder, _, _ in os.walk(source):
            os.chmod(folder, 0o755)
        archive = os.path.join(self.folder, "x.deb")
        subprocess.run(["dpkg-deb", "--root-owner-group", "-b", source, archive], check=True, capture_output=True)
        return archive

    def bring(self, archive=None):
        shutil.copy(archive or self.archive, os.path.join(self.cache, "x_1.0_all.deb"))

    def why(self):
        return [one["why"] for one in polder_unpacked.differences(self.wanted)]

    def program(self):
        return os.path.join(self.root, "x_1.0/usr/share/x/program")

    def test_unpacks_once_and_runs_no_script(self):
        self.assertEqual(self.why(), ["not unpacked"])
        self.bring()
        self.assertEqual(polder_unpacked.unpack(self.wanted), ["x"])
        self.assertTrue(os.path.exists(self.program()))
        self.assertFalse(os.path.exists(os.path.join(self.folder, "ran")))
        self.assertEqual(self.why(), [])
        self.assertEqual(polder_unpacked.unpack(self.wanted), [])
        self.assertEqual(os.listdir(self.cache), [])

    def test_finds_what_was_changed_added_or_opened_and_puts_it_right(self):
        self.bring()
        polder_unpacked.unpack(self.wanted)
        folder = os.path.join(self.root, "x_1.0")

        def edit():
            with open(self.program(), "a", encoding="utf-8") as file:
                file.write("two\n")

        def add():
            with open(os.path.join(folder, "more"), "w", encoding="utf-8"):
                pass

        for change in (edit, add, lambda: os.chmod(self.program(), 0o666), lambda: os.unlink(self.program())):
            change()
            self.assertEqual(self.why(), ["changed since it was unpacked"])
            self.bring()
            self.assertEqual(polder_unpacked.unpack(self.wanted), ["x"])
            self.assertEqual(self.why(), [])

    def test_refuses_another_file_than_the_pinned_one(self):
        with open(os.path.join(self.cache, "x_1.0_all.deb"), "w", encoding="utf-8") as file:
            file.write("something else")
        with self.assertRaisesRegex(Refused, "another file than the one that is pinned"):
            polder_unpacked.unpack(self.wanted)
        self.assertFalse(os.path.exists(os.path.join(self.root, "x_1.0")))

    def test_another_pinned_file_is_unpacked_anew(self):
        self.bring()
        polder_unpacked.unpack(self.wanted)
        self.wanted["unpacked"][0]["sha256"] = "0" * 64
        self.assertEqual(self.why(), ["unpacked from another file"])

    def test_takes_away_what_no_release_speaks_of(self):
        self.bring()
        polder_unpacked.unpack(self.wanted)
        os.makedirs(os.path.join(self.root, "x_0.9"))
        with open(os.path.join(self.root, "x_0.9.json"), "w", encoding="utf-8"):
            pass
        polder_unpacked.sweep([self.wanted, {}])
        self.assertEqual(sorted(os.listdir(self.root)), ["x_1.0", "x_1.0.json"])
        self.assertEqual(self.why(), [])


if __name__ == "__main__":
    unittest.main()
