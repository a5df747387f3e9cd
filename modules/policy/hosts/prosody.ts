import { addressesOfRole, fileAt, filesLike, luaSettings, luaWords } from "./files.ts";
import { defineHostRule, inFile, together, unless } from "./rule.ts";
import { STRONG_CIPHERS } from "./tls.ts";

const CONFIG = "/etc/prosody/prosody.cfg.lua";
const needs = ["control"] as const;

const read = (host: Parameters<typeof fileAt>[0]) => {
  const file = fileAt(host, CONFIG);
  const text = (file?.content ?? "")
    .split("\n")
    .map((line) => line.replace(/^\s*--.*$/, ""))
    .join("\n");
  /** What stands above the first host, and so holds for all. */
  const general = text.split(/^(?:VirtualHost|Component)\s/m)[0] ?? "";
  const first = (key: string) => luaSettings(general, key)[0];
  const is = (key: string, ...allowed: readonly string[]) =>
    unless(allowed.includes(first(key) ?? "nothing"), key, first(key), allowed.join(" or "));
  return { path: file?.path, text, general, first, is };
};

/** Each host of Prosody's with its own settings. */
const hostsOf = (text: string) =>
  text.split(/^(?=VirtualHost\s|Component\s)/m).flatMap((block) => {
    const [, kind, name, plugin] =
      /^(VirtualHost|Component)\s+"([^"]+)"(?:\s+"([^"]+)")?/.exec(block) ?? [];
    return kind && name ? [{ kind, name, plugin, block }] : [];
  });

export const prosodyHasOneWayIn = defineHostRule({
  id: "prosody-has-one-way-in",
  what: "Prosody registers nobody, talks to no other server, has no admins but Jicofo, and accepts no password over the connection, only a proof that the client knows it (SCRAM)",
  why: "An account that anybody may make, or another server, is a way around the gate.",
  norms: ["BIO2 5.17.03", "BIO2 8.20.02"],
  needs,
  check: (host, { domain, jitsi }) => {
    const { path, text, first, is } = read(host);
    const off = luaWords(first("disable_sasl_mechanisms") ?? "");
    return inFile(
      path,
      is("allow_registration", "false"),
      // By being an admin Jitsi's modules know Jicofo.
      is("admins", jitsi ? `{ "focus@auth.${domain}" }` : "{}"),
      is("authentication", '"internal_hashed"'),
      is("s2s_ports", "{}"),
      is("s2s_direct_tls_ports", "{}"),
      is("component_ports", "{}"),
      is("c2s_require_encryption", "true"),
      is("allow_unencrypted_plain_auth", "false"),
      ["PLAIN", "DIGEST-MD5", "OAUTHBEARER"]
        .filter((name) => !off.includes(name))
        .map((name) => `disable_sasl_mechanisms: lacks ${name}`),
      luaSettings(text, "authentication")
        .filter((value) => !['"internal_hashed"', '"gate"'].includes(value))
        .map((value) => `authentication: got ${value}, allowed: internal_hashed, gate`),
      /^\s*Include\b/m.test(text) && "Include: what it leads to isn't read",
    );
  },
});

/** Modules that open another way in, show more than is needed, or keep what people write. */
const NEVER =
  /^(admin_\w+|register\w*|s2s\w*|bosh|http_file_share|http_upload\w*|mam|muc_mam\w*|archive\w*|csi\w*|carbons|smacks_offline|debug_\w+|telnet|proxy65|motd|announce|muc_size|muc_census|server_contact_info|version|uptime|pep\w*|vcard\w*|private|blocklist|offline|dump\w*)$/;

export const prosodyLoadsFewModules = defineHostRule({
  id: "prosody-loads-few-modules",
  what: "no module is loaded that allows remote management, registers accounts, uploads files, archives messages, counts rooms, or reveals something about the server",
  why: "Outsiders found meetings by muc_size and BOSH before; an archive is a copy of what was said.",
  norms: ["ISO 27002 8.9", "BIO2 5.33.01"],
  needs,
  check: (host) => {
    const { path, text, first } = read(host);
    const enabled = luaSettings(text, "modules_enabled").flatMap(luaWords);
    const off = luaWords(first("modules_disabled") ?? "");
    return inFile(
      path,
      enabled.filter((name) => NEVER.test(name)).map((name) => `modules_enabled: ${name}`),
      ["s2s", "offline"]
        .filter((name) => !off.includes(name))
        .map((name) => `modules_disabled: lacks ${name}`),
      enabled.length === 0 && "modules_enabled: missing",
    );
  },
});

export const prosodyListensInside = defineHostRule({
  id: "prosody-listens-inside",
  what: "Prosody listens on the host's private addresses for bridges and on loopback for nginx, and nowhere else",
  why: "Whoever reaches one of its other ports could see or control rooms.",
  norms: ["BIO2 8.20.02"],
  needs,
  check: (host, blueprint) => {
    const { path, first, is } = read(host);
    const own = addressesOfRole(blueprint, "control");
    const inner = ["127.0.0.1", "::1"];
    const within = (key: string, allowed: readonly string[]) => {
      const got = luaWords(first(key) ?? "");
      const wrong = got.filter((address) => !allowed.includes(address));
      return got.length === 0
        ? `${key}: missing, so it listens everywhere`
        : wrong.map((address) => `${key}: got ${address}, allowed: ${allowed.join(", ")}`);
    };
    return inFile(
      path,
      within("c2s_interfaces", [...own, ...inner]),
      within("http_interfaces", inner),
      is("https_ports", "{}"),
      first("interfaces") !== undefined && `interfaces: got ${first("interfaces")}, allowed: none`,
    );
  },
});

