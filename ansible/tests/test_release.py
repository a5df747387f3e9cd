"""The module's parts on a root of their own; run by modules/operations/converge/release.test.ts."""
from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
import tempfile
import unittest
import unittest.mock
import zlib

import ansible.module_utils

HERE = os.path.dirname(os.path.abspath(__file__))
ansible.module_utils.__path__.append(os.path.join(HERE, "../plugins/module_utils"))
sys.path[:0] = [os.path.join(HERE, "../plugins/modules"), os.path.join(HERE, "../plugins/action")]

import grp
import pwd

import ansible.errors

# pylint: disable=wrong-import-position
from ansible.module_utils import polder_packages, polder_releases, polder_units
from ansible.module_utils.polder_refused import Refused
from ansible.module_utils.polder_releases import Releases, digest
from ansible.module_utils.polder_undo import Undo

OWNER = pwd.getpwuid(os.getuid()).pw_name
GROUP = grp.getgrgid(os.getgid()).gr_name


def manifest(files, **more):
    return {
        "files": [
            {"path": p, "mode": "0644", "owner": OWNER, "group": GROUP, "sha256": hashlib.sha256(c).hexdigest()}
            for p, c in sorted(files.items())
        ],
        "units": [], "masked": [], "checks": [], "packages": {"install": [], "absent": []}, **more,
    }


class Units(unittest.TestCase):
    def state(self, **more):
        return {
            "ActiveState": "inactive", "Type": "oneshot", "Result": "success", "since": 0.0,
            "ConditionResult": "no", "ConditionTimestampMonotonic": "0", **more,
        }

    def test_never_started_is_not_up(self):
        self.assertFalse(polder_units.is_up(self.state()))

    def test_skipped_by_its_own_condition_is_up(self):
        self.assertTrue(polder_units.is_up(self.state(ConditionTimestampMonotonic="123")))

    def settled(self, active, seconds, sub="start"):
        """What is wrong with a unit that stays so for these seconds and is up then."""
        clock = [0.0]

        def state():
            now = active if clock[0] < seconds else "active"
            return self.state(ActiveState=now, SubState=sub, Type="simple", NRestarts="0")

        with (
            unittest.mock.patch.object(polder_units, "states", lambda names: {name: state() for name in names}),
            unittest.mock.patch.object(polder_units.time, "monotonic", lambda: clock[0]),
            unittest.mock.patch.object(polder_units.time, "sleep", lambda s: clock.__setitem__(0, clock[0] + s)),
        ):
            return polder_units.settle(["bridge.service"])

    def test_what_starts_is_waited_for_as_long_as_its_unit_may_take(self):
        self.assertEqual(self.settled("activating", 120), {})
        self.assertEqual(list(self.settled("activating", 400)), ["bridge.service"])

    def test_what_is_started_again_and_again_is_waited_for_half_a_minute(self):
        self.assertEqual(list(self.settled("activating", 120, "auto-restart")), ["bridge.service"])

    def test_what_does_not_stop_is_waited_for_half_a_minute(self):
        self.assertEqual(self.settled("deactivating", 20), {})
        self.assertEqual(list(self.settled("deactivating", 120)), ["bridge.service"])


class ReleasesTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.releases = Releases(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def bring(self, files):
        wanted = manifest(files)
        before = self.releases.manifest(self.releases.current())
        name = self.releases.stage(wanted, files)
        old = self.releases.current()
        self.releases.switch(name, wanted, before)
        self.releases.keep(old)
        return wanted

    def read(self, path):
        # Links are absolute: within our root they are followed by hand.
        with open(self.releases.file(self.releases.current(), path), "rb") as file:
            return file.read()

    def test_same_release_has_no_differences(self):
        wanted = self.bring({"/etc/a": b"1", "/etc/sudoers": b"s"})
        self.assertEqual(self.releases.differences(wanted), ({}, []))

    def test_the_same_files_with_other_units_are_the_release_that_is_there(self):
        import polder_release

        files = {"/etc/a": b"1"}
        self.bring(files)
        wanted = manifest(files, masked=["x.service"])
        self.assertEqual(polder_release.staged(self.releases, wanted), self.releases.current())
        with self.assertRaisesRegex(Refused, "no release of this digest"):
            polder_release.staged(self.releases, manifest({"/etc/a": b"2"}))

    def test_every_kind_of_drift_is_named(self):
        files = {"/etc/%s" % n: n.encode() for n in "abcde"}
        wanted = self.bring({**files, "/etc/sudoers": b"s"})
        current = lambda path: self.releases.file(self.releases.current(), path)
        with open(current("/etc/a"), "wb") as file:
            file.write(b"x")
        os.unlink(self.releases.real("/etc/b"))
        os.unlink(self.releases.real("/etc/c"))
        with open(self.releases.real("/etc/c"), "wb") as file:
            file.write(b"c")
        os.chmod(current("/etc/d"), 0o666)
        self.releases.replace_link(self.releases.real("/etc/e"), "/dev/null")
        with open(self.releases.real("/etc/sudoers"), "ab") as file:
            file.write(b"ALL")
        drift, changed = self.releases.differences(wanted)
        self.assertEqual(changed, [])
        self.assertEqual(drift, {
            "/etc/a": "edited", "/etc/b": "deleted", "/etc/c": "replaced by a file", "/etc/d": "mode 0666",
            "/etc/e": "linked elsewhere", "/etc/sudoers": "edited",
        })
        self.bring({**files, "/etc/sudoers": b"s"})
        self.assertEqual(self.releases.differences(wanted), ({}, []))

    def test_a_cut_release_is_refused_and_nothing_is_left(self):
        wanted = manifest({"/etc/a": b"1", "/etc/b": b"2"})
        for contents in ({"/etc/a": b"1"}, {"/etc/a": b"1", "/etc/b": b""}):
            with self.assertRaisesRegex(Refused, "cut on its way"):
                self.releases.stage(wanted, contents)
        self.assertEqual(self.releases.names(), [])

    def test_a_full_disk_is_reported_before_anything_is_written(self):
        reserve, polder_releases.RESERVE = polder_releases.RESERVE, 1 << 60
        try:
            with self.assertRaisesRegex(Refused, "disk is full"):
                self.bring({"/etc/a": b"1"})
        finally:
            polder_releases.RESERVE = reserve
        self.assertEqual(self.releases.names(), [])

    def test_a_file_that_is_gone_loses_its_link(self):
        self.bring({"/etc/a": b"1", "/etc/b": b"2"})
        self.bring({"/etc/a": b"1"})
        self.assertFalse(os.path.lexists(self.releases.real("/etc/b")))

    def test_two_releases_are_kept(self):
        for number in range(4):
            self.bring({"/etc/a": b"%d" % number})
        self.assertEqual(len(self.releases.names()), 2)
        self.assertEqual(self.read("/etc/a"), b"3")

    def test_the_one_before_is_the_last_that_worked(self):
        for content in (b"1", b"2"):
            self.bring({"/etc/a": content})
        good = self.releases.current()
        # One that never counted (its packages weren't there), and one that was spoilt by hand.
        self.releases.stage(manifest({"/etc/a": b"x"}), {"/etc/a": b"x"})
        self.bring({"/etc/a": b"3"})
        self.assertEqual(self.releases.previous(), good)
        self.bring({"/etc/a": b"3"})
        self.assertEqual(self.releases.previous(), good)
        self.assertEqual(len(self.releases.names()), 2)

    def test_what_stays_the_same_keeps_its_time(self):
        self.bring({"/etc/a": b"1", "/etc/b": b"1"})
        for path in ("/etc/a", "/etc/b"):
            os.utime(self.releases.file(self.releases.current(), path), (1000, 1000))
        wanted = self.bring({"/etc/a": b"1", "/etc/b": b"2"})
        name = self.releases.current()
        self.assertEqual(polder_units.newest(self.releases, name, wanted, ["/etc/a"]), 1000)
        self.assertGreater(polder_units.newest(self.releases, name, wanted, ["/etc/b"]), 1000)
        self.assertEqual(polder_units.newest(self.releases, name, wanted, ["/etc/a2"]), 0)

    def test_undo_brings_everything_back(self):
        os.makedirs(self.releases.real("/etc"))
        with open(self.releases.real("/etc/a"), "wb") as file:
            file.write(b"debian's")
        undo = Undo(self.releases)
        undo.remember(["/etc/a", "/etc/b"])
        self.bring({"/etc/a": b"1", "/etc/b": b"2"})
        undo.restore()
        with open(self.releases.real("/etc/a"), "rb") as file:
            self.assertEqual(file.read(), b"debian's")
        self.assertFalse(os.path.lexists(self.releases.real("/etc/b")))
        self.assertIsNone(self.releases.current())
        self.assertFalse(os.path.exists(undo.before))

    def test_undo_goes_back_to_the_release_before(self):
        first = self.bring({"/etc/a": b"1"})
        undo = Undo(self.releases)
        undo.remember(["/etc/a"])
        wanted = manifest({"/etc/a": b"2"})
        name = self.releases.stage(wanted, {"/etc/a": b"2"})
        self.releases.switch(name, wanted, first)
        undo.restore()
        self.assertEqual(self.read("/etc/a"), b"1")


class DigestTest(unittest.TestCase):
    def test_covers_content_mode_owner_units_and_packages(self):
        base = manifest({"/etc/a": b"1"})
        others = [manifest({"/etc/a": b"2"}), manifest({"/etc/a": b"1"}, masked=["x"]),
                  manifest({"/etc/a": b"1"}, packages={"install": ["x"], "absent": []})]
        for key, value in (("mode", "0600"), ("owner", "nobody"), ("group", "nogroup")):
            other = manifest({"/etc/a": b"1"})
            other["files"][0][key] = value
            others.append(other)
        self.assertEqual(len({digest(one) for one in [base, *others]}), len(others) + 1)
        self.assertEqual(digest(base), digest(json.loads(json.dumps(base))))


class ActionTest(unittest.TestCase):
    def setUp(self):
        import importlib.util

        spec = importlib.util.spec_from_file_location("action", os.path.join(HERE, "../plugins/action/polder_release.py"))
        self.action = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.action)

    def test_fills_references_in_and_never_tells_values(self):
        fill = self.action.fill
        self.assertEqual(fill("/f", "a @@secret:x/y.key@@ b", {"x/y.key": "V"}), "a V b")
        with self.assertRaisesRegex(ansible.errors.AnsibleError, "/f refers to x/z, which the vault") as caught:
            fill("/f", "@@secret:x/y.key@@ @@secret:x/z@@", {"x/y.key": "CANARY"})
        self.assertNotIn("CANARY", str(caught.exception))

    def test_reads_what_typescript_rendered(self):
        folder = os.environ["POLDER_RENDERED"]
        configuration, rendered = self.action.read_configuration(folder)
        self.assertGreater(len(configuration["files"]), 10)
        path = os.path.join(folder, "files", configuration["files"][0]["path"].lstrip("/"))
        self.addCleanup(os.truncate, path, os.path.getsize(path))
        with open(path, "ab") as file:
            file.write(b"#")
        with self.assertRaisesRegex(ansible.errors.AnsibleError, "not what was rendered"):
            self.action.read_configuration(folder)
        self.assertEqual(set(rendered), {entry["path"] for entry in configuration["files"]})

    def test_a_picture_arrives_byte_by_byte_though_it_looks_like_a_reference(self):
        picture = base64.b64decode(os.environ["POLDER_PICTURE"])
        path = "/usr/local/share/polder/web/picture.png"
        configuration, rendered = self.action.read_configuration(os.environ["POLDER_RENDERED"])
        configuration["files"] = [entry for entry in configuration["files"] if entry["path"] in (path, "/etc/issue")]
        wanted, contents = self.action.release_of(configuration, {p: rendered[p] for p in (path, "/etc/issue")}, {})
        self.assertEqual(contents[path], picture)
        self.assertIn(b"@@secret:", picture)
        with tempfile.TemporaryDirectory() as root:
            releases = Releases(root)
            for entry in wanted["files"]:
                entry.update(owner=OWNER, group=GROUP)
            with open(releases.file(releases.stage(wanted, contents), path), "rb") as file:
                self.assertEqual(file.read(), picture)


