"""What a person can mend, as one line in place of a stack trace: how each of our modules ends."""
from __future__ import annotations

import errno


class Refused(Exception):
    """One line for a person: what is wrong and what to do."""


def end(module, work):
    """Ends an Ansible module with what `work()` returns, or with the line that refused it."""
    try:
        result = work()
    except Refused as refusal:
        module.fail_json(msg=str(refusal))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        module.fail_json(msg="the disk is full: make room and run it again")
    module.exit_json(**result)
