import { cpSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gateHosts } from "../../modules/hosts/gate/index.ts";
import type { Blueprint } from "../../modules/planning/blueprint/index.ts";
import type { Issuer } from "./gate-issuer.ts";
import { withoutGate } from "./without-gate.ts";

const PLUGINS = "usr/share/jitsi-meet/prosody-plugins";
const LUA = "usr/share/lua";
/** Where Debian puts Jitsi's modules, and the Lua libraries that their package depends on. */
const partsOf = (root: string): string[] => [
  PLUGINS,
  `${LUA}/5.4`,
  ...readdirSync(join(root, "usr/lib")).map((name) => `usr/lib/${name}/lua/5.4`),
];
/** Debian 13 packs these two for Lua 5.1 to 5.3 alone; they are text that 5.4 reads as well. */
const NOT_FOR_54 = ["basexx.lua", "inspect.lua"];

/**
 * A Debian 13 root in which the package jitsi-meet-prosody lies: the folder that POLDER_JITSI_ROOT names,
 * else this machine's own. Undefined when it isn't there.
 */
export function jitsiRoot(): string | undefined {
  const root = process.env["POLDER_JITSI_ROOT"] ?? "/";
  return existsSync(join(root, PLUGINS, "mod_muc_lobby_rooms.lua")) ? root : undefined;
}

/** Lays Jitsi's modules and their libraries into a folder of their own, to lie over the validators' root. */
export function layJitsi(root: string, target: string): void {
  for (const part of partsOf(root).filter((path) => existsSync(join(root, path))))
    cpSync(join(root, part), join(target, part), { recursive: true, dereference: true });
  for (const name of NOT_FOR_54)
    cpSync(join(root, LUA, "5.1", name), join(target, LUA, "5.4", name), { dereference: true });
}

/** Jitsi's modules of each host that has rooms, as the package's example has them; no polls. */
const OF_ROOMS = {
  conference: [
    "muc_hide_all",
    "muc_meeting_id",
    "muc_domain_mapper",
    "muc_rate_limit",
    "token_verification",
    "muc_password_whitelist",
  ],
  lobby: ["muc_hide_all", "muc_rate_limit"],
  breakout: ["muc_hide_all", "muc_meeting_id", "muc_domain_mapper", "muc_rate_limit"],
};

const list = (names: readonly string[]): string => names.map((name) => `"${name}"`).join("; ");

/** The settings of Jitsi's modules, beside the gate: its token verification, its lobby that outlives an empty room. */
export function besideGate(config: string, { domain }: Blueprint, issuer: Issuer): string {
  const { conference, lobby, breakout, auth } = gateHosts({ domain });
  const verification = [
    'authentication = "token"',
    `  app_id = "meet.${domain}"`,
    '  signature_algorithm = "RS256"',
    `  app_secret = [[\n${issuer.keys[0]?.pem ?? ""}]]`,
    `  asap_accepted_issuers = { "issuer.${domain}" }`,
    `  asap_accepted_audiences = { "meet.${domain}" }`,
    `  main_muc = "${conference}"`,
    `  lobby_muc = "${lobby}"`,
    `  breakout_rooms_muc = "${breakout}"`,
  ].join("\n");
  // The last two tell of rooms by HTTP. No host has them; the gate must do without knowing that.
  const onDomain = [
    "muc_lobby_rooms",
    "persistent_lobby",
    "muc_breakout_rooms",
    "muc_size",
    "muc_census",
  ];
  const rows: readonly (readonly [RegExp, string])[] = [
    [
      /plugin_paths = \{ (.*?) \}/,
      `plugin_paths = { $1; "/${PLUGINS}" }\nmuc_mapper_domain_base = "${domain}"\nmuc_rate_joins = 1000\nmuc_rate_leaves = 1000`,
    ],
    // By being an admin Jitsi's modules know Jicofo: its token isn't asked for, and it may join breakouts.
    [/^admins = \{\}/m, `admins = { "focus@${auth}" }`],
    [/authentication = "gate"/, verification],
    [/(modules_enabled = \{ .*"websocket") \}/, `$1; ${list(onDomain)} }`],
    [
      /(modules_enabled = \{ "gate_rooms".*) \}/,
      `$1; ${list(OF_ROOMS.conference)} }\n  muc_room_default_public_jids = true`,
    ],
    ...(["lobby", "breakout"] as const).map(
      (kind) =>
        [
          new RegExp(`gate = "${kind}"\\n  modules_enabled = \\{ "gate_beside" \\}`),
          `gate = "${kind}"\n  modules_enabled = { "gate_beside"; ${list(OF_ROOMS[kind])} }\n  muc_room_default_public_jids = true`,
        ] as const,
    ),
  ];
  return rows.reduce((text, [from, to]) => {
    if (text.search(from) < 0) throw new Error(`nothing like ${from.source} in prosody.cfg.lua`);
    return text.replace(from, to);
  }, config);
}

/** The same without any part of the gate: Jitsi's modules have to do alone, Jicofo behind their client_proxy. */
export function jitsiAlone(config: string, { domain }: Blueprint): string {
  const { auth } = gateHosts({ domain });
  const proxy = `"client_proxy"\n  target_address = "focus@${auth}"`;
  return withoutGate(config.replace('"gate_focus"', proxy));
}
