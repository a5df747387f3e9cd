import { type Blueprint, type Host, PORTS } from "../../planning/blueprint/index.ts";
import { channelLocations, clientLocations } from "./client.ts";
import { SOCKET } from "./config.ts";
import { limitsOf } from "./limits.ts";
import { logoPlace, WEB_ROOT } from "./page.ts";
import { fromOtherShards, otherShards, shardMaps, toItsShard } from "./shards.ts";

export const CERTIFICATE = "/etc/nginx/tls/web.crt";
export const KEY = "/etc/nginx/tls/web.key";

/** Permissions that a meeting can't do without. */
const MEETING_NEEDS = ["autoplay", "camera", "display-capture", "fullscreen", "microphone"];

/** Permissions that no page of ours needs. */
const OFF = [
  "accelerometer",
  "encrypted-media",
  "geolocation",
  "gyroscope",
  "magnetometer",
  "midi",
  "payment",
  "usb",
  "xr-spatial-tracking",
];

/** Camera and microphone only where Jitsi's client is there to use them, for this site alone. */
const permissions = ({ jitsi }: Blueprint): string =>
  [
    ...MEETING_NEEDS.map((name) => `${name}=(${jitsi ? "self" : ""})`),
    ...OFF.map((name) => `${name}=()`),
  ].join(", ");

/**
 * Headers of every answer over TLS. HSTS: one year (Forum Standaardisatie, internet.nl: at least
 * 31536000). The policy of a page of ours has what internet.nl asks for: default-src none, base-uri, form-action,
 * frame-src, frame-ancestors, nothing inline.
 */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-src 'none'; frame-ancestors 'none'";

/** A logo that somebody opens by itself is a page: nothing in it may run, load or ask. */
const PICTURE = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";

