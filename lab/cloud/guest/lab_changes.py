"""A notification driver that counts: who sees the file grow asks what has changed, and need not ask all the time."""

from oslo_messaging.notify import notifier

FILE = "/lab/var/changes"


class LabNotificationDriver(notifier.Driver):
    def notify(self, ctxt, msg, priority, retry):
        # Before the change; the end of it is announced, too.
        if msg["event_type"].endswith(".start"):
            return
        with open(FILE, "ab") as file:
            file.write(b".")
