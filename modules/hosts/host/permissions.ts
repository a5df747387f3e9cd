import type { Fragment } from "../configuration/index.ts";
import { textFile } from "./file.ts";

/** Modes of what Debian and the cloud's image bring, put right at each boot and converge. */
export const permissions: Fragment = {
  files: [
    textFile("/etc/tmpfiles.d/polder.conf", [
      "# Type path mode user group age. `z` changes only what is there.",
      ...["/etc/crontab", "/etc/cron.allow", "/boot/grub/grub.cfg", "/etc/ssh/sshd_config"].map(
        (path) => `z ${path} 0600 root root -`,
      ),
      ...["d", "daily", "hourly", "monthly", "weekly", "yearly"].map(
        (name) => `z /etc/cron.${name} 0700 root root -`,
      ),
      ...["/etc/sudoers.d", "/root", "/etc/polder"].map((path) =>
        path === "/etc/polder" ? `z ${path} 0755 root root -` : `z ${path} 0750 root root -`,
      ),
      "# The people's keys: read by sshd for everybody, written by root alone.",
      "d /etc/ssh/authorized_keys 0755 root root -",
    ]),
  ],
};
