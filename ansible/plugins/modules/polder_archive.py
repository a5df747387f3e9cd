#!/usr/bin/python
"""What converge brings of Debian's archives to a host that fetches nothing. Runs on the host."""
from __future__ import annotations

DOCUMENTATION = r"""
module: polder_archive
short_description: Lists and packages of Debian's archives, brought to a host
description:
  - Tells which files a host lacks, places those that came, and takes away what is asked for no more. apt verifies
    them by Debian's signatures when it reads them.
author: polder
options:
  phase:
    description: What to do. C(lists) and C(packages) are the two that a playbook asks for.
    type: str
    required: true
    choices: [missing, put, lists, packages]
  files:
    description: Files by path below the archives' folder, with size and SHA-256.
    type: list
    elements: dict
    default: []
  part:
    description: A tar on the host, for C(put).
    type: path
  digest:
    description: Of the controller's folder, remembered after C(packages).
    type: str
  lacks:
    description: Updates that the controller's folder doesn't hold.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Bring the archives' lists
  polder_archive:
    phase: lists
"""

RETURN = r"""
files:
  description: Those that the host lacks.
  type: list
  returned: phase is missing
"""

import os

from ansible.module_utils import polder_archive
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.polder_refused import end


def work(params):
    phase, files = params["phase"], params["files"]
    if phase == "missing":
        return {"files": polder_archive.missing(files)}
    if phase == "put":
        return {"changed": True, "placed": polder_archive.put(params["part"], files)}
    if phase == "packages":
        polder_archive.keep(files)
        polder_archive.record(params["digest"], params["lacks"])
    return {"lacks": params["lacks"]}


def main():
    module = AnsibleModule(
        argument_spec={
            "phase": {"type": "str", "required": True, "choices": ["missing", "put", "lists", "packages"]},
            "files": {"type": "list", "elements": "dict", "default": []},
            "part": {"type": "path"},
            "digest": {"type": "str"},
            "lacks": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=False,
    )
    # apt reads as an account of its own.
    os.umask(0o022)
    end(module, lambda: work(module.params))


if __name__ == "__main__":
    main()
