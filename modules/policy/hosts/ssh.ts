import { addressesOfRole, fileAt, filesLike, sshdSettings, withoutComments } from "./files.ts";
import { defineHostRule, inFile, together, unless } from "./rule.ts";

const CONFIG = "/etc/ssh/sshd_config";

/** NCSC-NL's good and sufficient ones for TLS of 2025-05, by OpenSSH's names; its hybrid key exchanges. */
const STRONG: Readonly<Record<string, readonly string[]>> = {
  kexalgorithms: [
    "mlkem768x25519-sha256",
    "sntrup761x25519-sha512",
    "sntrup761x25519-sha512@openssh.com",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
  ],
  ciphers: [
    "chacha20-poly1305@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
  ],
  macs: ["hmac-sha2-512-etm@openssh.com", "hmac-sha2-256-etm@openssh.com"],
  hostkeyalgorithms: ["ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519"],
  pubkeyacceptedalgorithms: [
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
  ],
  casignaturealgorithms: ["ssh-ed25519"],
};

const read = (host: Parameters<typeof fileAt>[0]) => {
  const file = fileAt(host, CONFIG);
  const settings = sshdSettings(file?.content ?? "");
  const is = (key: string, ...allowed: readonly string[]) => {
    const got = settings.get(key.toLowerCase());
    return unless(
      got !== undefined && allowed.includes(got.toLowerCase()),
      key,
      got,
      allowed.join(" or "),
    );
  };
  const atMost = (key: string, most: number) => {
    const got = settings.get(key.toLowerCase());
    const value = Number(got);
    return unless(got !== undefined && value > 0 && value <= most, key, got, `1 to ${most}`);
  };
  return { path: file?.path, text: file?.content ?? "", settings, is, atMost };
};

const everyRole = ["control", "bridge", "turn", "edge", "monitor"] as const;

export const sshTakesNoPassword = defineHostRule({
  id: "ssh-takes-no-password",
  what: "sshd lets people in by their key alone: no password, no dialogue, no trusted host",
  why: "A password can be guessed, reused and passed on.",
  norms: ["BIO2 5.17.01", "BIO2 5.17.03"],
  needs: everyRole,
  check: (host) => {
    const { path, is } = read(host);
    return inFile(
      path,
      is("PasswordAuthentication", "no"),
      is("KbdInteractiveAuthentication", "no"),
      is("PermitEmptyPasswords", "no"),
      is("HostbasedAuthentication", "no"),
      is("PubkeyAuthentication", "yes"),
      is("AuthenticationMethods", "publickey"),
    );
  },
});

export const sshKnowsNoRoot = defineHostRule({
  id: "ssh-knows-no-root",
  what: "nobody logs in as root, and no login brings an environment or a script of its own",
  why: "If root logs in, the log doesn't say which person acted.",
  norms: ["BIO2 5.16.02", "BIO2 8.18.02"],
  needs: everyRole,
  check: (host) => {
    const { path, is } = read(host);
    return inFile(
      path,
      is("PermitRootLogin", "no"),
      is("PermitUserEnvironment", "no"),
      is("PermitUserRC", "no"),
      is("StrictModes", "yes"),
    );
  },
});

export const sshNamesItsPeople = defineHostRule({
  id: "ssh-names-its-people",
  what: "exactly the Blueprint's admins may log in, each with the one key that the instance file has, which root alone writes",
  why: "With any further key somebody could log in whom nobody decided to let in.",
  norms: ["BIO2 5.16.02", "ISO 27002 8.2"],
  needs: everyRole,
  check: (host, { admins }) => {
    const { path, settings } = read(host);
    const users = admins.map(({ user }) => user).sort();
    const allowed = (settings.get("allowusers") ?? "").split(/\s+/).filter(Boolean).sort();
    const keys = filesLike(host, /authorized_keys/).flatMap((file) => {
      const lines = withoutComments(file.content)
        .split("\n")
        .filter((line) => line.trim() !== "");
      const admin = admins.find(({ user }) => file.path === `/etc/ssh/authorized_keys/${user}`);
      const message =
        admin === undefined
          ? "keys of nobody whom the Blueprint names"
          : lines.join("\n") === admin.key
            ? undefined
            : `holds ${lines.length} keys or another one, allowed: the one key of ${admin.user}`;
      return inFile(file.path, message);
    });
    const missing = admins.filter(({ user }) => !fileAt(host, `/etc/ssh/authorized_keys/${user}`));
    return together([
      inFile(
        path,
        unless(allowed.join() === users.join(), "AllowUsers", allowed.join(" "), users.join(" ")),
        unless(
          settings.get("authorizedkeysfile") === "/etc/ssh/authorized_keys/%u",
          "AuthorizedKeysFile",
          settings.get("authorizedkeysfile"),
          "/etc/ssh/authorized_keys/%u",
        ),
        ["authorizedkeyscommand", "trustedusercakeys", "authorizedprincipalsfile", "allowgroups"]
          .filter((key) => settings.has(key) && settings.get(key) !== "none")
          .map((key) => `${key}: another way for people to get in`),
        missing.map(({ user }) => `${user} has no file of keys`),
      ),
      ...keys,
    ]);
  },
});

