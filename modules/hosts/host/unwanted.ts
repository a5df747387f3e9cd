import { carries, type Host } from "../../planning/blueprint/index.ts";
import type { Fragment } from "../configuration/index.ts";

/** What an image may bring, or another package recommend, and no host here has a use for. */
export const unwanted = (host: Host): Fragment => ({
  packages: {
    install: ["dbus", "python3", "systemd", "systemd-sysv"],
    absent: [
      // Mail: alarms go out through the monitor alone.
      "exim4-base",
      "exim4-config",
      "exim4-daemon-light",
      "postfix",
      "sendmail-bin",
      // Logins without encryption, and what they stand on.
      "inetutils-telnetd",
      "telnet-ssl",
      "rsh-client",
      "rsh-server",
      // Debian's coturn depends on a telnet client, for a command line that we switch off.
      ...(carries(host, "turn") ? [] : ["inetutils-telnet", "telnet"]),
      "nis",
      "talk",
      "talkd",
      "tftpd",
      "tftpd-hpa",
      "vsftpd",
      "ftp",
      "xinetd",
      "openbsd-inetd",
      // File shares, discovery, printing, remote management.
      "rpcbind",
      "nfs-common",
      "nfs-kernel-server",
      "samba",
      "avahi-daemon",
      "cups",
      "snmpd",
      // Tells others what is installed.
      "popularity-contest",
    ],
  },
  masked: ["ctrl-alt-del.target", "debug-shell.service", "kexec.target"],
});