class ModuleTest(unittest.TestCase):
    def test_a_release_that_lost_its_end_is_refused(self):
        import polder_release

        packed = base64.b64encode(zlib.compress(b"{}")).decode()
        good = {"release": packed, "sum": hashlib.sha256(packed.encode()).hexdigest()}
        self.assertEqual(polder_release.read_release(good), {})
        with self.assertRaisesRegex(Refused, "cut on its way"):
            polder_release.read_release({**good, "release": packed[:-4]})

    def test_an_nft_that_does_not_answer_asks_for_no_reload(self):
        import polder_release

        unit = {"name": "nftables", "reload": ["/etc/nftables.conf"], "restart": [], "carriesCalls": False}
        state = {"ActiveState": "active", "UnitFileState": "enabled", "since": 5.0, "Type": "oneshot", "Result": "success"}
        for what, asked in (("nothing is loaded", {"nftables.service": "reload"}), (polder_release.polder_running.NO_ANSWER, {})):
            with (
                tempfile.TemporaryDirectory() as root,
                unittest.mock.patch.multiple(
                    polder_units, states=lambda names: {name: dict(state) for name in names}, settle=lambda names: {},
                    carry_out=lambda *_: {}, daemon_reload_due=lambda *_: False,
                ),
                unittest.mock.patch.multiple(
                    polder_release.polder_running, not_in_force=lambda *_, what=what: {"/etc/nftables.conf": what}, old=lambda seen: {},
                ),
            ):
                self.assertEqual(
                    polder_release.bring_units(Releases(root), "t", manifest({}, units=[unit]), None, False), (asked, [], {}),
                )


class AptTest(unittest.TestCase):
    def test_tells_what_to_do(self):
        for output, line in (
            ("E: Unable to locate package nginxx", "there is no package nginxx"),
            ("  Could not connect to 198.18.64.1:3142 (198.18.64.1). - connect (111)", "mirror 198.18.64.1:3142 doesn't answer"),
            ("dpkg: error processing archive x: cannot copy: No space left on device", "the disk is full"),
            ("E: Could not get lock /var/lib/dpkg/lock-frontend. It is held", "another apt holds /var/lib/dpkg/lock-frontend"),
            ("dpkg: error processing package coturn (--purge):\nE: Sub-process /usr/bin/dpkg returned an error", "package coturn"),
        ):
            self.assertIn(line, polder_packages.explain(output))


if __name__ == "__main__":
    unittest.main()