export const sshForwardsNothing = defineHostRule({
  id: "ssh-forwards-nothing",
  what: "sshd forwards no port, agent, socket or display; the edge host alone passes on to port 22 of the instance's hosts",
  why: "A tunnel through a host is a way past the packet filter.",
  norms: ["BIO2 8.20.02", "ISO 27002 8.22"],
  needs: everyRole,
  check: (host, blueprint) => {
    const { path, settings, is } = read(host);
    const isEdge = host.roles.includes("edge");
    const targets = (settings.get("permitopen") ?? "").split(/\s+/).filter(Boolean);
    const others = ["control", "bridge", "turn", "monitor"].flatMap((role) =>
      addressesOfRole(blueprint, role),
    );
    const known = others.map((address) =>
      address.includes(":") ? `[${address}]:22` : `${address}:22`,
    );
    return inFile(
      path,
      is("AllowAgentForwarding", "no"),
      is("AllowStreamLocalForwarding", "no"),
      is("X11Forwarding", "no"),
      is("GatewayPorts", "no"),
      is("PermitTunnel", "no"),
      isEdge ? is("AllowTcpForwarding", "local", "no") : is("AllowTcpForwarding", "no"),
      !isEdge && is("DisableForwarding", "yes"),
      isEdge && targets.length === 0 && "PermitOpen: missing, then it leads everywhere",
      isEdge &&
        targets
          .filter((target) => !known.includes(target))
          .map((target) => `PermitOpen: got "${target}", allowed: port 22 of the other hosts`),
    );
  },
});

export const sshIsStrong = defineHostRule({
  id: "ssh-is-strong",
  what: "sshd names its key exchanges, ciphers, MACs and signatures, and only strong ones; its host key is certified by the instance",
  why: "Where the file names none, the package's own choice applies, which may change with each version.",
  norms: ["BIO2 8.24.04", "NCSC-NL TLS 2025-05"],
  needs: everyRole,
  check: (host) => {
    const { path, settings } = read(host);
    return inFile(
      path,
      ...Object.entries(STRONG).map(([key, strong]) => {
        const got = settings.get(key);
        const listed = (got ?? "").split(",").filter(Boolean);
        const weak = listed.filter((name) => !strong.includes(name));
        if (listed.length === 0) return `${key}: missing`;
        return weak.map((name) => `${key}: got "${name}", allowed: ${strong.join(", ")}`);
      }),
      settings.get("hostcertificate") === undefined && "HostCertificate: missing",
    );
  },
});

export const sshLogsWho = defineHostRule({
  id: "ssh-logs-who",
  what: "sshd writes down the key of each login and each file that is copied",
  why: "It must be possible to say afterwards who used which right, and when.",
  norms: ["BIO2 8.15.01", "BIO2 8.18.02"],
  needs: everyRole,
  check: (host) => {
    const { path, settings, is } = read(host);
    const sftp = settings.get("subsystem") ?? "";
    return inFile(
      path,
      is("LogLevel", "verbose"),
      is("SyslogFacility", "authpriv", "auth"),
      sftp !== "" && !/-l (INFO|VERBOSE)/.test(sftp) && "Subsystem sftp: logs no file (-l INFO)",
    );
  },
});

export const sshIsOneFile = defineHostRule({
  id: "ssh-is-one-file",
  what: "sshd's whole configuration is the one file: it includes no other file, it has no settings for certain users or addresses only, and no folder adds to it",
  why: "A file that a package or a cloud puts beside it would override it, unseen.",
  norms: ["ISO 27002 8.9"],
  needs: everyRole,
  check: (host) => {
    const { path, text } = read(host);
    const drops = filesLike(host, /^\/etc\/ssh\/sshd_config\.d\//);
    return together([
      inFile(
        path,
        [...withoutComments(text).matchAll(/^\s*(Include|Match)\b.*$/gim)].map(
          ([line]) => `${line.trim()}: what it leads to isn't read`,
        ),
      ),
      ...drops.map((file) => inFile(file.path, "a second file of sshd's configuration")),
    ]);
  },
});

export const sshIsSlowToGuess = defineHostRule({
  id: "ssh-is-slow-to-guess",
  what: "sshd gives few tries, little time and few half-open connections, and ends dead ones",
  why: "A login that may be tried for ever succeeds some day, and a server without free connections keeps admins out.",
  norms: ["BIO2 8.21.01"],
  needs: everyRole,
  check: (host) => {
    const { path, settings, atMost } = read(host);
    return inFile(
      path,
      atMost("MaxAuthTries", 4),
      atMost("LoginGraceTime", 60),
      atMost("ClientAliveInterval", 300),
      atMost("ClientAliveCountMax", 3),
      atMost("MaxSessions", 10),
      !/^\d+:\d+:\d+$/.test(settings.get("maxstartups") ?? "") && "MaxStartups: missing",
      settings.get("persourcepenalties") === undefined && "PerSourcePenalties: missing",
    );
  },
});
