import type { Blueprint } from "../../planning/blueprint/index.ts";
import type { Fragment } from "../configuration/index.ts";
import { textFile } from "./file.ts";

/** Where Debian itself publishes: https://www.debian.org/mirror/list (read 2026-11-24). */
export const UPSTREAM = "https://deb.debian.org/";

/** Where converge puts Debian's packages on a host whose instance has them in a folder. */
const PACKAGES_ON_HOST = "/var/lib/polder-packages";

/** Debian's archive and its security archive, which unattended-upgrades takes alone. */
export const DEBIAN_ARCHIVES = [
  { name: "debian", suites: ["trixie", "trixie-updates"] },
  { name: "debian-security", suites: ["trixie-security"] },
] as const;

/** The address below which a host finds both archives, with a slash at its end. */
function archives({ packages }: Blueprint): string {
  // By SSH, with converge: a host opens no connection for its packages.
  if (packages.source === "folder") return `file:${PACKAGES_ON_HOST}/`;
  const base = packages.source === "mirror" && packages.mirror ? packages.mirror : UPSTREAM;
  return base.endsWith("/") ? base : `${base}/`;
}

function sources(blueprint: Blueprint): string[] {
  const base = archives(blueprint);
  const [debian, security] = DEBIAN_ARCHIVES.map(({ name, suites }) => [
    "Types: deb",
    `URIs: ${base}${name}`,
    `Suites: ${suites.join(" ")}`,
    "Components: main",
    "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg",
  ]);
  return [
    ...(debian ?? []),
    "",
    "# Security updates have an archive of their own; unattended-upgrades takes these alone.",
    ...(security ?? []),
  ];
}

const SETTINGS = [
  "// Only what is asked for: what isn't installed needs no update and can't be attacked.",
  'APT::Install-Recommends "false";',
  'APT::Install-Suggests "false";',
  "",
  "// Only archives whose signature and age are right, whatever an option on a command line says.",
  'Acquire::AllowInsecureRepositories "false";',
  'Acquire::AllowWeakRepositories "false";',
  'Acquire::AllowDowngradeToInsecureRepositories "false";',
  'Acquire::Check-Valid-Until "true";',
  'APT::Get::AllowUnauthenticated "false";',
  "",
  "// Straight to the archives of the sources: no proxy of anybody else's, none found by itself.",
  'Acquire::http::Proxy "DIRECT";',
  'Acquire::https::Proxy "DIRECT";',
  'Acquire::http::Proxy-Auto-Detect "";',
  "",
  "// A source that hangs is given up after 20 s, and asked three times more.",
  'Acquire::Retries "3";',
  'Acquire::http::Timeout "20";',
  'Acquire::https::Timeout "20";',
  'Acquire::Languages "none";',
  "",
  "// A file that a package and polder both have stays polder's; nobody is there to be asked.",
  'DPkg::Options { "--force-confdef"; "--force-confold"; };',
  'DPkg::Lock::Timeout "120";',
];

const PERIODIC = [
  "// Every day: lists, then security updates (50unattended-upgrades says which).",
  'APT::Periodic::Update-Package-Lists "1";',
  'APT::Periodic::Unattended-Upgrade "1";',
  'APT::Periodic::AutocleanInterval "7";',
];

const UNATTENDED = [
  "// Security updates alone (BIO2 8.08.01: a grave one within a week). All else comes by converge.",
  "Unattended-Upgrade::Origins-Pattern {",
  '  "origin=Debian,codename=trixie-security,label=Debian-Security";',
  "};",
  "Unattended-Upgrade::Package-Blacklist { };",
  "// In small steps, so that a shutdown in the middle leaves whole packages.",
  'Unattended-Upgrade::MinimalSteps "true";',
  'Unattended-Upgrade::AutoFixInterruptedDpkg "true";',
  "// Never a reboot by itself, and no tidying up that nobody asked for.",
  'Unattended-Upgrade::Automatic-Reboot "false";',
  'Unattended-Upgrade::Remove-Unused-Dependencies "false";',
  'Unattended-Upgrade::Remove-New-Unused-Dependencies "false";',
  'Unattended-Upgrade::Remove-Unused-Kernel-Packages "true";',
  "// What it did goes to the journal, and so to the monitor. No mail leaves a host.",
  'Unattended-Upgrade::Mail "";',
  'Unattended-Upgrade::SyslogEnable "true";',
  'Unattended-Upgrade::SyslogFacility "auth";',
];

/** Where packages come from, and security updates by themselves. */
export const apt = (blueprint: Blueprint): Fragment => {
  const slashes = { comment: "//" };
  return {
    packages: {
      install: ["apt", "ca-certificates", "debian-archive-keyring", "unattended-upgrades"],
      // Restarts what an update touched, calls or not; what needs a restart is listed by converge.
      absent: ["needrestart", "apt-listchanges"],
    },
    files: [
      textFile("/etc/apt/sources.list", ["# The sources are in sources.list.d/debian.sources."]),
      textFile("/etc/apt/sources.list.d/debian.sources", sources(blueprint)),
      textFile("/etc/apt/apt.conf.d/20auto-upgrades", PERIODIC, slashes),
      textFile("/etc/apt/apt.conf.d/50unattended-upgrades", UNATTENDED, slashes),
      textFile("/etc/apt/apt.conf.d/90polder", SETTINGS, slashes),
    ],
    units: ["apt-daily.timer", "apt-daily-upgrade.timer"].map((name) => ({
      name,
      reload: [],
      restart: [],
      carriesCalls: false,
    })),
    checks: [{ id: "apt", command: ["apt-config", "dump"] }],
  };
};
