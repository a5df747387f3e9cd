import type { Instance } from "../instance/index.ts";
import { parseCidr } from "../network/index.ts";
import type { PlatformLocation } from "../residency/index.ts";
import type { Role, RoleSize } from "../sizing/index.ts";
import { instancePorts, PORTS } from "./services.ts";
import type { Flow, Peer } from "./types.ts";

const INTERNET: Peer = { kind: "internet" };
const ranges = (name: string, list: readonly string[]): Peer => ({
  kind: "ranges",
  name,
  ranges: list,
});
const asRange = (address: string): string => `${address}${address.includes(":") ? "/128" : "/32"}`;

/** Who stands behind an address on the web: its own range where it is an address, else anybody. */
function webPeer(name: string, address: string): { readonly peer: Peer; readonly port: number } {
  const url = new URL(address);
  const port = Number(url.port) || (url.protocol === "https:" ? PORTS.https : 80);
  const range = asRange(url.hostname.replace(/^\[|\]$/g, ""));
  return { peer: parseCidr(range) ? ranges(name, [range]) : INTERNET, port };
}

/**
 * Where the hosts fetch packages: one address when the mirror is one, else the web; nowhere when
 * they are shipped from a folder, so that a site without internet needs no way to it.
 */
function packageSource(
  instance: Instance,
): { readonly peer: Peer; readonly port: number } | undefined {
  const { mirror, source } = instance.packages;
  if (source === "folder") return undefined;
  if (!mirror) return { peer: INTERNET, port: PORTS.https };
  return webPeer("package mirror", mirror);
}

/**
 * Who may talk to whom, on what, and why: the one table that the cloud's security groups, the
 * hosts' packet filters, the exposure register and the drawing come from.
 *
 * @param sizes the hosts: how many, what they are named after, and what they carry
 */
