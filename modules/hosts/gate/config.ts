import { lifeOf } from "../../meetings/invitations/index.ts";
import {
  type Blueprint,
  hostsWith,
  instancePorts,
  namesBelow,
} from "../../planning/blueprint/index.ts";
import { unpacked } from "../jitsi/index.ts";
import { gateHosts } from "./hosts.ts";
import { limitsOf } from "./limits.ts";
import { luaList, luaText } from "./lua-text.ts";

/** Where Prosody finds the gate's modules. */
export const PLUGINS = "/usr/local/lib/polder/prosody";
/** Keys that the gate reads: tokens.pem, rooms.keys, turn.secret, pseudonym.key. */
export const FOLDER = "/etc/prosody/gate";
/** Its folder must be there; the file `revoked` in it, which `polder revoke` writes, may be absent. */
export const REVOKED_FOLDER = "/var/lib/polder-gate";

/** Bytes that Prosody reads at once (net.server_epoll, read_size), and headers of frames in between. */
const READ_AT_ONCE = 16_384;

/**
 * Seconds. A client asks each 10 s and gives up after at most 45 (nginx/programs/meeting.js): it is never put out while it still
 * waits, since that comes after twice this. So a line that is cut for 20 s costs nobody their session, and who is gone is
 * out within a minute.
 */
const SILENCE = 23;

/** Prosody's own default is 32 MiB. Jicofo's Java may stand still for seconds while a large meeting joins. Assumed. */
const JICOFO_UNREAD = 8 * 1024 * 1024;

/** The relays that Prosody names to clients: UDP and TLS, as the flows let them in. */
const relays = (blueprint: Blueprint) => {
  const { turn: host } = namesBelow(blueprint.domain);
  const { turn, turnTls } = instancePorts(blueprint);
  return hostsWith(blueprint, "turn").length > 0
    ? [
        { type: "turn", host, port: turn, transport: "udp" },
        { type: "turns", host, port: turnTls, transport: "tcp" },
      ]
    : [];
};

/** Where Prosody finds Jitsi's modules, which an instance without Jitsi's packages doesn't have. */
const jitsiPlugins = (blueprint: Blueprint): string[] =>
  blueprint.jitsi
    ? [`${unpacked(blueprint, "jitsi-meet-prosody").folder}/usr/share/jitsi-meet/prosody-plugins`]
    : [];

/** What Jitsi's modules ask of every host. By being an admin they know Jicofo. */
const jitsiSettings = (blueprint: Blueprint): string[] => {
  const { domain, auth } = gateHosts(blueprint);
  if (!blueprint.jitsi) return ["admins = {}"];
  return [`admins = { "focus@${auth}" }`, `muc_mapper_domain_base = "${domain}"`];
};

/** Global settings of the gate. */
export const gateSettings = (blueprint: Blueprint): string[] => [
  "-- The gate: docs/gate.md. It brings up the public hosts, which are switched off below, when every",
  "-- part of it stands where it must, and takes them down when one is gone.",
  `plugin_paths = { ${luaList([PLUGINS, ...jitsiPlugins(blueprint)])} }`,
  ...jitsiSettings(blueprint),
  `gate_hosts = ${luaText(gateHosts(blueprint))}`,
  `gate_folder = "${FOLDER}"`,
  `gate_revoked = "${REVOKED_FOLDER}/revoked"`,
  "-- Seconds from a token's end to the end of its session.",
  "gate_grace = 60",
  "-- Seconds that a token may count here, from meetings.maxMinutes.",
  `gate_life = ${lifeOf(blueprint.meetings.maxMinutes)}`,
  `gate_guests = ${blueprint.meetings.guests}`,
  `gate_limits = ${luaText({ ...limitsOf(blueprint) })}`,
  `gate_chat = ${blueprint.meetings.chat === "on"}`,
  `gate_turn = ${luaText(relays(blueprint))}`,
  "-- nginx on this host has ended TLS; nobody else reaches the port.",
  "consider_websocket_secure = true",
  "-- Who is silent that long is asked, and is put out by mod_gate_sessions when as long again brings no answer. Who",
  "-- takes nothing for send_timeout, or has that much waiting, is put out, too: Jicofo, which hears all, and bridges.",
  `network_settings = ${luaText({ read_timeout: SILENCE, send_timeout: SILENCE * 2, max_send_buffer_size: JICOFO_UNREAD })}`,
  "-- A frame holds one stanza (RFC 7395); beside it, what is read at once. Prosody's own limit is 512 kB a session.",
  `websocket_frame_buffer_limit = ${limitsOf(blueprint).stanza + READ_AT_ONCE}`,
];

const rooms = (kind: string, modules: readonly string[]): string[] => [
  "  enabled = false",
  `  gate = "${kind}"`,
  `  modules_enabled = { ${luaList(modules)} }`,
  '  storage = "memory"',
  "  -- Who may make a room is the gate's to say; roles of Prosody's know no names that were issued.",
  "  restrict_room_creation = false",
  "  muc_room_default_public = false",
  "  muc_room_allow_public = false",
  "  muc_room_default_history_length = 0",
  "  muc_room_locking = false",
  "  muc_tombstones = false",
  "  muc_vcard = false",
  "  -- Of more than 100, Prosody's default, it swaps one out for each that is looked up, with people in it: that",
  "  -- costs more than a join, and who looks through what lives doesn't find it. Here none is opened any more.",
  "  muc_max_rooms = 10000",
];

/** The hosts that people reach, all of them off until the gate switches them on. */
export function publicHosts(blueprint: Blueprint): string[] {
  const { domain, conference, lobby, breakout, focus } = gateHosts(blueprint);
  const ifJitsi = (...lines: string[]): string[] => (blueprint.jitsi ? lines : []);
  const ofDomain = [
    ...["gate_handshake", "gate_stanzas", "gate_sessions", "gate_media"],
    ...["gate_start_muted", "gate_turn"],
    "websocket",
  ];
  return [
    `VirtualHost "${domain}"`,
    "  enabled = false",
    '  gate = "domain"',
    `  modules_enabled = { ${luaList([...ofDomain, ...ifJitsi("muc_lobby_rooms", "persistent_lobby")])} }`,
    "  -- Behind the gate, which has seen the token. Names are random and end with the session.",
    '  authentication = "gate"',
    ...ifJitsi(`  main_muc = "${conference}"`, `  lobby_muc = "${lobby}"`),
    "",
    `Component "${conference}" "muc"`,
    ...rooms("conference", [
      "gate_rooms",
      "gate_return",
      "gate_occupants",
      ...ifJitsi("muc_meeting_id", "muc_rate_limit"),
    ]),
    "  muc_room_default_members_only = true",
    ...ifJitsi("  muc_room_default_public_jids = true"),
    "",
    `Component "${lobby}" "muc"`,
    ...rooms("lobby", ["gate_beside", ...ifJitsi("muc_rate_limit")]),
    ...ifJitsi("  muc_room_default_public_jids = true"),
    "",
    `Component "${breakout}" "muc"`,
    ...rooms("breakout", ["gate_beside"]),
    "",
    "-- Hands conference requests to Jicofo. Jitsi's client_proxy would need presence and a roster for that.",
    `Component "${focus}" "gate_focus"`,
    "  enabled = false",
    '  gate = "focus"',
  ];
}
