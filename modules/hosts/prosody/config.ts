import {
  type Blueprint,
  type Host,
  PORTS,
  privateAddresses,
} from "../../planning/blueprint/index.ts";
import { gateHosts, gateSettings, publicHosts } from "../gate/index.ts";
import { HOST_CERTIFICATE } from "../host/index.ts";
import { GROUPS, SUITES_12, SUITES_13 } from "../tls/index.ts";

/** Prosody's own copy of the host's key: it can't read root's, and a reload must find a new one. */
export const KEY = "/etc/prosody/tls/host.key";

const strings = (list: readonly string[]): string => list.map((text) => `"${text}"`).join("; ");

/**
 * prosody.cfg.lua, the whole of it: Debian's own includes conf.d, where any package may put a host.
 * Sources of each setting: docs/services.md.
 */
export function prosodyConfig(blueprint: Blueprint, host: Host): string[] {
  const { auth, internal } = gateHosts(blueprint);
  return [
    'data_path = "/var/lib/prosody"',
    'pidfile = "/run/prosody/prosody.pid"',
    "",
    "-- Info and worse, to the journal by way of syslog, once the gate's sink has taken names out.",
    'log = { info = "*syslog" }',
    "",
    "-- Only these, and what Prosody can't do without. No admin shell, no registration, no upload.",
    'modules_enabled = { "saslauth"; "tls"; "disco"; "ping"; "limits"; "gate_log"; "gate" }',
    'modules_disabled = { "s2s"; "s2s_auth_certs"; "offline" }',
    "allow_registration = false",
    "",
    ...gateSettings(blueprint),
    "",
    "-- Bridges come over the private network, people by nginx on this host; nothing else listens.",
    `c2s_ports = { ${PORTS.xmpp} }`,
    `c2s_interfaces = { ${strings([...(blueprint.jitsi ? ["127.0.0.1"] : []), ...privateAddresses(host)])} }`,
    "c2s_direct_tls_ports = {}",
    "s2s_ports = {}",
    "s2s_direct_tls_ports = {}",
    "component_ports = {}",
    "http_ports = { 5280 }",
    'http_interfaces = { "127.0.0.1" }',
    "https_ports = {}",
    "",
    "-- Plain connections get nothing but the offer of TLS, and 30 s to take it and log in.",
    "c2s_require_encryption = true",
    "allow_unencrypted_plain_auth = false",
    "c2s_timeout = 30",
    "",
    "-- Who hasn't logged in on auth; gate_accounts lifts it from its accounts.",
    'limits = { c2s = { rate = "10kb/s" } }',
    "",
    'authentication = "internal_hashed"',
    'disable_sasl_mechanisms = { "DIGEST-MD5"; "OAUTHBEARER" }',
    "",
    "-- Accounts come with converge and are only read. All else lives in memory and ends with it.",
    'storage = { accounts = "internal" }',
    'default_storage = "memory"',
    "",
    "-- Looks for garbage when memory has doubled, as Lua by itself would. By Prosody's default it does so after each",
    "-- twentieth, and marks all that lives to find that twentieth: a quarter of its processor.",
    'gc = { mode = "incremental"; threshold = 200 }',
    "",
    "ssl = {",
    `  key = "${KEY}";`,
    `  certificate = "${HOST_CERTIFICATE}";`,
    '  protocol = "tlsv1_2+";',
    `  ciphers = "${SUITES_12.join(":")}";`,
    `  ciphersuites = "${SUITES_13.join(":")}";`,
    `  curveslist = { ${strings(GROUPS)} };`,
    "  options = {",
    "    cipher_server_preference = true;",
    "    no_compression = true;",
    "    no_renegotiation = true;",
    "    no_ticket = true;",
    "  };",
    "}",
    "",
    `VirtualHost "${auth}"`,
    '  gate = "auth"',
    '  modules_enabled = { "gate_handshake"; "gate_stanzas"; "gate_accounts" }',
    "",
    `Component "${internal}" "muc"`,
    '  gate = "internal"',
    '  modules_enabled = { "gate_internal" }',
    '  storage = "memory"',
    `  admins = { "focus@${auth}" }`,
    "  -- Accounts of auth alone make rooms here: a bridge that comes before Jicofo must find its brewery.",
    '  restrict_room_creation = "local"',
    "  -- Else that bridge owns it, and Jicofo sees no bridge (Prosody 13's default is false).",
    "  component_admins_as_room_owners = true",
    "  muc_room_default_public = false",
    "  muc_room_default_public_jids = true",
    "  muc_room_locking = false",
    "  muc_tombstones = false",
    "",
    ...publicHosts(blueprint),
  ];
}
