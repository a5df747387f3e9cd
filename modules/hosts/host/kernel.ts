import { type Blueprint, carries, type Host } from "../../planning/blueprint/index.ts";
import type { Fragment } from "../configuration/index.ts";
import { textFile } from "./file.ts";

/**
 * For all links, those to come, and by `*` (sysctl.d(5)) each one that is there already: for most of these
 * settings a link's own value counts beside that of `all` (kernel.org, networking/ip-sysctl), and a link
 * that the kernel found before the settings were read has the kernel's.
 */
const everyLink = (family: 4 | 6, name: string, value: number): string =>
  `net.ipv${family}.conf.*.${name} = ${value}`;

/**
 * Strict, each packet on the link that answers to it would take, where a host has one link. With a
 * public port of its own a host has two, and both are ways to the instance's other zone.
 */
const reversePath = (blueprint: Blueprint): number =>
  blueprint.cloud.publicAddresses === "direct" ? 2 : 1;

const network = (blueprint: Blueprint): string[] => [
  "# No host routes, and none lets others tell it a way.",
  everyLink(4, "forwarding", 0),
  everyLink(6, "forwarding", 0),
  everyLink(4, "accept_redirects", 0),
  everyLink(4, "secure_redirects", 0),
  everyLink(4, "send_redirects", 0),
  everyLink(6, "accept_redirects", 0),
  everyLink(4, "accept_source_route", 0),
  everyLink(6, "accept_source_route", 0),
  everyLink(4, "proxy_arp", 0),
  everyLink(4, "bootp_relay", 0),
  "",
  "# Packets from where no answer would go are dropped, and told.",
  everyLink(4, "rp_filter", reversePath(blueprint)),
  everyLink(4, "log_martians", 1),
  "",
  "# Floods: no memory before a handshake is done, no echo to everybody.",
  "net.ipv4.tcp_syncookies = 1",
  "net.ipv4.tcp_rfc1337 = 1",
  "net.ipv4.icmp_echo_ignore_broadcasts = 1",
  "net.ipv4.icmp_ignore_bogus_error_responses = 1",
];

/** With "-": a container has the machine's kernel, and may neither change it nor fail on it. */
const KERNEL = [
  "# Addresses and messages of the kernel, for root alone; no second program looks into a first.",
  "-kernel.kptr_restrict = 2",
  "-kernel.dmesg_restrict = 1",
  "-kernel.perf_event_paranoid = 3",
  "-kernel.yama.ptrace_scope = 2",
  "-kernel.randomize_va_space = 2",
  "",
  "# Doors into the kernel that no service here needs.",
  "-kernel.unprivileged_bpf_disabled = 1",
  "-net.core.bpf_jit_harden = 2",
  "-kernel.unprivileged_userns_clone = 0",
  "-kernel.io_uring_disabled = 2",
  "-kernel.kexec_load_disabled = 1",
  "-kernel.sysrq = 0",
  "-kernel.ctrl-alt-del = 0",
  "-dev.tty.ldisc_autoload = 0",
  "-vm.unprivileged_userfaultfd = 0",
  "",
  "# Tricks with links and with files in shared folders.",
  "-fs.protected_hardlinks = 1",
  "-fs.protected_symlinks = 1",
  "-fs.protected_fifos = 2",
  "-fs.protected_regular = 2",
  "",
  "# No core dump: it would hold keys and what people said.",
  "-kernel.core_pattern = |/bin/false",
  "-kernel.core_uses_pid = 1",
  "-fs.suid_dumpable = 0",
];

/** Media comes in bursts: jitsi-videobridge, config/20-jvb-udp-buffers.conf (read 2026-11-24). */
const MEDIA = [
  "# Room for bursts of media, as Jitsi's own package of the bridge has it.",
  "-net.core.rmem_max = 10485760",
  "-net.core.netdev_max_backlog = 100000",
];

/** Rare protocols, file systems of strange disks, and devices that no server is handed. */
const MODULES = [
  "dccp",
  "sctp",
  "rds",
  "tipc",
  "n-hdlc",
  "ax25",
  "netrom",
  "x25",
  "rose",
  "decnet",
  "econet",
  "af_802154",
  "ipx",
  "appletalk",
  "psnap",
  "p8022",
  "p8023",
  "can",
  "atm",
  "cramfs",
  "freevxfs",
  "jffs2",
  "hfs",
  "hfsplus",
  "udf",
  "squashfs",
  "usb-storage",
  "firewire-core",
  "firewire-ohci",
  "thunderbolt",
  "bluetooth",
];

/** The kernel: how it treats packets and programs, and which modules it never loads. */
export function kernel(blueprint: Blueprint, host: Host): Fragment {
  const media = carries(host, "bridge") || carries(host, "turn");
  return {
    packages: { install: ["kmod", "procps"], absent: [] },
    files: [
      textFile("/etc/sysctl.d/60-polder-network.conf", network(blueprint)),
      textFile("/etc/sysctl.d/61-polder-kernel.conf", KERNEL),
      ...(media ? [textFile("/etc/sysctl.d/62-polder-media.conf", MEDIA)] : []),
      textFile("/etc/modprobe.d/polder.conf", [
        "# `install` holds, too, where a program asks for the module by name; `blacklist` alone doesn't.",
        ...MODULES.flatMap((name) => [`blacklist ${name}`, `install ${name} /bin/false`]),
      ]),
    ],
    units: [
      {
        name: "systemd-sysctl.service",
        reload: [],
        restart: ["/etc/sysctl.d"],
        carriesCalls: false,
      },
    ],
  };
}
