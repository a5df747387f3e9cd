"""Prints what happens as JSON, a line each, for `polder converge` to read."""
from __future__ import annotations

import json

from ansible import constants as C
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: polder_events
type: stdout
short_description: One JSON line an event
description:
  - For C(polder converge), which makes a person's lines of it.
"""

# Results of our own module that polder reports to a person; it leaves out all others.
REPORTED = (
    "same", "digest", "drift", "files", "packages", "units", "accounts", "volume", "pending",
    "asked", "installed", "removed", "gone", "idle", "old", "beyond", "brought", "leftover",
    "archive", "lacks",
)


class CallbackModule(CallbackBase):
    """Events: task, ok, failed, unreachable, end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "polder_events"

    def _say(self, event, **fields):
        # The one way out: Ansible's own display would wrap and colour it.
        print(json.dumps({"event": event, **fields}), flush=True)

    def _result(self, event, result, **fields):
        task = result.task
        # Reading another file of tasks, and holding inputs against their types, ask nothing of a host.
        if event == "ok" and task.action in (*C._ACTION_ALL_INCLUDES, "ansible.builtin.validate_argument_spec"):
            return
        if task.action in ("polder_release", "polder_archive") and "phase" in task.args:
            fields["phase"] = task.args["phase"]
            fields["report"] = {key: result.result[key] for key in REPORTED if key in result.result}
        self._say(
            event, host=result.host.get_name(), task=task.get_name(),
            changed=bool(result.result.get("changed")), **fields,
        )

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._say("task", task=task.get_name())

    def v2_runner_on_ok(self, result):
        self._result("ok", result)

    def v2_runner_on_skipped(self, result):
        self._say("skipped", host=result.host.get_name(), task=result.task.get_name())

    def v2_runner_on_failed(self, result, ignore_errors=False):
        found = result.result
        message = found.get("msg") or "failed"
        for stream in ("module_stderr", "stderr", "exception"):
            if message.startswith(("MODULE FAILURE", "non-zero", "Module result")) and found.get(stream):
                message = str(found[stream]).strip().splitlines()[-1]
        if ignore_errors:
            return
        self._result("failed", result, message=str(message))

    def v2_runner_on_unreachable(self, result):
        self._result("unreachable", result, message=str(result.result.get("msg", "")))

    def v2_playbook_on_stats(self, stats):
        hosts = sorted(stats.processed)
        self._say("end", hosts={host: stats.summarize(host) for host in hosts})
