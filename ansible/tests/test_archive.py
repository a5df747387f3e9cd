"""Debian's packages that converge brings, on real files; run by modules/operations/converge/release.test.ts.

What apt makes of them: lab/packages.debian.test.ts.
"""
from __future__ import annotations

import hashlib
import lzma
import os
import shutil
import tarfile
import tempfile
import unittest
import unittest.mock

import ansible.module_utils

HERE = os.path.dirname(os.path.abspath(__file__))
ansible.module_utils.__path__.append(os.path.join(HERE, "../plugins/module_utils"))

# pylint: disable=wrong-import-position
from ansible.module_utils import polder_archive, polder_packages
from ansible.module_utils.polder_refused import Refused

HELLO = "debian/pool/main/h/hello/hello_2.10-5_amd64.deb"


def entry(path, content=b"hello"):
    return {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


class Archive(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.place = os.path.join(self.folder, "packages")
        patch = unittest.mock.patch.object(polder_archive, "FOLDER", self.place)
        patch.start()
        self.addCleanup(patch.stop)

    def packed(self, files, link=None):
        part = os.path.join(self.folder, "part.tar")
        with tarfile.open(part, "w") as tar:
            for path, content in files.items():
                source = os.path.join(self.folder, "source")
                with open(source, "wb") as file:
                    file.write(content)
                tar.add(source, arcname=path)
            if link:
                info = tarfile.TarInfo(link)
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/shadow"
                tar.addfile(info)
        return part

    def there(self):
        return sorted(os.path.relpath(os.path.join(at, name), self.place) for at, _, names in os.walk(self.place) for name in names)

    def test_asks_for_what_is_missing_or_another_and_places_it_for_apt_to_read(self):
        wanted = [entry(HELLO)]
        self.assertEqual(polder_archive.missing(wanted), wanted)
        polder_archive.put(self.packed({HELLO: b"hello"}), wanted)
        self.assertEqual(os.stat(os.path.join(self.place, HELLO)).st_mode & 0o777, 0o644)
        self.assertEqual(polder_archive.missing(wanted), [])
        with open(os.path.join(self.place, HELLO), "ab") as file:
            file.write(b"x")
        self.assertEqual(polder_archive.missing(wanted), wanted)

    def test_refuses_another_file_and_what_nobody_asked_for(self):
        polder_archive.missing([])
        for files, link, wanted, line in (
            ({HELLO: b"other"}, None, [entry(HELLO)], "another file than the one that Debian signed"),
            ({"debian/pool/x.deb": b"x"}, None, [entry(HELLO)], "nobody asked for it"),
            ({}, HELLO, [entry(HELLO)], "nobody asked for it"),
            ({"../../etc/passwd": b"x"}, None, [entry("../../etc/passwd", b"x")], "no file of an archive"),
            ({"debian/../../x": b"x"}, None, [entry("debian/../../x", b"x")], "no file of an archive"),
            ({"other/x": b"x"}, None, [entry("other/x", b"x")], "no file of an archive"),
        ):
            with self.assertRaisesRegex(Refused, line):
                polder_archive.put(self.packed(files, link), wanted)
            self.assertEqual(self.there(), [])

    def test_begins_nothing_that_the_disk_has_no_room_for(self):
        with self.assertRaisesRegex(Refused, "the disk is full"):
            polder_archive.missing([{**entry(HELLO), "size": 1 << 60}])

    def test_keeps_what_is_asked_for_and_remembers_the_folder(self):
        old = "debian/pool/main/o/old/old_1_all.deb"
        files = {HELLO: b"hello", old: b"old", "debian/dists/trixie/InRelease": b"list"}
        polder_archive.put(self.packed(files), [entry(path, content) for path, content in files.items()])
        polder_archive.keep([entry(HELLO)])
        self.assertEqual(self.there(), ["debian/dists/trixie/InRelease", HELLO])
        self.assertIsNone(polder_archive.fault(None))
        self.assertEqual(polder_archive.fault({"digest": "1"}), "nothing was brought yet")
        polder_archive.record("1", ["x_1_all.deb"])
        self.assertIsNone(polder_archive.fault({"digest": "1"}))
        self.assertEqual(polder_archive.fault({"digest": "2"}), "another one was brought")
        self.assertEqual(polder_archive.recorded()["lacks"], ["x_1_all.deb"])

    def test_knows_a_security_update_by_its_digest_whichever_archive_it_comes_from(self):
        path = os.path.join(self.place, "debian-security/dists/trixie-security/main/binary-amd64")
        os.makedirs(path)
        with lzma.open(os.path.join(path, "Packages.xz"), "wt") as file:
            file.write("Package: hello\nSHA256: %s\n\n" % entry(HELLO)["sha256"])
        self.assertEqual(polder_archive.security_digests(), {entry(HELLO)["sha256"]})

    def test_says_what_to_do_about_a_folder_that_has_expired(self):
        output = ("E: Release file for file:/var/lib/polder-packages/debian-security/dists/trixie-security/InRelease is expired "
                  "(invalid since 1d 2h 3min 4s). Updates for this repository will not be applied.")
        self.assertEqual(
            polder_packages.explain(output),
            "the folder of packages has expired 1d 2h 3min 4s ago: fill it again with `polder mirror`, then converge")


if __name__ == "__main__":
    unittest.main()