export const prosodyHostsAreGated = defineHostRule({
  id: "prosody-hosts-are-gated",
  what: "every XMPP domain of Prosody has its part of the gate, and only the gate switches on the domains that people use",
  why: "A domain without the gate lets in everybody who guesses a room's name.",
  norms: ["ISO 27002 8.3", "ISO 27002 8.5"],
  needs,
  check: (host) => {
    const { path, text } = read(host);
    const hosts = hostsOf(text);
    return inFile(
      path,
      hosts.length === 0 && "has no hosts",
      hosts.flatMap(({ kind, name, block }) => {
        const gate = luaWords(luaSettings(block, "gate")[0] ?? "")[0];
        const isInner = gate === "auth" || gate === "internal";
        const modules = luaSettings(block, "modules_enabled").flatMap(luaWords);
        const isAnonymous = luaSettings(block, "authentication").includes('"anonymous"');
        return [
          ...(gate === undefined ? [`${name}: names no part of the gate`] : []),
          ...(!isInner && luaSettings(block, "enabled")[0] !== "false"
            ? [`${name}: comes up without the gate (enabled isn't false)`]
            : []),
          ...(kind === "VirtualHost" && !modules.includes("gate_handshake")
            ? [`${name}: lacks gate_handshake`]
            : []),
          ...(kind === "VirtualHost" && !modules.includes("gate_stanzas")
            ? [`${name}: lacks gate_stanzas`]
            : []),
          ...(isAnonymous && gate !== "domain"
            ? [`${name}: lets in without a name, and isn't behind the gate`]
            : []),
        ];
      }),
    );
  },
});

export const prosodyRoomsAreClosed = defineHostRule({
  id: "prosody-rooms-are-closed",
  what: "rooms are in no list, keep no history, leave no trace, and live in memory",
  why: "A list of rooms is a list of who meets, and a history is what they said.",
  norms: ["BIO2 5.33.01", "ISO 27002 8.10"],
  needs,
  check: (host) => {
    const { path, text, is } = read(host);
    const rooms = hostsOf(text).filter(({ plugin }) => plugin === "muc");
    return inFile(
      path,
      is("default_storage", '"memory"'),
      rooms.length === 0 && "has no rooms",
      rooms.flatMap(({ name, block }) => {
        const must = (key: string, allowed: string) => {
          const [got] = luaSettings(block, key);
          return got === allowed
            ? []
            : [`${name}: ${key}: got ${got ?? "nothing"}, allowed: ${allowed}`];
        };
        const isInner = /gate\s*=\s*"internal"/.test(block);
        return [
          ...must("storage", '"memory"'),
          ...must("muc_room_default_public", "false"),
          ...must("muc_tombstones", "false"),
          ...(isInner ? [] : must("muc_room_allow_public", "false")),
          ...(isInner ? [] : must("muc_room_default_history_length", "0")),
          ...(/gate\s*=\s*"conference"/.test(block)
            ? must("muc_room_default_members_only", "true")
            : []),
        ];
      }),
    );
  },
});

export const prosodyTlsIsStrong = defineHostRule({
  id: "prosody-tls-is-strong",
  what: "Prosody speaks TLS 1.2 and newer, with strong ciphers that it chooses, without tickets and renegotiation",
  why: "Bridges carry the signalling of every meeting over it.",
  norms: ["BIO2 8.24.04", "NCSC-NL TLS 2025-05"],
  needs,
  check: (host) => {
    const { path, text } = read(host);
    const [protocol, ciphers] = ["protocol", "ciphers"].map((key) => luaSettings(text, key)[0]);
    const weak = (ciphers ?? "")
      .replaceAll('"', "")
      .split(":")
      .filter((one) => !STRONG_CIPHERS.includes(one));
    return inFile(
      path,
      unless(
        ['"tlsv1_2+"', '"tlsv1_3"'].includes(protocol ?? ""),
        "protocol",
        protocol,
        '"tlsv1_2+"',
      ),
      ciphers === undefined ? "ciphers: missing" : weak.map((one) => `ciphers: ${one}`),
      ["no_ticket", "no_renegotiation", "no_compression", "cipher_server_preference"]
        .filter((key) => luaSettings(text, key)[0]?.replace(/[;,]$/, "") !== "true")
        .map((key) => `${key} isn't true`),
    );
  },
});

export const prosodyLogsNoNames = defineHostRule({
  id: "prosody-logs-no-names",
  what: "Prosody logs to the journal at info or worse, through the gate that takes names out, and to no file",
  why: "At debug it writes down every room and everybody in it.",
  norms: ["BIO2 8.15.02", "BIO2 5.33.01"],
  needs,
  check: (host) => {
    const { path, text, general, first } = read(host);
    const log = first("log") ?? "";
    const global = luaSettings(general, "modules_enabled").flatMap(luaWords);
    return together([
      inFile(
        path,
        unless(
          /^\{[^}]*"\*syslog"[^}]*\}$/.test(log),
          "log",
          log || undefined,
          '{ info = "*syslog" }',
        ),
        /debug/.test(log) && "log: debug",
        !global.includes("gate_log") && "modules_enabled: lacks gate_log",
        /"\/var\/log\//.test(text) && "log: writes to a file of its own",
      ),
      ...filesLike(host, /^\/etc\/prosody\/conf\.(d|avail)\//).map((file) =>
        inFile(file.path, "a second file of Prosody's configuration"),
      ),
    ]);
  },
});
