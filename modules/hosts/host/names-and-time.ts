import { type Blueprint, privateAddresses } from "../../planning/blueprint/index.ts";
import type { Fragment } from "../configuration/index.ts";
import { textFile } from "./file.ts";

const hosts = (blueprint: Blueprint): string[] => [
  "127.0.0.1 localhost",
  "::1 localhost ip6-localhost ip6-loopback",
  "",
  "# The instance's hosts, by their private addresses: no DNS is asked for them.",
  ...blueprint.hosts.flatMap((host) =>
    privateAddresses(host).map((address) => `${address} ${host.name} ${host.id}`),
  ),
];

/** Whom a host asks for names and for the time: the location's own, and no one else. */
export const namesAndTime = (blueprint: Blueprint): Fragment => ({
  // One that asks nobody else by itself: Debian's default asks a pool run by others.
  packages: { install: ["systemd-timesyncd"], absent: ["chrony", "ntpsec", "openntpd"] },
  files: [
    textFile("/etc/hosts", hosts(blueprint)),
    textFile("/etc/resolv.conf", [
      ...blueprint.cloud.resolvers.map((resolver) => `nameserver ${resolver}`),
      "options timeout:2 attempts:2 edns0",
    ]),
    textFile("/etc/systemd/timesyncd.conf.d/zz-polder.conf", [
      "[Time]",
      `NTP=${blueprint.cloud.timeServers.join(" ")}`,
      "# Debian's default is a pool run by others.",
      "FallbackNTP=",
    ]),
  ],
  // A second resolver that listens, also for names on the link.
  masked: ["systemd-resolved.service"],
});
