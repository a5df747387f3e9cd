import type { RenderedHost } from "../types.ts";
import { allBelow, type Directive, fileAt, filesLike, nginxDirectives } from "./files.ts";
import { defineHostRule, inFile, type Looked, together, unless } from "./rule.ts";
import { STRONG_CIPHERS, STRONG_GROUPS, STRONG_SUITES } from "./tls.ts";

const needs = ["control"] as const;

/** The host's own, for TLS between hosts; its key has a copy for each program that shows it. */
const HOST_CERTIFICATE = "/etc/polder/tls/host.crt";

interface Read {
  readonly path: string;
  readonly top: readonly Directive[];
  readonly all: readonly Directive[];
  /** `server` blocks with whether they end TLS, and for which names. */
  readonly servers: readonly {
    inner: readonly Directive[];
    tls: boolean;
    name: string;
    isDefault: boolean;
  }[];
}

const read = (host: Parameters<typeof filesLike>[0]): Read[] =>
  filesLike(host, /^\/etc\/nginx\/.*\.conf$/).map(({ path, content }) => {
    const top = nginxDirectives(content);
    const all = allBelow(top);
    const servers = all
      .filter(({ name, inner }) => name === "server" && inner.length > 0)
      .map(({ inner }) => {
        const listens = inner.filter(({ name }) => name === "listen").map(({ words }) => words);
        return {
          inner,
          tls: listens.some((words) => words.includes("ssl") || words.includes("quic")),
          name: inner.find(({ name }) => name === "server_name")?.words.join(" ") ?? "",
          isDefault: listens.some((words) => words.includes("default_server")),
        };
      });
    return { path, top, all, servers };
  });

const each = (host: Parameters<typeof filesLike>[0], check: (one: Read) => Looked): Looked =>
  together(read(host).map(check));

const wordsOf = ({ all }: Read, name: string): readonly (readonly string[])[] =>
  all.filter((one) => one.name === name).map(({ words }) => words);

export const webTlsIsStrong = defineHostRule({
  id: "web-tls-is-strong",
  what: "nginx speaks TLS 1.2 and 1.3 with strong ciphers, groups and hybrid key exchange, and resumes no session",
  why: "A session ticket's key undoes forward secrecy, and by a session id a person can be followed.",
  norms: ["BIO2 8.24.04", "NCSC-NL TLS 2025-05"],
  needs,
  check: (host) =>
    each(host, (one) => {
      const value = (name: string) => wordsOf(one, name);
      const onlyOff = (name: string) =>
        value(name)
          .filter(([word]) => word !== "off")
          .map((words) => `${name}: got ${words.join(" ")}, allowed: off`);
      const missing = (...list: readonly string[]) =>
        one.path.endsWith("/nginx.conf")
          ? list.filter((name) => value(name).length === 0).map((name) => `${name}: missing`)
          : [];
      const listed = (name: string, allowed: readonly string[]) =>
        value(name)
          .flatMap(([word = ""]) => word.split(":"))
          .filter((word) => !allowed.some((good) => good.toLowerCase() === word.toLowerCase()))
          .map((word) => `${name}: ${word}`);
      return inFile(
        one.path,
        missing("ssl_protocols", "ssl_ciphers", "ssl_ecdh_curve", "ssl_session_tickets"),
        value("ssl_protocols")
          .flat()
          .filter((word) => !["TLSv1.2", "TLSv1.3"].includes(word))
          .map((word) => `ssl_protocols: ${word}`),
        listed("ssl_ciphers", STRONG_CIPHERS),
        listed("ssl_ecdh_curve", STRONG_GROUPS),
        value("ssl_conf_command")
          .filter(([key]) => key === "Ciphersuites")
          .flatMap(([, list = ""]) => list.split(":"))
          .filter((word) => !STRONG_SUITES.includes(word))
          .map((word) => `Ciphersuites: ${word}`),
        onlyOff("ssl_session_tickets"),
        onlyOff("ssl_session_cache"),
        onlyOff("ssl_early_data"),
      );
    }),
});

const NONE = ["'none'"];
const OWN = ["'none'", "'self'"];

/**
 * What a page may load and do, and from where: what Jitsi's client needs. No other host is among it, no text that
 * becomes code, and a script in the page only by a nonce that is new with each request.
 */
