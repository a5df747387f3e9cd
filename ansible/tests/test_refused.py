"""How our modules end, by Ansible's own AnsibleModule; run by modules/operations/converge/release.test.ts."""
from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import unittest
import unittest.mock

import ansible.module_utils

HERE = os.path.dirname(os.path.abspath(__file__))
ansible.module_utils.__path__.append(os.path.join(HERE, "../plugins/module_utils"))

# pylint: disable=wrong-import-position
from ansible.module_utils import basic
from ansible.module_utils.polder_refused import Refused, end


def ended(work):
    """What Ansible gets of a module that does this."""
    arguments = json.dumps({"ANSIBLE_MODULE_ARGS": {}}).encode()
    with (
        unittest.mock.patch.multiple(basic, _ANSIBLE_ARGS=arguments, _ANSIBLE_PROFILE="legacy"),
        contextlib.redirect_stdout(io.StringIO()) as output,
        contextlib.suppress(SystemExit),
    ):
        end(basic.AnsibleModule({}), work)
    return json.loads(output.getvalue())


def raising(error):
    def work():
        raise error

    return work


class End(unittest.TestCase):
    def test_gives_what_the_work_gives(self):
        self.assertEqual(ended(lambda: {"changed": True, "placed": 1})["placed"], 1)

    def test_says_in_one_line_what_a_person_can_mend(self):
        for error, line in (
            (Refused("run it again"), "run it again"),
            (OSError(errno.ENOSPC, "No space left on device"), "the disk is full: make room and run it again"),
        ):
            result = ended(raising(error))
            self.assertEqual((result["failed"], result["msg"]), (True, line))

    def test_hides_no_fault_of_ours(self):
        with self.assertRaises(PermissionError):
            ended(raising(PermissionError(errno.EACCES, "Permission denied")))


if __name__ == "__main__":
    unittest.main()