const headers = (
  blueprint: Blueprint,
  policy = POLICY,
): readonly (readonly [name: string, value: string])[] => [
  ["Strict-Transport-Security", "max-age=31536000; includeSubDomains"],
  ["Content-Security-Policy", policy],
  ["X-Content-Type-Options", "nosniff"],
  ["X-Frame-Options", "DENY"],
  ["Referrer-Policy", "no-referrer"],
  ["Permissions-Policy", permissions(blueprint)],
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["Cross-Origin-Embedder-Policy", "require-corp"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["X-Robots-Tag", "noindex, nofollow"],
  ["Cache-Control", "no-store"],
];

/** Every refusal is the same answer, of one size, whatever was asked: see the error page's own test. */
const REFUSALS = [
  "  error_page 400 401 403 404 405 408 411 412 413 414 415 416 421 429 494 495 496 497",
  "             500 501 502 503 504 505 507 /refused.html;",
  "  location = /refused.html {",
  "    internal;",
  `    root ${WEB_ROOT};`,
  "  }",
];

const listen = (port: number, what: string): string[] => [
  `  listen ${port}${what};`,
  `  listen [::]:${port}${what};`,
];

const file = (place: string, path: string, headers: readonly string[] = []): string[] => [
  `  location = ${place} {`,
  `    root ${WEB_ROOT};`,
  ...headers.map((line) => `  ${line}`),
  `    try_files ${path} =404;`,
  "  }",
];

/**
 * What a connection to Prosody needs, directly or by another control host. Silence of two minutes ends it: clients ping
 * each 10 s (lib-jitsi-meet, modules/xmpp/strophe.ping.ts), so only the dead are cut off.
 *
 * @param address of the person
 */
const passed = (domain: string, address: string): string[] => [
  "    proxy_http_version 1.1;",
  "    proxy_set_header Upgrade $http_upgrade;",
  '    proxy_set_header Connection "upgrade";',
  `    proxy_set_header Host ${domain};`,
  `    proxy_set_header X-Forwarded-For ${address};`,
  "    proxy_intercept_errors on;",
  "    proxy_connect_timeout 5s;",
  "    proxy_read_timeout 120s;",
  "    proxy_send_timeout 120s;",
  "    tcp_nodelay on;",
];

const toProsody = (domain: string, address: string): string[] => [
  "    proxy_pass http://127.0.0.1:5280;",
  ...passed(domain, address),
];

function signalling(blueprint: Blueprint, host: Host, handshakesPerSecond: number): string[] {
  const { domain } = blueprint;
  const limit = `    limit_req zone=handshakes burst=${handshakesPerSecond} nodelay;`;
  return [
    `  location = ${SOCKET} {`,
    limit,
    "    if ($polder_signalling = 0) {",
    "      return 404;",
    "    }",
    ...toItsShard(blueprint, host),
    ...toProsody(domain, "$remote_addr"),
    "  }",
    ...otherShards(blueprint, host, SOCKET, [limit], (address) => passed(domain, address)),
  ];
}

/** Before anything answers: whatever does first discards a body, and waits for it. */
const NO_BODY = ["  if ($polder_body) {", "    return 444;", "  }"];

const headerLines = (blueprint: Blueprint, policy?: string): string[] =>
  headers(blueprint, policy).map(([name, value]) => `  add_header ${name} "${value}" always;`);

/** The one site, and what answers to any other name: nothing. */
export function site(blueprint: Blueprint, host: Host): string[] {
  const { domain } = blueprint;
  const logo = logoPlace(blueprint);
  const { burst, connections, handshakesPerSecond } = limitsOf(blueprint);
  return [
    ...shardMaps(blueprint, host),
    `# A name that isn't ours: no answer on port 80, no handshake on ${PORTS.https}. Scanners learn no name here.`,
    "server {",
    ...listen(80, " default_server"),
    "  server_name _;",
    ...REFUSALS,
    "  location / {",
    "    return 444;",
    "  }",
    "}",
    "server {",
    ...listen(PORTS.https, " ssl default_server"),
    "  server_name _;",
    "  ssl_reject_handshake on;",
    ...REFUSALS,
    "  location / {",
    "    return 444;",
    "  }",
    "}",
    "",
    "server {",
    ...listen(80, ""),
    `  server_name ${domain};`,
    ...REFUSALS,
    ...NO_BODY,
    "  # No limits: nginx answers `return` before it asks them, and nothing is cheaper to answer.",
    "  location / {",
    `    return 301 https://${domain}$request_uri;`,
    "  }",
    "}",
    "",
    "server {",
    ...listen(PORTS.https, " ssl"),
    `  server_name ${domain};`,
    `  ssl_certificate ${CERTIFICATE};`,
    `  ssl_certificate_key ${KEY};`,
    `  limit_conn connections ${connections};`,
    `  limit_req zone=requests burst=${burst} nodelay;`,
    ...headerLines(blueprint),
    ...REFUSALS,
    "  if ($request_method !~ ^(GET|HEAD)$) {",
    "    return 405;",
    "  }",
    ...NO_BODY,
    "",
    "  # What is served, and nothing else.",
    ...file("/", "/index.html"),
    ...file("/style.css", "/style.css"),
    ...["/name.js", "/page.js"].flatMap((place) => file(place, place)),
    ...(logo ? file(logo, logo, headerLines(blueprint, PICTURE)) : []),
    ...file("/robots.txt", "/robots.txt"),
    ...file("/.well-known/security.txt", "/security.txt"),
    ...signalling(blueprint, host, handshakesPerSecond),
    ...(blueprint.jitsi
      ? [
          ...clientLocations(blueprint, (policy) => headerLines(blueprint, policy)),
          ...channelLocations(blueprint),
        ]
      : []),
    "  location / {",
    "    return 404;",
    "  }",
    "}",
    ...fromOtherShards(blueprint, SOCKET, [...REFUSALS, ...NO_BODY], (address) =>
      toProsody(domain, address),
    ),
  ];
}