const MAY: Readonly<Record<string, readonly string[]>> = {
  "default-src": NONE,
  "script-src": [...OWN, "'wasm-unsafe-eval'", "'nonce-$request_id'"],
  "style-src": [...OWN, "'unsafe-inline'"],
  "connect-src": OWN,
  "img-src": [...OWN, "data:"],
  "font-src": OWN,
  "media-src": OWN,
  "worker-src": [...OWN, "blob:"],
  "manifest-src": OWN,
  "frame-src": NONE,
  "object-src": NONE,
  "base-uri": OWN,
  "form-action": NONE,
  "frame-ancestors": NONE,
  sandbox: [],
};

/** Without these in a Content-Security-Policy everybody may, whatever else it says. */
const MUST = ["default-src", "frame-ancestors"];
/** The same, but where nothing runs and no form is sent. */
const MUST_OUTSIDE_A_SANDBOX = ["base-uri", "form-action"];

/** What a Content-Security-Policy allows beyond what a page of ours needs. */
function allowedBeyond(policy: string): string[] {
  const directives = policy
    .split(";")
    .map((one) => one.trim().split(/\s+/))
    .filter(([name]) => name);
  const has = (name: string) => directives.some(([own]) => own === name);
  const must = [...MUST, ...(has("sandbox") ? [] : MUST_OUTSIDE_A_SANDBOX)];
  return [
    ...must.filter((name) => !has(name)).map((name) => `${name} is missing`),
    ...directives.flatMap(([name = "", ...words]) => {
      const may = MAY[name];
      if (!may) return [`${name}: allowed: ${Object.keys(MAY).join(", ")}`];
      return words
        .filter((word) => !may.includes(word))
        .map((word) => `${name}: got ${word}, allowed: ${may.join(" ") || "no word"}`);
    }),
  ];
}

const matches = (pattern: RegExp) => (value: string) =>
  pattern.test(value) ? [] : [`got "${value}"`];

/** What every page must say, and what is wrong with a value. */
const HEADERS: Readonly<Record<string, (value: string) => readonly string[]>> = {
  "Strict-Transport-Security": matches(
    /max-age=(3153[6-9]\d{3}|315[4-9]\d{4}|31[6-9]\d{5}|3[2-9]\d{6}|[4-9]\d{7}|\d{9,})/,
  ),
  "Content-Security-Policy": allowedBeyond,
  "X-Content-Type-Options": matches(/^nosniff$/),
  "Referrer-Policy": matches(/^(no-referrer|same-origin)$/),
  "X-Frame-Options": matches(/^DENY$/),
};

export const pagesSendTheirHeaders = defineHostRule({
  id: "pages-send-their-headers",
  what: "every page is sent with HSTS of a year, a policy by which it loads and asks nobody but its own server, runs no text as code and stands in no frame, and no referrer",
  why: "A crafted link sets most of what Jitsi's client does, and this policy holds all the same; a referrer carries a meeting's address to whoever is linked; a frame makes people click what they don't see.",
  norms: ["BIO2 5.14.01"],
  needs,
  check: (host) =>
    each(host, ({ path, servers }) =>
      inFile(
        path,
        servers
          .filter(({ tls, name, inner }) => tls && name !== "_" && name !== "" && !isMutual(inner))
          .flatMap(({ inner, name }) => {
            const headers = inner.filter((one) => one.name === "add_header");
            const weaker = inner.flatMap((place) =>
              place.name === "location" && place.inner.some((one) => one.name === "add_header")
                ? Object.entries(HEADERS).flatMap(([key, wrong]) => {
                    const own = place.inner.find(
                      (one) => one.name === "add_header" && one.words[0] === key,
                    );
                    const where = `location ${place.words.join(" ")}`;
                    if (!own) return [`${where}: its own add_header drops ${key}`];
                    return wrong(own.words[1] ?? "").map((text) => `${where}: ${key}: ${text}`);
                  })
                : [],
            );
            return [
              ...Object.entries(HEADERS).flatMap(([key, wrong]) => {
                const found = headers.find(({ words }) => words[0] === key);
                if (!found) return [`${name}: ${key} is missing`];
                return [
                  ...wrong(found.words[1] ?? "").map((text) => `${name}: ${key}: ${text}`),
                  ...(found.words.includes("always")
                    ? []
                    : [`${name}: ${key}: not with errors (always)`]),
                ];
              }),
              ...weaker,
            ];
          }),
      ),
    ),
});

