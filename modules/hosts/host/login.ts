import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { Fragment } from "../configuration/index.ts";
import { textFile } from "./file.ts";

const LOGIN_DEFS = [
  "# New files are the owner's and the group's, nobody else's; pam_umask reads it here.",
  "UMASK 027",
  "HOME_MODE 0700",
  "USERGROUPS_ENAB no",
  "",
  "# Passwords: none is set on a host. Were one set, it would be costly to guess. They don't end: an",
  "# ended password shuts out its account's key, too.",
  "ENCRYPT_METHOD YESCRYPT",
  "YESCRYPT_COST_FACTOR 7",
  "SHA_CRYPT_MIN_ROUNDS 656000",
  "SHA_CRYPT_MAX_ROUNDS 656000",
  "PASS_MAX_DAYS 99999",
  "PASS_MIN_DAYS 1",
  "PASS_WARN_AGE 7",
  "LOGIN_RETRIES 3",
  "LOGIN_TIMEOUT 30",
  "FAIL_DELAY 4",
  "LOG_OK_LOGINS yes",
  "LOG_UNKFAIL_ENAB no",
  "",
  "# As Debian has it.",
  "MAIL_DIR /var/mail",
  "HUSHLOGIN_FILE .hushlogin",
  "ENV_SUPATH PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  "ENV_PATH PATH=/usr/local/bin:/usr/bin:/bin",
  "TTYPERM 0600",
  "ERASECHAR 0177",
  "KILLCHAR 025",
  "UID_MIN 1000",
  "UID_MAX 60000",
  "SUB_UID_MIN 100000",
  "SUB_UID_MAX 600100000",
  "SUB_UID_COUNT 65536",
  "GID_MIN 1000",
  "GID_MAX 60000",
  "SUB_GID_MIN 100000",
  "SUB_GID_MAX 600100000",
  "SUB_GID_COUNT 65536",
  "CHFN_RESTRICT rwh",
  "DEFAULT_HOME no",
  "NONEXISTENT /nonexistent",
];

/** No heading: people see it. */
const banner = ({ instance }: Blueprint): string =>
  [
    "",
    `This is a private system of ${instance}. Authorised access only, by named administrators.`,
    "All use is logged and monitored. Disconnect now if you are not authorised: unauthorised access",
    "is a criminal offence (art. 138ab Sr) and will be prosecuted under the law.",
    "",
    "Alleen voor bevoegde beheerders. Elk gebruik wordt vastgelegd.",
    "",
    "",
  ].join("\n");

/** What applies to a person who logs in: the banner, the umask, no core dumps. */
export const login = (blueprint: Blueprint): Fragment => {
  const text = { owner: "root", group: "root", mode: "0644", content: banner(blueprint) } as const;
  return {
    packages: { install: ["libpam-systemd"], absent: [] },
    files: [
      { path: "/etc/issue", ...text },
      { path: "/etc/issue.net", ...text },
      textFile("/etc/login.defs", LOGIN_DEFS),
      textFile("/etc/profile.d/polder.sh", [
        "umask 027",
        "# A terminal that nobody uses is closed.",
        "TMOUT=1800",
        "readonly TMOUT",
        "export TMOUT",
      ]),
    ],
  };
};
