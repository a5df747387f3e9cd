import {
  type Blueprint,
  carries,
  type Host,
  hostsWith,
  privateAddresses,
} from "../../planning/blueprint/index.ts";
import { type Fragment, reference } from "../configuration/index.ts";
import { rawFile, textFile } from "./file.ts";

/**
 * Modern algorithms only, such that ssh-audit 3.3.0 warns of nothing on Debian 13's OpenSSH 10.0. The
 * key exchanges are hybrids with a post-quantum half: what is recorded today can't be read later.
 * OpenSSH 9.0 and newer clients have one of them.
 */
const ALGORITHMS = [
  "KexAlgorithms mlkem768x25519-sha256,sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com",
  "Ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr",
  "MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com",
  "HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com,ssh-ed25519",
  "PubkeyAcceptedAlgorithms ssh-ed25519,sk-ssh-ed25519@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com",
  "CASignatureAlgorithms ssh-ed25519",
];

const HOST_KEY = "/etc/ssh/ssh_host_ed25519_key";

/** The edge host is the way to the others' port 22, to nothing else; no other host is a way at all. */
function forwarding(blueprint: Blueprint, host: Host): string[] {
  const none = [
    "AllowAgentForwarding no",
    "AllowStreamLocalForwarding no",
    "GatewayPorts no",
    "PermitTunnel no",
    "X11Forwarding no",
  ];
  if (!carries(host, "edge")) return ["DisableForwarding yes", "AllowTcpForwarding no", ...none];
  const others = blueprint.hosts.filter((other) => !carries(other, "edge"));
  const places = others
    .flatMap(privateAddresses)
    .map((address) => (address.includes(":") ? `[${address}]:22` : `${address}:22`));
  return [
    "# The jump to the other hosts (ProxyJump), by their private addresses.",
    "AllowTcpForwarding local",
    `PermitOpen ${places.join(" ") || "none"}`,
    "PermitListen none",
    ...none,
  ];
}

/**
 * A client that fails repeatedly waits longer each time. Behind the edge host all admins have its
 * address, and there one person's mistakes must not shut out the others.
 */
function penalties(blueprint: Blueprint, host: Host): string[] {
  const edges = hostsWith(blueprint, "edge");
  const exempt = edges.flatMap(privateAddresses).join(",");
  return [
    "PerSourcePenalties crash:90s authfail:5s noauth:1s grace-exceeded:10s max:10m min:15s",
    ...(!carries(host, "edge") && exempt ? [`PerSourcePenaltyExemptList ${exempt}`] : []),
  ];
}

const daemon = (blueprint: Blueprint, host: Host): string[] => [
  "# The whole configuration: nothing is included, so no package and no cloud adds to it.",
  "Port 22",
  "AddressFamily any",
  "",
  "# The host proves itself by one key and a certificate of the instance's SSH CA.",
  `HostKey ${HOST_KEY}`,
  `HostCertificate ${HOST_KEY}-cert.pub`,
  ...ALGORITHMS,
  "RequiredRSASize 3072",
  "",
  "# Named people with a key each (BIO2 5.16.02), which root alone writes down; no password, no root.",
  `AllowUsers ${blueprint.admins.map(({ user }) => user).join(" ")}`,
  "AuthenticationMethods publickey",
  "PubkeyAuthentication yes",
  "AuthorizedKeysFile /etc/ssh/authorized_keys/%u",
  "PermitRootLogin no",
  "PasswordAuthentication no",
  "KbdInteractiveAuthentication no",
  "PermitEmptyPasswords no",
  "HostbasedAuthentication no",
  "IgnoreRhosts yes",
  "PermitUserEnvironment no",
  "PermitUserRC no",
  "StrictModes yes",
  "UsePAM yes",
  "",
  ...forwarding(blueprint, host),
  "",
  "# Guessing is slow, and many half-open connections don't lock people out.",
  "LoginGraceTime 20",
  "MaxAuthTries 3",
  `MaxSessions ${carries(host, "edge") ? 2 : 4}`,
  "MaxStartups 30:50:100",
  ...penalties(blueprint, host),
  "",
  "# A connection that is dead is gone after two minutes.",
  "TCPKeepAlive no",
  "ClientAliveInterval 60",
  "ClientAliveCountMax 2",
  "Compression no",
  "",
  "# VERBOSE names the key of each login. Files that are copied are logged, too (BIO2 8.18.02).",
  "SyslogFacility AUTHPRIV",
  "LogLevel VERBOSE",
  "Subsystem sftp internal-sftp -f AUTHPRIV -l INFO",
  "Banner /etc/issue.net",
  "PrintMotd no",
  "PrintLastLog yes",
  "VersionAddendum none",
  "DebianBanner no",
];

/** The SSH server: keys only, named people only. The people's accounts are made by converge. */
export const ssh = (blueprint: Blueprint, host: Host): Fragment => ({
  packages: { install: ["openssh-server"], absent: [] },
  files: [
    textFile("/etc/ssh/sshd_config", daemon(blueprint, host), { mode: "0600" }),
    // Filled on every converge: the certificate is made from the key that the first visit recorded.
    rawFile(`${HOST_KEY}-cert.pub`, reference(`ssh/${host.id}.cert`)),
    ...blueprint.admins.map(({ user, name, key }) =>
      textFile(`/etc/ssh/authorized_keys/${user}`, [`# ${name}`, key]),
    ),
  ],
  units: [{ name: "ssh.service", reload: ["/etc/ssh"], restart: [], carriesCalls: false }],
  // systemd makes these by itself where it finds sshd: ways in that no flow knows.
  masked: ["ssh.socket", "sshd-unix-export.socket", "sshd-unix-local.socket", "sshd-vsock.socket"],
  checks: [{ id: "sshd", command: ["/usr/sbin/sshd", "-t"] }],
});