/** A server that takes only hosts with a certificate of the instance: no browser comes there. */
const isMutual = (inner: readonly Directive[]): boolean =>
  inner.some(({ name, words }) => name === "ssl_verify_client" && words[0] === "on");

export const webAnswersItsNameAlone = defineHostRule({
  id: "web-answers-its-name-alone",
  what: "another name than the instance's gets no page and no certificate, and plain HTTP only sends on to HTTPS",
  why: "Otherwise somebody who scans addresses learns to whom the server belongs, and a foreign domain that somebody points to it gets its pages.",
  norms: ["BIO2 5.14.01", "BIO2 8.20.02"],
  needs,
  check: (host, { domain }) => {
    const files = read(host);
    const servers = files.flatMap(({ path, servers: list }) =>
      list.map((one) => ({ path, ...one })),
    );
    if (!host.roles.includes("control")) return inFile(undefined);
    const refuses = (inner: readonly Directive[]) =>
      allBelow(inner).some(
        ({ name, words }) =>
          (name === "return" && words[0] === "444") ||
          (name === "ssl_reject_handshake" && words[0] === "on"),
      );
    const path = files[0]?.path;
    return inFile(
      path,
      ([true, false] as const).flatMap((tls) => {
        const found = servers.find((one) => one.isDefault && one.tls === tls);
        const what = tls ? "443" : "80";
        if (!found) return [`no default_server on ${what}: the first server answers every name`];
        return refuses(found.inner) ? [] : [`default_server on ${what} answers every name`];
      }),
      servers
        .filter(
          ({ name, inner }) =>
            name !== "_" &&
            !isMutual(inner) &&
            !name.split(" ").every((one) => one === domain || one.endsWith(`.${domain}`)),
        )
        .map(({ name }) => `server_name: got "${name}", allowed: ${domain} and names below it`),
      servers
        .filter(({ tls, isDefault }) => !tls && !isDefault)
        .filter(
          ({ inner }) =>
            !allBelow(inner).some(
              ({ name, words }) =>
                name === "return" && words[0] === "301" && words[1]?.startsWith("https://"),
            ),
        )
        .map(({ name }) => `${name} on port 80 serves instead of sending on`),
    );
  },
});

