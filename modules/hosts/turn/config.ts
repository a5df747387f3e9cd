import {
  type Blueprint,
  type Host,
  hostsWith,
  instancePorts,
  namesBelow,
  PORTS,
} from "../../planning/blueprint/index.ts";
import { reference } from "../configuration/index.ts";
import { SUITES_12 } from "../tls/index.ts";
import { ALLOCATE_SECONDS, turnLimits } from "./limits.ts";

export const CERTIFICATE = "/etc/coturn/turn.crt";
export const KEY = "/etc/coturn/turn.key";
/** What coturn takes anew while it runs, as SQL. */
export const LIVE = "/etc/coturn/live.sql";
/** Where it takes it from: in memory, made anew from the file above at each start. */
export const DATABASE = "/run/turnserver/turndb";

/**
 * What only a certain coturn needs. Debian 13 has 4.6.1; read 2026-11-24 in its source and in
 * coturn's ChangeLog. A newer one gets none of these lines: the trial start refuses it, and docs/services.md,
 * "Another coturn", says what differs.
 */
const COTURN_4_6 = [
  "no-cli",
  "no-rfc5780",
  "no-stun-backward-compatibility",
  "no-software-attribute",
  "no-tlsv1",
  "no-tlsv1_1",
  "no-dtls",
  "# Plain TCP is off, and that is also what makes TLS 1.3 work: where TCP may come on the same port,",
  "# 4.6.1 looks at the version in the ClientHello's old field, which TLS 1.3 leaves at 1.2, and takes",
  "# a context fixed to 1.2 (ns_ioalib_engine_impl.c, check_tentative_tls; mainrelay.c, set_ctx).",
  "no-tcp",
] as const;

/** Where clients come in: the cloud translates a floating address, a direct one is the host's own. */
export function listening({ cloud }: Blueprint, host: Host): string[] {
  const direct = cloud.publicAddresses === "direct" ? host.publicAddress : undefined;
  return direct ? [direct.ipv4, ...(direct.ipv6 ? [direct.ipv6] : [])] : [host.ipv4];
}

/**
 * turnserver.conf: relays to this instance's bridges, over the private network, and to nothing else.
 * Sources of each line: docs/services.md.
 */
export function turnConfig(blueprint: Blueprint, host: Host): string[] {
  const limits = turnLimits(blueprint);
  const shown = host.publicAddress?.ipv4;
  return [
    ...listening(blueprint, host).map((address) => `listening-ip=${address}`),
    `listening-port=${PORTS.turn}`,
    `tls-listening-port=${instancePorts(blueprint).turnTls}`,
    "# Media goes to the bridges over the private network, whatever address people come in by.",
    `relay-ip=${host.ipv4}`,
    // Not `public/private`: 4.6.1 then allows the private one as a peer, ours, whatever is denied
    // (mainrelay.c, option X; read 2026-11-24). With one relay address the short form says the same.
    ...(shown ? [`external-ip=${shown}`] : []),
    "",
    `realm=${namesBelow(blueprint.domain).turn}`,
    "# The secrets of logins and the peers that are allowed: of what stands here, a running coturn reads",
    "# nothing again; of this file, the secrets at each login and the peers every 5 s.",
    "use-auth-secret",
    `userdb=${DATABASE}`,
    "fingerprint",
    "stale-nonce=600",
    "",
    `cert=${CERTIFICATE}`,
    `pkey=${KEY}`,
    `cipher-list=${SUITES_12.join(":")}`,
    "",
    `# Peers: nothing, but the bridges' private addresses, which ${LIVE} allows. Allowed goes`,
    "# before denied. The ranges are whole: 4.6.1 compares IPv6 byte by byte, so one that doesn't start",
    "# at zero has holes.",
    "denied-peer-ip=0.0.0.0-255.255.255.255",
    "denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "no-multicast-peers",
    "no-tcp-relay",
    "",
    "# An allocation lives 10 minutes unless it is asked for again (RFC 8656, 3.2), which browsers do.",
    "# Permissions and channels keep the RFC's own 5 and 10 minutes: shorter ones cut media off.",
    "max-allocate-lifetime=600",
    "# Who has none by then, TLS's handshake included, is let go of (mainrelay.c; 60 s by default).",
    `max-allocate-timeout=${ALLOCATE_SECONDS}`,
    `min-port=${limits.firstPort}`,
    `max-port=${limits.lastPort}`,
    `user-quota=${limits.userQuota}`,
    `total-quota=${limits.totalQuota}`,
    `max-bps=${limits.bytesPerSecond}`,
    "",
    "# To the journal. Not verbose: that would write down who relays from where.",
    "syslog",
    "# Its errors tell a client's address, and what a client calls itself: security's, not operations'.",
    "syslog-facility=LOG_AUTHPRIV",
    "",
    ...COTURN_4_6,
  ];
}

/** The tables that coturn asks, as its own schema has them (4.6.1, dbd_sqlite.c). */
const TABLES = [
  "turn_secret (realm varchar(127) default '', value varchar(127), primary key (realm, value))",
  "allowed_peer_ip (realm varchar(127) default '', ip_range varchar(256), primary key (realm, ip_range))",
  "denied_peer_ip (realm varchar(127) default '', ip_range varchar(256), primary key (realm, ip_range))",
  "turn_origin_to_realm (origin varchar(127), realm varchar(127), primary key (origin))",
  "turn_realm_option (realm varchar(127) default '', opt varchar(32), value varchar(128), primary key (realm, opt))",
];

/**
 * Writes the secrets that coturn accepts, and the bridges, in one transaction: a login meanwhile is compared
 * with all of the old values or all of the new ones (write-ahead log: no reader waits).
 */
export function turnDatabase(blueprint: Blueprint): string[] {
  const { domain } = blueprint;
  const bridges = hostsWith(blueprint, "bridge");
  return [
    "PRAGMA journal_mode = WAL;",
    ...TABLES.map((table) => `CREATE TABLE IF NOT EXISTS ${table};`),
    "BEGIN IMMEDIATE;",
    "DELETE FROM turn_secret;",
    "-- Two of them during a rotation.",
    "INSERT INTO turn_secret (realm, value)",
    `  SELECT '${namesBelow(domain).turn}', value FROM json_each('${reference("turn/accepted-secrets")}');`,
    "DELETE FROM allowed_peer_ip;",
    ...bridges.map(({ ipv4 }) => `INSERT INTO allowed_peer_ip (ip_range) VALUES ('${ipv4}');`),
    "COMMIT;",
  ];
}
