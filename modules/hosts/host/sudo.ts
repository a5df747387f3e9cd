import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { Fragment } from "../configuration/index.ts";
import { textFile } from "./file.ts";

/** Who may become root: the named admins. Their key was the proof; nobody has a password to type. */
const sudoers = (blueprint: Blueprint): string[] => [
  "# The whole policy: no folder is included, so no package and no cloud adds to it.",
  "Defaults env_reset",
  'Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"',
  "# A program gets a terminal of its own, so that it can't type into the admin's after it ended.",
  "Defaults use_pty",
  "# Every command and every refusal goes to the journal with its user (BIO2 8.18.02).",
  "Defaults syslog=authpriv, syslog_goodpri=notice, syslog_badpri=alert",
  "Defaults log_allowed, log_denied, log_exit_status, log_year, log_host, !mail_badpass",
  "Defaults !mailerflags, !mailto",
  "Defaults passwd_tries=1, timestamp_timeout=0, umask=0027, umask_override",
  "",
  "root ALL=(ALL:ALL) ALL",
  ...blueprint.admins.map(({ user }) => `${user} ALL=(ALL:ALL) NOPASSWD: ALL`),
];

/** sudo, for the named admins alone. */
export const sudo = (blueprint: Blueprint): Fragment => ({
  packages: { install: ["sudo"], absent: [] },
  files: [textFile("/etc/sudoers", sudoers(blueprint), { mode: "0440" })],
  checks: [{ id: "sudoers", command: ["/usr/sbin/visudo", "-c", "-q", "-f", "/etc/sudoers"] }],
});