export const webPassesOnInside = defineHostRule({
  id: "web-passes-on-inside",
  what: "nginx passes requests on to this host, or by verified TLS to a bridge or to another control host's signalling, lists no folder, follows no alias, and doesn't say its version",
  why: "A proxy that leads elsewhere brings anybody into the private network.",
  norms: ["BIO2 8.20.02", "ISO 27002 8.9"],
  needs,
  check: (host, { hosts }) =>
    each(host, (one) => {
      const at = (role: RenderedHost["role"], port: number, path = "") =>
        hosts
          .filter(({ id, roles }) => roles.includes(role) && id !== host.host)
          .map(({ ipv4 }) => `https://${ipv4}:${port}${path}`);
      const inner = [...at("bridge", 9090), ...at("control", 5443, "/xmpp-websocket")];
      const verified = one.all
        .filter(
          ({ name, inner }) =>
            name === "location" &&
            inner.some((it) => it.name === "proxy_ssl_verify" && it.words[0] === "on"),
        )
        .flatMap(({ inner }) => inner.filter(({ name }) => name === "proxy_pass"))
        .map(({ words }) => words[0] ?? "")
        .filter((to) => inner.includes(to));
      const own =
        /^(https?|grpcs?):\/\/(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?(\/|$)|^https?:\/\/unix:/;
      const upstreams = one.all.filter(({ name }) => name === "upstream");
      const named = upstreams.flatMap(({ words }) => words);
      return inFile(
        one.path,
        ["proxy_pass", "grpc_pass", "fastcgi_pass", "uwsgi_pass"]
          .flatMap((name) => wordsOf(one, name))
          .map(([to = ""]) => to)
          .filter(
            (to) =>
              !own.test(to) &&
              !verified.includes(to) &&
              !named.some((name) => to.includes(`//${name}`)),
          )
          .map(
            (to) =>
              `passes on to ${to}, allowed: this host, or a bridge or control host whose certificate is verified`,
          ),
        upstreams
          .flatMap(({ inner }) => inner.filter(({ name }) => name === "server"))
          .map(({ words }) => words[0] ?? "")
          .filter((to) => !/^(127\.0\.0\.1|\[::1\]|unix:)/.test(to))
          .map((to) => `upstream: ${to}, allowed: this host`),
        wordsOf(one, "autoindex")
          .filter(([word]) => word !== "off")
          .map(() => "autoindex lists folders"),
        ["stub_status", "dav_methods", "perl", "xslt_stylesheet"]
          .filter((name) => wordsOf(one, name).length > 0)
          .map((name) => `${name}: not allowed`),
        wordsOf(one, "resolver").map(([to]) => `resolver ${to}: names of others are looked up`),
        one.path.endsWith("/nginx.conf") &&
          wordsOf(one, "server_tokens")[0]?.[0] !== "off" &&
          "server_tokens isn't off",
        one.top
          .filter(({ name }) => name === "load_module" || name === "user")
          .map(({ name, words }) => `${name} ${words.join(" ")}: not allowed`),
      );
    }),
});

export const webIsBounded = defineHostRule({
  id: "web-is-bounded",
  what: "every server that people reach bounds requests and connections of one network, bodies, headers and time",
  why: "A flood of one address must not keep people out of their meeting.",
  norms: ["BIO2 8.21.01"],
  needs,
  check: (host) => {
    if (!host.roles.includes("control")) return inFile(undefined);
    return each(host, (one) => {
      const isMain = one.path.endsWith("/nginx.conf");
      return inFile(
        one.path,
        isMain &&
          [
            "client_header_timeout",
            "client_body_timeout",
            "send_timeout",
            "client_max_body_size",
            "limit_req_zone",
            "limit_conn_zone",
          ]
            .filter((name) => wordsOf(one, name).length === 0)
            .map((name) => `${name}: missing`),
        one.servers
          .filter(({ tls, name }) => tls && name !== "_" && name !== "")
          .flatMap(({ inner, name }) =>
            ["limit_req", "limit_conn"]
              .filter((limit) => !inner.some((directive) => directive.name === limit))
              .map((limit) => `${name}: ${limit} is missing`),
          ),
      );
    });
  },
});

export const findersReachTheContact = defineHostRule({
  id: "finders-reach-the-contact",
  what: "security.txt names the instance file's contact, has an expiry date, and names the instance's own domain",
  why: "Whoever finds a weakness must know whom to tell.",
  norms: ["BIO2 5.24.08", "RFC 9116"],
  needs,
  check: (host, { securityContact, domain }) => {
    const [file] = filesLike(host, /\/security\.txt$/);
    const text = file?.content ?? "";
    const value = (key: string) => new RegExp(`^${key}:\\s*(.+)$`, "m").exec(text)?.[1];
    return inFile(
      file?.path,
      unless(value("Contact") === securityContact, "Contact", value("Contact"), securityContact),
      value("Expires") === undefined && "Expires: missing",
      unless(
        value("Canonical") === `https://${domain}/.well-known/security.txt`,
        "Canonical",
        value("Canonical"),
        `https://${domain}/.well-known/security.txt`,
      ),
    );
  },
});

export const keyIsTheServices = defineHostRule({
  id: "key-is-the-services",
  what: "the web server's key can be read by its own group alone, and the certificate is beside it",
  why: "Whoever has the key can pose as the ministry to every browser.",
  norms: ["ISO 27002 8.24"],
  needs,
  check: (host) => {
    const keys = filesLike(host, /^\/etc\/(nginx|prosody|coturn)\/(tls\/)?.*\.key$/);
    const service = (path: string) =>
      ({ nginx: "www-data", prosody: "prosody", coturn: "turnserver" })[path.split("/")[2] ?? ""] ??
      "";
    return together(
      keys.map(({ path, group, mode }) =>
        inFile(
          path,
          unless(group === service(path), "group", group, service(path)),
          unless(mode === "0640", "mode", mode, "0640"),
          path.startsWith("/etc/nginx") &&
            host.roles.includes("control") &&
            !fileAt(
              host,
              path === "/etc/nginx/tls/host.key"
                ? HOST_CERTIFICATE
                : path.replace(/\.key$/, ".crt"),
            ) &&
            "its certificate is missing",
        ),
      ),
    );
  },
});
