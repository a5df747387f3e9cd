import { fileAt, filesLike, lastOf, optionLines, unitSection, withoutComments } from "./files.ts";
import { defineHostRule, inFile, together, unless } from "./rule.ts";

const everyRole = ["control", "bridge", "turn", "edge", "monitor"] as const;

export const sudoIsForAdmins = defineHostRule({
  id: "sudo-is-for-admins",
  what: "root's rights go to root and the Blueprint's admins by name, each use is logged, and no folder adds to the file",
  why: "A group or a second file gives rights that nobody sees when they read the first.",
  norms: ["BIO2 8.18.02", "ISO 27002 8.2"],
  needs: everyRole,
  check: (host, { admins }) => {
    const file = fileAt(host, "/etc/sudoers");
    const text = withoutComments(file?.content ?? "");
    const people = ["root", ...admins.map(({ user }) => user)];
    const who = text
      .split("\n")
      .filter((line) => line.trim() !== "" && !/^\s*Defaults\b/.test(line))
      .map((line) => line.trim().split(/\s+/)[0] ?? "");
    const defaults = text
      .split("\n")
      .filter((line) => /^\s*Defaults\b/.test(line))
      .join(",");
    return together([
      inFile(
        file?.path,
        who.filter((name) => !people.includes(name)).map((name) => `gives rights to "${name}"`),
        [...(file?.content ?? "").matchAll(/^\s*[#@]include(dir)?\b.*$/gm)].map(
          ([line]) => `${line.trim()}: what it leads to isn't read`,
        ),
        ["env_reset", "use_pty", "log_allowed", "log_denied"]
          .filter((word) => !new RegExp(`(?<![!\\w])${word}\\b`).test(defaults))
          .map((word) => `Defaults ${word}: missing`),
        !/secure_path=/.test(defaults) && "Defaults secure_path: missing",
        file !== undefined && file.mode !== "0440" && `mode ${file.mode}, allowed: 0440`,
      ),
      ...filesLike(host, /^\/etc\/sudoers\.d\//).map(({ path }) =>
        inFile(path, "a second file of sudo's"),
      ),
    ]);
  },
});

/** What must be set, for every interface where one is named; stricter than Debian 13's own. */
const NETWORK: Readonly<Record<string, readonly string[]>> = {
  "net.ipv4.conf.*.forwarding": ["0"],
  "net.ipv6.conf.*.forwarding": ["0"],
  "net.ipv4.conf.*.accept_redirects": ["0"],
  "net.ipv6.conf.*.accept_redirects": ["0"],
  "net.ipv4.conf.*.secure_redirects": ["0"],
  "net.ipv4.conf.*.send_redirects": ["0"],
  "net.ipv4.conf.*.accept_source_route": ["0"],
  "net.ipv6.conf.*.accept_source_route": ["0"],
  "net.ipv4.conf.*.rp_filter": ["1", "2"],
  "net.ipv4.tcp_syncookies": ["1"],
};
const KERNEL: Readonly<Record<string, readonly string[]>> = {
  "kernel.kptr_restrict": ["2"],
  "kernel.dmesg_restrict": ["1"],
  "kernel.yama.ptrace_scope": ["2", "3"],
  "kernel.randomize_va_space": ["2"],
  "kernel.unprivileged_bpf_disabled": ["1", "2"],
  "kernel.kexec_load_disabled": ["1"],
  "kernel.sysrq": ["0"],
  "fs.protected_hardlinks": ["1"],
  "fs.protected_symlinks": ["1"],
  "fs.suid_dumpable": ["0"],
};

/** All settings of all files, in the order in which they are read: the last counts. */
const sysctl =
  (wanted: Readonly<Record<string, readonly string[]>>) => (host: Parameters<typeof fileAt>[0]) => {
    const files = filesLike(host, /^\/etc\/sysctl\.(conf$|d\/)/);
    const settings = optionLines(files.map(({ content }) => content).join("\n"));
    const path = files.length === 0 ? undefined : "/etc/sysctl.d";
    return inFile(
      path,
      ...Object.entries(wanted).map(([key, allowed]) => {
        const got = lastOf(settings, key);
        return unless(got !== undefined && allowed.includes(got), key, got, allowed.join(" or "));
      }),
      // One interface by name would be another than all.
      [...settings.keys()]
        .filter((key) => /^net\.ipv[46]\.conf\.(?!\*)/.test(key))
        .filter((key) => {
          const rule = key.replace(/\.conf\.[^.]+\./, ".conf.*.");
          const allowed = wanted[rule];
          return allowed !== undefined && !allowed.includes(lastOf(settings, key) ?? "");
        })
        .map((key) => `${key}: got "${lastOf(settings, key)}", another than for all`),
    );
  };

export const hostsDoNotRoute = defineHostRule({
  id: "hosts-do-not-route",
  what: "no host passes on packets of others, takes a route that another host announces, or accepts packets whose source address can't be true",
  why: "A host that routes joins the zones that the cloud's network keeps apart.",
  norms: ["ISO 27002 8.22"],
  needs: everyRole,
  check: sysctl(NETWORK),
});

export const kernelIsHardened = defineHostRule({
  id: "kernel-is-hardened",
  what: "the kernel hides its addresses, keeps programs out of each other, and closes what no service needs",
  why: "One flaw in a service must not become the whole host.",
  norms: ["ISO 27002 8.9"],
  needs: everyRole,
  check: sysctl(KERNEL),
});

/** Kernel modules that no service needs, and that had holes: dev-sec's list. */
const BLOCKED = ["dccp", "sctp", "rds", "tipc", "cramfs", "udf", "usb-storage", "firewire-core"];

export const modulesAreBlocked = defineHostRule({
  id: "modules-are-blocked",
  what: "modules for protocols, file systems and buses that no service needs can't be loaded, not by name either",
  why: "The kernel loads a module, with its flaws, as soon as a program asks for its protocol.",
  norms: ["ISO 27002 8.9"],
  needs: everyRole,
  check: (host) => {
    const files = filesLike(host, /^\/etc\/modprobe\.d\//);
    const text = files.map(({ content }) => withoutComments(content)).join("\n");
    return inFile(
      files[0]?.path,
      BLOCKED.filter(
        (name) => !new RegExp(`^install ${name} /bin/(false|true)$`, "m").test(text),
      ).map((name) => `install ${name}: missing`),
    );
  },
});

export const memoryIsNotDumped = defineHostRule({
  id: "memory-is-not-dumped",
  what: "no crash writes memory to disk: not the kernel, systemd, a login, or a dump collector",
  why: "A dump contains keys and what people said, and stays on the disk.",
  norms: ["ISO 27002 8.10", "ISO 27002 8.12"],
  needs: everyRole,
  check: (host) => {
    const manager = unitSection(
      filesLike(host, /^\/etc\/systemd\/system\.conf\.d\//).map(({ content }) => content),
      "Manager",
    );
    const collector = unitSection(
      filesLike(host, /^\/etc\/systemd\/coredump\.conf\.d\//).map(({ content }) => content),
      "Coredump",
    );
    const limits = filesLike(host, /^\/etc\/security\/limits\.d\//)
      .map(({ content }) => content)
      .join("\n");
    const kernel = optionLines(
      filesLike(host, /^\/etc\/sysctl\.d\//)
        .map(({ content }) => content)
        .join("\n"),
    );
    const pattern = lastOf(kernel, "kernel.core_pattern");
    return inFile(
      host.files.length > 0 ? "/etc" : undefined,
      unless(
        lastOf(manager, "DefaultLimitCORE") === "0",
        "DefaultLimitCORE",
        lastOf(manager, "DefaultLimitCORE"),
        "0",
      ),
      unless(lastOf(manager, "DumpCore") === "no", "DumpCore", lastOf(manager, "DumpCore"), "no"),
      unless(
        lastOf(collector, "Storage") === "none",
        "Coredump Storage",
        lastOf(collector, "Storage"),
        "none",
      ),
      !/^\*\s+hard\s+core\s+0$/m.test(limits) && "limits.d: `* hard core 0` is missing",
      unless(pattern === "|/bin/false", "kernel.core_pattern", pattern, "|/bin/false"),
    );
  },
});

/** What answers on a network, or tells of a host, and belongs on none of these. */
const UNWANTED =
  "avahi-daemon cups exim4-daemon-light ftp inetutils-telnetd nfs-kernel-server nis openbsd-inetd postfix rpcbind rsh-server rsyslog samba snmpd telnet-ssl tftpd vsftpd xinetd popularity-contest".split(
    " ",
  );
const NEVER = [
  ...UNWANTED,
  "telnet",
  "docker.io",
  "cockpit",
  "x11-common",
  "xrdp",
  "tigervnc-common",
];

export const packagesAreFew = defineHostRule({
  id: "packages-are-few",
  what: "polder installs no package with a network service other than the instance's own, and lists such packages as ones that must be absent",
  why: "What isn't installed needs no update and can't be attacked.",
  norms: ["ISO 27002 8.9", "ISO 27002 8.19"],
  needs: everyRole,
  check: ({ packages: { install, absent } }) => ({
    at: install,
    wrong: [
      ...install
        .filter((name) => NEVER.includes(name))
        .map((name) => ["packages", `installs ${name}`] as const),
      ...UNWANTED.filter((name) => !absent.includes(name)).map(
        (name) => ["packages", `${name} isn't among what must be absent`] as const,
      ),
    ],
  }),
});

export const packagesAreSigned = defineHostRule({
  id: "packages-are-signed",
  what: "apt takes only signed and current archives, each with its own key, from the source that the instance file names, and nobody's proxy",
  why: "Whoever may give a host a package controls the host.",
  norms: ["ISO 27002 8.19"],
  needs: everyRole,
  check: (host, { packages }) => {
    const options = filesLike(host, /^\/etc\/apt\/apt\.conf\.d\//);
    const text = options.map(({ content }) => withoutComments(content, /^\s*\/\//)).join("\n");
    const must: Readonly<Record<string, string>> = {
      "Acquire::AllowInsecureRepositories": "false",
      "Acquire::AllowWeakRepositories": "false",
      "Acquire::AllowDowngradeToInsecureRepositories": "false",
      "Acquire::Check-Valid-Until": "true",
      "APT::Get::AllowUnauthenticated": "false",
    };
    const settings = new Map(
      [...text.matchAll(/^\s*([\w:-]+)\s+"([^"]*)"\s*;/gm)].map(([, key, value]) => [key, value]),
    );
    const sources = filesLike(host, /^\/etc\/apt\/sources\.list/);
    // A folder's packages come with converge, to one place on the host.
    const allowed = {
      upstream: "https://",
      mirror: `${packages.mirror?.replace(/\/$/, "")}/`,
      folder: "file:/var/lib/polder-packages/",
    }[packages.source];
    return together([
      inFile(
        options[0]?.path,
        ...Object.entries(must).map(([key, value]) =>
          unless(settings.get(key) === value, key, settings.get(key), value),
        ),
        unless(
          [undefined, "DIRECT"].includes(settings.get("Acquire::http::Proxy")),
          "Acquire::http::Proxy",
          settings.get("Acquire::http::Proxy"),
          "DIRECT",
        ),
      ),
      ...sources.map((file) => {
        const lines = withoutComments(file.content);
        const stanzas = lines.split(/\n\s*\n/).filter((one) => /^URIs:/m.test(one));
        const uris = stanzas.flatMap((one) => /^URIs:\s*(.+)$/m.exec(one)?.[1]?.split(/\s+/) ?? []);
        return inFile(
          file.path,
          /^\s*deb(-src)?\s/m.test(lines) && "a line in the old form: nothing in it names its key",
          /trusted\s*[:=]\s*yes/i.test(lines) && "Trusted: yes takes unsigned packages",
          stanzas
            .filter((one) => !/^Signed-By:\s*\/\S+/m.test(one))
            .map((one) => `${/^URIs:.*$/m.exec(one)?.[0]}: no Signed-By`),
          uris
            .filter((uri) => !uri.startsWith(allowed))
            .map((uri) => `URIs: got ${uri}, allowed: ${allowed}…`),
        );
      }),
    ]);
  },
});

export const securityUpdatesComeDaily = defineHostRule({
  id: "security-updates-come-daily",
  what: "security updates are looked for and installed every day, from the security archive alone, without a reboot",
  why: "A serious flaw must be closed within a week, and a host that restarts by itself ends meetings.",
  norms: ["BIO2 8.08.01"],
  needs: everyRole,
  check: (host) => {
    const files = filesLike(host, /^\/etc\/apt\/apt\.conf\.d\//);
    const text = files.map(({ content }) => withoutComments(content, /^\s*\/\//)).join("\n");
    const is = (key: string, value: string) => {
      const got = new RegExp(`^\\s*${key}\\s+"([^"]*)"\\s*;`, "m").exec(text)?.[1];
      return unless(got === value, key, got, value);
    };
    const origins = /Origins-Pattern\s*\{([^}]*)\}/.exec(text)?.[1] ?? "";
    const patterns = [...origins.matchAll(/"([^"]*)"/g)].map(([, one]) => one ?? "");
    return inFile(
      files[0]?.path,
      is("APT::Periodic::Update-Package-Lists", "1"),
      is("APT::Periodic::Unattended-Upgrade", "1"),
      is("Unattended-Upgrade::Automatic-Reboot", "false"),
      patterns.length === 0 && "Origins-Pattern: names no archive",
      patterns
        .filter((one) => !/security/i.test(one))
        .map((one) => `Origins-Pattern: "${one}" is no security archive`),
      ["apt-daily.timer", "apt-daily-upgrade.timer"]
        .filter((unit) => !host.units.some(({ name }) => name === unit))
        .map((unit) => `${unit} doesn't run`),
    );
  },
});

/** Units that open a host to whoever stands before its console, or beside it. */
const MASKED = [
  "debug-shell.service",
  "ctrl-alt-del.target",
  "kexec.target",
  "ssh.socket",
  "systemd-journal-gatewayd.socket",
  "systemd-resolved.service",
];

export const doorsAreMasked = defineHostRule({
  id: "doors-are-masked",
  what: "units that give a shell, a restart or a second listener can't be started",
  why: "The next package could start a unit that isn't masked.",
  norms: ["ISO 27002 8.9"],
  needs: everyRole,
  check: ({ masked, units }) => ({
    at: masked,
    wrong: [
      ...MASKED.filter((unit) => !masked.includes(unit)).map(
        (unit) => ["units", `${unit} isn't masked`] as const,
      ),
      ...units
        .filter(({ name }) => masked.includes(name))
        .map(({ name }) => ["units", `${name} is to run and masked at once`] as const),
      ...["nftables.service", "ssh.service", "systemd-journald.service"]
        .filter((unit) => !units.some(({ name }) => name === unit))
        .map((unit) => ["units", `${unit} doesn't run`] as const),
    ],
  }),
});

export const timeAndNamesAreTheLocations = defineHostRule({
  id: "time-and-names-are-the-locations",
  what: "hosts ask the location's time servers and resolvers, and no others",
  why: "Who answers for names and time decides whom a host talks to and what it accepts.",
  norms: ["ISO 27002 8.17", "ISO 27002 5.23"],
  needs: everyRole,
  check: (host, { cloud }) => {
    const clocks = filesLike(host, /^\/etc\/systemd\/timesyncd\.conf/);
    const time = unitSection(
      clocks.map(({ content }) => content),
      "Time",
    );
    const servers = (time.get("NTP") ?? []).join(" ").split(/\s+/).filter(Boolean);
    const resolv = fileAt(host, "/etc/resolv.conf");
    const asked = [...(resolv?.content ?? "").matchAll(/^nameserver\s+(\S+)/gm)].map(
      ([, address]) => address ?? "",
    );
    return together([
      inFile(
        clocks[0]?.path,
        servers
          .filter((one) => !cloud.timeServers.includes(one))
          .map((one) => `NTP: got ${one}, allowed: ${cloud.timeServers.join(" ")}`),
        servers.length === 0 && "NTP: missing",
        (time.get("FallbackNTP") ?? ["Debian's own"]).map(
          (one) => `FallbackNTP: got ${one}, allowed: none`,
        ),
      ),
      inFile(
        resolv?.path,
        asked
          .filter((one) => !cloud.resolvers.includes(one))
          .map((one) => `nameserver: got ${one}, allowed: ${cloud.resolvers.join(" ")}`),
        asked.length === 0 && "nameserver: missing",
      ),
    ]);
  },
});
