"""install.sh, with a python3 that says what it was asked; run by modules/operations/converge/release.test.ts."""
from __future__ import annotations

import os
import subprocess
import tempfile
import unittest

INSTALL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../install.sh")

WORKS = '#!/bin/sh\necho "python $*" >>"$ASKED"\n'
NO_PIP = '#!/bin/sh\necho "No module named pip" >&2\nexit 1\n'
MAKES = '#!/bin/sh\necho "python3 $*" >>"$ASKED"\nmkdir -p "$4/bin"\ncp "$WORKS" "$4/bin/python"\n'


class InstallTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.venv = os.path.join(folder.name, "venv")
        self.asked = self.write(folder.name, "asked", "")
        self.works = self.write(folder.name, "works", WORKS)
        self.path = os.path.join(folder.name, "bin")

    def write(self, folder, name, text):
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)
        return path

    def install(self, python3, *arguments):
        self.write(self.path, "python3", python3)
        environment = {"PATH": self.path + ":" + os.environ["PATH"], "ASKED": self.asked, "WORKS": self.works}
        ran = subprocess.run(["sh", INSTALL, self.venv, *arguments], capture_output=True, text=True, env=environment, check=False)
        with open(self.asked, encoding="utf-8") as file:
            self.lines = file.read().splitlines()
            return ran, [line.split(" --")[0] for line in self.lines]

    def test_one_that_works_is_kept(self):
        self.write(self.venv + "/bin", "python", WORKS)
        ran, asked = self.install(NO_PIP)
        self.assertEqual((ran.returncode, asked), (0, ["python -m pip", "python -m pip install"]))

    def test_from_a_folder_nothing_is_asked_of_an_index(self):
        self.write(self.venv + "/bin", "python", WORKS)
        self.install(NO_PIP)
        self.assertNotIn("--no-index", self.lines[-1])
        self.install(NO_PIP, "/media/usb/my wheels")
        self.assertIn("--require-hashes --no-index --find-links /media/usb/my wheels -r ", self.lines[-1])

    def test_one_without_pip_is_made_anew(self):
        self.write(self.venv + "/bin", "python", NO_PIP)
        ran, asked = self.install(MAKES)
        self.assertEqual((ran.returncode, asked), (0, ["python3 -m venv", "python -m pip install"]), ran.stderr)

    def test_a_python_that_makes_none_says_which_package_is_missing(self):
        ran, asked = self.install(NO_PIP)
        self.assertEqual((ran.returncode, asked), (1, []))
        self.assertIn("install the package python3-venv", ran.stderr)


if __name__ == "__main__":
    unittest.main()
