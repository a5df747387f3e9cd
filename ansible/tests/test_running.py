"""What is loaded, what runs, what is there beyond, and a volume's size; run by modules/operations/converge/release.test.ts."""
from __future__ import annotations

import collections
import json
import os
import subprocess
import tempfile
import time
import unittest
import unittest.mock

import ansible.module_utils

HERE = os.path.dirname(os.path.abspath(__file__))
ansible.module_utils.__path__.append(os.path.join(HERE, "../plugins/module_utils"))

# pylint: disable=wrong-import-position
from ansible.module_utils import polder_accounts, polder_beyond, polder_running, polder_units, polder_unpacked, polder_volume
from ansible.module_utils.polder_refused import Refused
from ansible.module_utils.polder_releases import Releases

Person = collections.namedtuple("Person", "pw_name pw_uid pw_shell pw_dir")


class Root(unittest.TestCase):
    """A test with files of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name

    def write(self, path, text="", mode=0o644):
        real = os.path.join(self.root, path.lstrip("/"))
        os.makedirs(os.path.dirname(real), exist_ok=True)
        with open(real, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(real, mode)
        return real


def ruleset(*entries):
    return {"nftables": [{"metainfo": {"version": "1"}}, *entries]}


def chain(name, handle):
    return {"chain": {"family": "inet", "table": "polder", "name": name, "handle": handle}}


def rule(handle, packets, *expressions):
    return {"rule": {"family": "inet", "table": "polder", "chain": "input", "handle": handle,
                     "expr": [*expressions, {"counter": {"packets": packets, "bytes": packets}}, {"accept": None}]}}


def named(flags, elements):
    return {"set": {"family": "inet", "table": "polder", "name": "s", "handle": 3, "flags": flags, "elem": elements}}


class FilterTest(unittest.TestCase):
    def test_what_the_kernel_counts_and_numbers_is_no_difference(self):
        self.assertEqual(
            polder_running.plain(ruleset(chain("input", 1), rule(2, 0))),
            polder_running.plain(ruleset(chain("input", 7), rule(9, 400))),
        )

    def test_a_rule_that_is_gone_there_twice_or_elsewhere_is_one(self):
        first = rule(2, 0, {"match": {"right": 22}})
        whole = polder_running.plain(ruleset(chain("input", 1), first, rule(3, 0)))
        for other in ((chain("input", 1), rule(3, 0)), (chain("input", 1), first, first, rule(3, 0)),
                      (chain("input", 1), rule(3, 0), first), ()):
            self.assertNotEqual(polder_running.plain(ruleset(*other)), whole)

    def test_a_set_that_the_kernel_fills_may_hold_anything_and_no_other(self):
        plain = polder_running.plain
        self.assertEqual(plain(ruleset(named(["dynamic"], ["192.0.2.1"]))), plain(ruleset(named(["dynamic"], []))))
        self.assertNotEqual(plain(ruleset(named(["interval"], ["192.0.2.1"]))), plain(ruleset(named(["interval"], []))))
        self.assertEqual(plain(ruleset(named(["interval"], ["b", "a"]))), plain(ruleset(named(["interval"], ["a", "b"]))))

    def test_an_nft_that_does_not_answer_is_reported_and_no_fault_of_the_code(self):
        late = unittest.mock.Mock(side_effect=subprocess.TimeoutExpired("nft", 60))
        with unittest.mock.patch.object(polder_running.subprocess, "run", late):
            self.assertEqual(polder_running.filter_fault("/etc/nftables.conf"), "nft doesn't answer within 60 s")


class SysctlTest(Root):
    def setUp(self):
        super().setUp()
        for path, value in (("a/x", "1"), ("a/conf/eth0/y", "1"), ("a/conf/all/y", "0"), ("b", "4096\t87380")):
            self.write(path, value + "\n")

    def faults(self, *texts):
        return polder_running.sysctl_faults({"/etc/sysctl.d/6%d" % n: t for n, t in enumerate(texts)}, self.root)

    def test_what_holds_is_no_fault(self):
        self.assertEqual(self.faults("# a = 2\n; c\na.x = 1\nb = 4096 87380\n"), {})

    def test_what_does_not_hold_is_named_with_both_values(self):
        self.assertEqual(self.faults("a.x = 2\n"), {"/etc/sysctl.d/60": ["a.x is 1, not 2"]})

    def test_a_star_is_each_of_them(self):
        self.assertEqual(self.faults("a.conf.*.y = 0\n"), {"/etc/sysctl.d/60": ["a.conf.eth0.y is 1, not 0"]})

    def test_the_later_file_counts(self):
        self.assertEqual(self.faults("a.x = 2\n", "a.x = 1\n"), {})

    def test_what_is_not_there_is_a_fault_unless_it_may_fail(self):
        self.assertEqual(self.faults("c = 1\n"), {"/etc/sysctl.d/60": ["c is not there, not 1"]})
        self.assertEqual(self.faults("-c = 1\n"), {})


class ProgramsTest(Root):
    def test_a_replaced_program_or_library_is_named(self):
        gone = "7f00-7f01 r-xp 00000000 00:2a 42   /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)"
        data = "7f00-7f01 r--p 00000000 00:2a 42   /usr/share/zoneinfo/UTC (deleted)"
        memory = "7f00-7f01 r-xp 00000000 00:01 42   /memfd:jit (deleted)"
        self.assertEqual(polder_running.replaced("/usr/sbin/nginx (deleted)", ""), "/usr/sbin/nginx")
        self.assertEqual(polder_running.replaced("/usr/sbin/nginx", gone), "/usr/lib/x86_64-linux-gnu/libssl.so.3")
        self.assertIsNone(polder_running.replaced("/usr/sbin/nginx", "\n".join((data, memory))))

    def test_only_services_of_the_system_are_asked(self):
        self.assertEqual(polder_running.unit_of("0::/lab/system.slice/nginx.service\n"), "nginx.service")
        self.assertEqual(polder_running.unit_of("0::/system.slice/system-getty.slice/getty@tty1.service"), "getty@tty1.service")
        for other in ("0::/user.slice/user-1000.slice/user@1000.service/init.scope", "0::/init.scope", "0::/"):
            self.assertIsNone(polder_running.unit_of(other))

    def test_a_package_that_was_unpacked_after_the_start_is_named(self):
        path = self.write("prosody:amd64.list", "/usr/bin/prosody\n/usr/lib/systemd/system/prosody.service\n")
        os.utime(path, (2000, 2000))
        state = {"MainPID": "7", "FragmentPath": "/usr/lib/systemd/system/prosody.service"}
        old = lambda **more: polder_running.old_packages({"prosody.service": {**state, **more}}, self.root)
        self.assertEqual(old(since=1000.0), {"prosody.service": "prosody"})
        self.assertEqual(old(since=3000.0), {})
        self.assertEqual(old(since=1000.0, MainPID="0"), {})


class NeedsTest(Root):
    def asked(self, unit, idle=(), old=()):
        releases = Releases(self.root)
        state = {"ActiveState": "active", "since": 5.0, "Type": "simple", "Result": "success"}
        wanted = {"files": [], "units": [{"name": "x", "reload": [], "restart": [], "carriesCalls": False, **unit}]}
        return polder_units.needs(releases, "t", wanted, {"x.service": state}, idle, old)

    def test_what_is_not_in_force_is_loaded_as_the_release_says(self):
        self.assertEqual(self.asked({"reload": ["/etc/nftables.conf"]}, ["/etc/nftables.conf"]), {"x.service": "reload"})
        self.assertEqual(self.asked({"restart": ["/etc/sysctl.d"]}, ["/etc/sysctl.d/60-a.conf"]), {"x.service": "restart"})
        self.assertEqual(self.asked({"restart": ["/etc/sysctl.d"]}, ["/etc/sysctl.d2/x"]), {})

    def test_a_replaced_program_asks_for_a_restart(self):
        self.assertEqual(self.asked({}, old=["x.service"]), {"x.service": "restart"})

    def test_a_program_that_can_hand_over_does_so_once(self):
        program = self.write("/usr/sbin/x")
        unit, old = {"handsOver": True}, {"x.service": program}
        self.assertEqual(self.asked(unit, old=old), {"x.service": "handover"})
        time.sleep(0.02)
        polder_units.Stamps(Releases(self.root)).set("handover-x.service")
        self.assertEqual(self.asked(unit, old=old), {})
        time.sleep(0.02)
        os.chmod(program, 0o700)  # Replaced once more.
        self.assertEqual(self.asked(unit, old=old), {"x.service": "handover"})

    def test_a_changed_unit_asks_for_a_restart_whatever_could_hand_over(self):
        unit = {"handsOver": True, "restart": ["/etc/sysctl.d"]}
        self.assertEqual(self.asked(unit, ["/etc/sysctl.d/60-a.conf"], {"x.service": "/x"}), {"x.service": "restart"})


class BeyondTest(Root):
    def setUp(self):
        super().setUp()
        self.write("/var/lib/dpkg/info/a.list", "/.\n/usr/bin/a\n/lib/systemd/system/a.service\n/usr/bin/su\n/usr/bin/odd\n")
        self.write("/var/lib/dpkg/statoverride", "root odd 4754 /usr/bin/odd\n")
        self.wanted = {"files": [{"path": "/etc/cron.d/ours"}]}

    def host(self):
        return polder_beyond.Host(self.wanted, [{"user": "sam"}], self.root)

    def test_units_clocks_keys_and_preloads_of_nobody_are_named(self):
        planted = [
            "/etc/systemd/system/planted.service", "/run/systemd/transient/planted.service",
            "/etc/systemd/system/ssh.service.d/x.conf", "/usr/lib/systemd/system/planted.timer",
            "/etc/systemd/system-generators/planted", "/etc/cron.d/planted", "/var/spool/cron/crontabs/root",
            "/var/spool/cron/atjobs/a0001", "/etc/ld.so.preload", "/etc/ssh/authorized_keys/planted",
            "/root/.ssh/authorized_keys", "/usr/local/bin/planted", "/home/sam/.config/systemd/user/planted.service",
        ]
        for path in [*planted, "/etc/cron.d/ours", "/usr/lib/systemd/system/a.service", "/run/systemd/transient/session-1.scope",
                     "/etc/cron.d/x.dpkg-old", "/run/user/1000/systemd/notify", "/run/user/1000/systemd/transient/a.scope"]:
            self.write(path)
        host = self.host()
        host.doors([Person("sam", 1000, "/bin/bash", "/home/sam")])
        self.assertEqual(sorted(host.found), sorted(planted))

    def test_a_link_to_what_is_known_is_known(self):
        folder = os.path.dirname(self.write("/etc/systemd/system/x.wants/nothing"))
        os.unlink(folder + "/nothing")
        for name, target in (("a.service", "/usr/lib/systemd/system/a.service"), ("b.service", "/dev/null"),
                             ("c.service", "/tmp/c.service"), ("d.service", "../../../cron.d/ours")):
            os.symlink(target, os.path.join(folder, name))
        host = self.host()
        host.doors([])
        self.assertEqual(list(host.found), ["/etc/systemd/system/x.wants/c.service"])

    def test_certificates_that_programs_trust_come_with_packages(self):
        def pem(letters, kind="CERTIFICATE"):
            return "-----BEGIN %s-----\n%s\n-----END %s-----\n" % (kind, letters, kind)
        authority, trusted, ours = "/usr/share/ca-certificates/mozilla/A.crt", "/etc/ssl/certs/ca-certificates.crt", "/etc/cron.d/ours"
        self.write("/var/lib/dpkg/info/ca.list", authority + "\n/etc/ssl/certs\n")
        self.write(authority, pem("QUFB\nQUE="))
        self.write(trusted, pem("QUFBQUE="))
        self.write("/etc/ssl/certs/java/cacerts")
        for name, target in (("etc/ssl/certs/A.pem", authority), ("usr/lib/ssl/certs", "/etc/ssl/certs")):
            os.makedirs(os.path.join(self.root, os.path.dirname(name)), exist_ok=True)
            os.symlink(target, os.path.join(self.root, name))

        def found():
            host = self.host()
            host.doors([])
            host.anchors()
            return host.found
        self.assertEqual(found(), {})
        planted = ["/etc/ca-certificates/update.d/b", "/etc/ssl/certs/868d1d0f.0", "/usr/local/share/ca-certificates/b.crt"]
        for path in planted:
            self.write(path, pem("QkJC"))
        os.symlink(ours, os.path.join(self.root, "etc/ssl/certs/0a1b2c3d.0"))
        os.unlink(os.path.join(self.root, "usr/lib/ssl/certs"))
        os.symlink("/tmp", os.path.join(self.root, "usr/lib/ssl/certs"))
        self.write(trusted, pem("QUFBQUE=") + pem("QkJC") + pem("Q0ND", "TRUSTED CERTIFICATE"))
        other = "certificate dcdb704109a454784b81229d2b05f368692e758bfa33cb61d04c1b93791b0273"
        self.assertEqual(sorted(found()), sorted([*planted, "/etc/ssl/certs/0a1b2c3d.0", "/usr/lib/ssl/certs", trusted, other]))
        self.write(trusted, pem("QUFBQUE=") + pem("A"))
        self.assertEqual(found()[trusted], "has more in it than certificates")
        folder = os.path.join(self.root, "etc/ssl/certs")
        os.rename(folder, folder + ".aside")
        os.symlink(folder + ".aside", folder)
        self.assertIn("/etc/ssl/certs", found())

    def test_the_release_before_is_known_until_somebody_changes_it(self):
        program = "/opt/polder/jitsi_1/usr/share/jitsi/run.sh"
        self.write(program, mode=0o755)
        releases = Releases(self.root)
        for name, version in (("new.1", "2"), ("old.1", "1")):
            manifest = {"files": [], "unpacked": [{"folder": "/opt/polder/jitsi_" + version}]}
            self.write(os.path.relpath(os.path.join(releases.folder, name, ".manifest.json"), self.root), json.dumps(manifest))
        wanted = {"files": [], "unpacked": [{"folder": "/opt/polder/jitsi_2"}]}
        for fault, found in ((None, []), ("changed since it was unpacked", [program])):
            with unittest.mock.patch.object(polder_unpacked, "fault", return_value=fault):
                self.assertEqual([path for path in polder_beyond.look(releases, wanted, []) if path.startswith("/opt")], found)

    def test_set_uid_is_for_what_debian_ships_so(self):
        for path, mode in (("/usr/bin/su", 0o4755), ("/usr/bin/odd", 0o4754), ("/usr/bin/a", 0o4755),
                           ("/tmp/shell", 0o4755), ("/var/lib/group", 0o2755), ("/usr/bin/plain", 0o755), ("/home/x/plain", 0o755)):
            self.write(path, mode=mode)
        host = self.host()
        host.rights()
        self.assertEqual(sorted(host.found), ["/tmp/shell", "/usr/bin/a", "/usr/bin/plain", "/var/lib/group"])
        os.chmod(os.path.join(self.root, "usr/bin/su"), 0o6755)
        host = self.host()
        host.rights()
        self.assertIn("/usr/bin/su", host.found)

    def test_accounts_that_are_root_or_have_a_password_are_named(self):
        self.write("/var/lib/systemd/linger/jo")
        host = self.host()
        host.accounts(
            [Person("root", 0, "/bin/bash", "/root"), Person("toor", 0, "/bin/sh", "/"), Person("www", 33, "/bin/sh", "/"),
             Person("sam", 1000, "/bin/bash", "/home/sam"), Person("jo", 1001, "/bin/bash", "/home/jo")],
            "root:*:1::\nsam:!:1::\njo:$y$x:1::\ntoor::1::\n", ["sam", "jo"],
        )
        self.assertEqual(sorted(host.found), [
            "account jo", "account toor", "account www", "linger of jo", "password of jo", "password of toor",
        ])

    def test_what_the_new_release_lacks_of_the_one_that_counts_is_not_beyond(self):
        releases = Releases(self.root)
        self.write("/etc/cron.d/former")
        named = lambda: "/etc/cron.d/former" in polder_beyond.beyond(releases, self.wanted, [])
        self.assertTrue(named())
        self.write("/etc/polder/trees/a.1/.manifest.json", '{"files": [{"path": "/etc/cron.d/former"}]}')
        os.symlink("trees/a.1", releases.link)
        self.assertFalse(named())

    def test_what_the_image_brought_stays_until_it_is_another(self):
        releases = Releases(self.root)
        path = self.write("/etc/cron.d/image", "x")
        os.makedirs(releases.base)
        polder_beyond.remember(releases, self.wanted, [])
        named = lambda: "/etc/cron.d/image" in polder_beyond.beyond(releases, self.wanted, [])
        self.assertFalse(named())
        with open(path, "a", encoding="utf-8") as file:
            file.write("y")
        self.assertTrue(named())

    def test_what_the_image_brought_is_remembered_in_no_words_of_ours(self):
        releases = Releases(self.root)
        path = self.write("/etc/cron.d/image", "x")
        os.symlink("image", path + "-link")
        os.makedirs(releases.base)
        polder_beyond.remember(releases, self.wanted, [])
        paths, found = [name for name in polder_beyond.look(releases, self.wanted, []) if name.startswith("/")], []
        with unittest.mock.patch.object(polder_beyond, "look", return_value=dict.fromkeys(paths, "other words")):
            found.append(sorted(polder_beyond.beyond(releases, self.wanted, [])))
            os.chmod(path, 0o4755)
            found.append(sorted(polder_beyond.beyond(releases, self.wanted, [])))
        self.assertEqual(found, [[], ["/etc/cron.d/image"]])

    def test_what_was_remembered_is_whole_or_not_there(self):
        releases = Releases(self.root)
        self.write("/etc/polder/brought.json.polder", "{")
        with unittest.mock.patch.object(polder_beyond.os, "replace", side_effect=OSError(28, "full")), self.assertRaises(OSError):
            polder_beyond.remember(releases, self.wanted, [])
        self.assertFalse(polder_beyond.is_remembered(releases))
        polder_beyond.remember(releases, self.wanted, [])
        self.assertEqual(os.listdir(releases.base), ["brought.json"])

    def test_what_can_not_be_read_says_the_way_on(self):
        releases = Releases(self.root)
        for text in ("", '{"/etc/cron.d/im', "[]"):
            self.write("/etc/polder/brought.json", text)
            with self.assertRaisesRegex(Refused, "brought.json .*delete it on the host and converge again"):
                polder_beyond.beyond(releases, self.wanted, [])

    def test_a_line_that_is_no_account_s_is_named(self):
        host = self.host()
        host.accounts([], "root:*:1::\n\nrubbish\n", [])
        self.assertEqual(sorted(host.found), ["line 2 of /etc/shadow", "line 3 of /etc/shadow"])

    def test_what_ends_while_it_is_looked_at_is_not_named(self):
        path = self.write("/run/user/1000/systemd/user/a.service")
        link = os.path.join(os.path.dirname(path), "b.service")
        os.symlink("a.service", link)
        listdir = os.listdir

        def ends(folder):
            if folder == os.path.dirname(path) and os.path.lexists(path):
                os.unlink(path)
                os.unlink(link)
                os.rmdir(folder)
            return listdir(folder)

        host = self.host()
        with unittest.mock.patch.object(polder_beyond.os, "listdir", ends):
            host.doors([Person("jo", 1000, "/bin/bash", "/home/jo")])
        self.assertEqual(host.found, {})
        self.assertTrue(host._leads_home("/run/user/1000/systemd/user/b.service"))  # pylint: disable=protected-access


class AccountsTest(Root):
    def test_somebody_whose_units_or_clocks_would_start_is_not_gone(self):
        home = self.write("/home/jo/.profile")[: -len("/.profile")]
        people = [Person("jo", 1001, "/usr/sbin/nologin", home), Person("sam", 1000, "/bin/bash", home)]
        for name, value in (("LINGER", self.root + "/linger"), ("CRONTABS", self.root + "/crontabs")):
            self.addCleanup(setattr, polder_accounts, name, getattr(polder_accounts, name))
            setattr(polder_accounts, name, value)
        getpwall, polder_accounts.pwd.getpwall = polder_accounts.pwd.getpwall, lambda: people
        self.addCleanup(setattr, polder_accounts.pwd, "getpwall", getpwall)
        former = lambda: polder_accounts.former([{"user": "sam"}])
        self.assertEqual(former(), [])
        left = [self.write("/linger/jo"), self.write("/crontabs/jo"), self.write("/home/jo/.ssh/authorized_keys")]
        self.assertEqual([(one["user"], sorted(one["traces"])) for one in former()], [("jo", sorted(left))])


    def test_an_admin_who_comes_back_is_let_in_again(self):
        home = os.path.dirname(self.write("/home/sam/.profile"))
        shadow = lambda expires: self.write("/shadow", "root:*:1:0:99999:7:::\nrubbish\nsam:!:1:0:99999:7::%s:\n" % expires)
        person = Person("sam", os.getuid(), "/bin/bash", home)
        sudo = unittest.mock.Mock(gr_mem=["sam"])
        patched = unittest.mock.patch.multiple
        with (
            patched(polder_accounts, SHADOW=shadow("")),
            patched(polder_accounts.pwd, getpwnam=lambda _: person), patched(polder_accounts.grp, getgrnam=lambda _: sudo),
        ):
            missing = lambda: [one["user"] for one in polder_accounts.missing([{"user": "sam"}])]
            for expires, found in (("", []), ("99999", []), ("1", ["sam"]), ("", [])):
                shadow(expires)
                self.assertEqual(missing(), found, expires)
            # As the home of a former one is left: another's.
            person = person._replace(pw_uid=os.getuid() + 1)
            self.assertEqual(missing(), ["sam"])


class VolumeTest(Root):
    def test_the_size_of_a_file_system_is_its_own(self):
        disk = self.write("disk")
        os.truncate(disk, 20 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", disk, "16M"], check=True, env={**os.environ, "PATH": os.environ["PATH"] + ":/sbin:/usr/sbin"})
        self.assertEqual(polder_volume.file_system_bytes(disk), 16 << 20)

    def test_no_disk_of_the_size_says_which_there_are(self):
        disk = self.write("virtio-1")
        os.truncate(disk, 1 << 30)
        size, polder_volume.size_of = polder_volume.size_of, os.path.getsize
        self.addCleanup(setattr, polder_volume, "size_of", size)
        found = polder_volume.find({"folder": self.root, "sizeGiB": 2}, [self.root + "/virtio-*"])
        self.assertEqual(found, {"state": "absent", "folder": self.root, "wantedGiB": 2, "seen": ["virtio-1 of 1 GiB"]})


if __name__ == "__main__":
    unittest.main()