export function planFlows(
  instance: Instance,
  location: PlatformLocation,
  sizes: readonly Pick<RoleSize, "role" | "roles" | "count">[],
  hasJitsi: boolean,
): Flow[] {
  const roles = sizes.map((size) => size.role);
  const role = (name: Role): Peer => ({
    kind: "role",
    role: sizes.find((size) => size.roles.includes(name))?.role ?? name,
  });
  const tcp = (id: string, from: Peer, to: Peer, port: number, why: string): Flow => ({
    id,
    from,
    to,
    protocol: "tcp",
    ports: [port, port],
    why,
  });
  const udp = (id: string, from: Peer, to: Peer, port: number, why: string): Flow => ({
    id,
    from,
    to,
    protocol: "udp",
    ports: [port, port],
    why,
  });
  const others = (than: Role) =>
    sizes.filter((size) => !size.roles.includes(than)).map((size) => size.role);
  const ports = instancePorts(instance);
  const resolvers = ranges("resolvers", location.platform.resolvers.map(asRange));
  const clocks = ranges("time servers", location.platform.timeServers.map(asRange));
  const packages = packageSource(instance);
  const { acmeDirectory } = instance.certificates;
  const acme = acmeDirectory ? webPeer("ACME server", acmeDirectory) : undefined;
  const alarm = instance.alarms && webPeer("alarm receiver", instance.alarms.webhook);

  const flows = [
    tcp(
      "web",
      INTERNET,
      role("control"),
      PORTS.https,
      "people load the meeting page and signal over HTTPS",
    ),
    tcp(
      "web-redirect",
      INTERNET,
      role("control"),
      80,
      "only sends browsers on to HTTPS of the same host",
    ),
    udp("media", INTERNET, role("bridge"), PORTS.media, "people send and receive audio and video"),
    udp(
      "turn-udp",
      INTERNET,
      role("turn"),
      PORTS.turn,
      "people whose network blocks the bridges ask for a relay",
    ),
    tcp(
      "turn-tls",
      INTERNET,
      role("turn"),
      ports.turnTls,
      instance.size === "single"
        ? "the relay, for networks that let no UDP out"
        : "the relay, for networks that let nothing but HTTPS out",
    ),
    tcp(
      "admin-in",
      ranges("admin networks", instance.adminNetworks),
      role("edge"),
      22,
      "named admins log in on the edge host, from nowhere else",
    ),
    ...others("edge").map((name) =>
      tcp(
        `admin-${name}`,
        role("edge"),
        role(name),
        22,
        `admins reach the ${name} hosts through the edge host`,
      ),
    ),
    tcp(
      "xmpp",
      role("bridge"),
      role("control"),
      PORTS.xmpp,
      "bridges join Prosody over verified TLS",
    ),
    // One control host a shard.
    ...(sizes.some(({ role: name, count }) => name === "control" && count > 1)
      ? [
          tcp(
            "signalling",
            role("control"),
            role("control"),
            PORTS.signalling,
            "the web server hands signalling to the control host whose shard the meeting is in, over mutual TLS",
          ),
        ]
      : []),
    udp(
      "turn-media",
      role("turn"),
      role("bridge"),
      PORTS.media,
      "the relay passes media to the bridges, its only peers",
    ),
    // Jitsi's videobridge alone has such a channel.
    ...(hasJitsi
      ? [
          tcp(
            "channel",
            role("control"),
            role("bridge"),
            PORTS.channel,
            "the web server passes on what clients tell their bridge: which videos they want to see",
          ),
          tcp(
            "relay-channel",
            role("bridge"),
            role("bridge"),
            PORTS.channel,
            "bridges of one large meeting tell each other what their clients want to see",
          ),
        ]
      : []),
    udp("relay", role("bridge"), role("bridge"), PORTS.media, "bridges share one large meeting"),
    ...others("monitor").map((name) =>
      tcp(
        `journal-${name}`,
        role(name),
        role("monitor"),
        PORTS.journal,
        `the ${name} hosts' journals, over mutual TLS`,
      ),
    ),
    tcp(
      "watch-web",
      role("monitor"),
      role("control"),
      PORTS.https,
      "the monitor sees each minute whether the page comes and the gate answers",
    ),
    tcp(
      "watch-xmpp",
      role("monitor"),
      role("control"),
      PORTS.xmpp,
      "the monitor sees whether Prosody offers its login; it has no account",
    ),
    tcp(
      "watch-turn",
      role("monitor"),
      role("turn"),
      ports.turnTls,
      "the monitor gets a relay, by a login of its own, and sends through it to the bridges",
    ),
    ...(alarm
      ? [tcp("alarm", role("monitor"), alarm.peer, alarm.port, "alarms are told to people")]
      : []),
    ...(acme
      ? sizes
          .filter((size) => size.roles.includes("control") || size.roles.includes("turn"))
          .map(({ role: name }) =>
            tcp(
              `acme-${name}`,
              role(name),
              acme.peer,
              acme.port,
              `the ${name} hosts' certificates are renewed`,
            ),
          )
      : []),
    ...roles.flatMap((name) => [
      udp(
        `dns-${name}`,
        role(name),
        resolvers,
        53,
        "names are looked up at the location's resolvers",
      ),
      tcp(`dns-tcp-${name}`, role(name), resolvers, 53, "answers that don't fit into a datagram"),
      udp(`time-${name}`, role(name), clocks, 123, "certificates and tokens need the right time"),
      ...(packages
        ? [
            tcp(
              `packages-${name}`,
              role(name),
              packages.peer,
              packages.port,
              "security updates from the package source",
            ),
          ]
        : []),
    ]),
  ];
  // What programs of one host say to each other doesn't leave it.
  const isInside = ({ from, to }: Flow) =>
    from.kind === "role" &&
    to.kind === "role" &&
    from.role === to.role &&
    sizes.some(({ role: own, roles: all }) => own === from.role && all.length > 1);
  return flows.filter((flow) => !isInside(flow));
}
