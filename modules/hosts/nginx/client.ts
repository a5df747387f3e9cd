import { LENGTH } from "../../meetings/rooms/index.ts";
import { type Blueprint, hostsWith, PORTS } from "../../planning/blueprint/index.ts";
import { channelAddress } from "../bridge/index.ts";
import { CA_FILE } from "../host/index.ts";
import { unpacked } from "../jitsi/index.ts";
import { SUITES_12 } from "../tls/index.ts";
import { OWN_INCLUDES } from "./meeting-page.ts";
import { WEB_ROOT } from "./page.ts";

/** Where the page of a meeting is served from within, whatever meeting it is. */
export const MEETING = "/meeting.html";

/** Parts that the page takes in, and nobody can ask for. */
const PARTS = ["base", "fonts", "plugin\\.head"] as const;

/** Folders of the client. A file that isn't there is refused like everything else. */
const FOLDERS = ["css", "fonts", "images", "lang", "libs", "sounds", "static"] as const;

/**
 * The meeting page's policy, seen to hold with jitsi-meet of 2026-07-08 (pre-join, three people, lobby, noise
 * suppression, blur). Scripts that stand in the page carry a nonce that is new with each request. Styles can't be held
 * so: the client's libraries write them while it runs.
 */
const MEETING_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval' 'nonce-$request_id'",
  "style-src 'self' 'unsafe-inline'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "media-src 'self'",
  "worker-src 'self' blob:",
  "manifest-src 'self'",
  "frame-src 'none'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join("; ");

/**
 * The web client's files, and the page under each name that a meeting could have.
 *
 * @param headers those of every page, as lines that a policy is given to
 */
export function clientLocations(
  blueprint: Blueprint,
  headers: (policy: string) => readonly string[],
): string[] {
  const root = `${unpacked(blueprint, "jitsi-meet-web").folder}/usr/share/jitsi-meet`;
  return [
    "  # One page for every name of that form, whether there is such a meeting or not.",
    `  location ~ "^/[0-9a-z]{${LENGTH}}$" {`,
    `    rewrite ^ ${MEETING} last;`,
    "  }",
    `  location = ${MEETING} {`,
    "    internal;",
    `    alias ${root}/index.html;`,
    "    # All of them again: a place with one of its own has no others.",
    ...headers(MEETING_POLICY).map((line) => `  ${line}`),
    "    ssi on;",
    "    ssi_silent_errors on;",
    "    sub_filter '<script>' '<script nonce=\"$request_id\">';",
    "    sub_filter_once off;",
    "  }",
    `  location ~ ^/(${PARTS.join("|")})\\.html$ {`,
    "    internal;",
    `    root ${root};`,
    "  }",
    ...[...OWN_INCLUDES.map((name) => `${name}.html`), "config.js", "interface_config.js"].flatMap(
      (name) => [`  location = /${name} {`, "    internal;", `    root ${WEB_ROOT};`, "  }"],
    ),
    ...["address.js", "meeting.js", "invitation.js", "meeting.css", "branding.json"].flatMap(
      (name) => [`  location = /${name} {`, `    root ${WEB_ROOT};`, "  }"],
    ),
    ...["webrtcUnsupported", "recommendedBrowsers"].flatMap((name) => [
      `  location = /static/${name}.html {`,
      `    root ${WEB_ROOT};`,
      "    try_files /unsupported.html =404;",
      "  }",
    ]),
    `  location ~ ^/(${FOLDERS.join("|")})/ {`,
    `    root ${root};`,
    "    # Files alone: a folder isn't there, whether it is named with a slash or without.",
    "    try_files $uri =404;",
    "    # Text that nobody can change: nothing secret stands beside what somebody else chose.",
    "    gzip on;",
    "    gzip_types text/css text/javascript application/json application/wasm image/svg+xml;",
    "  }",
    ...["manifest.json", "pwa-worker.js"].flatMap((name) => [
      `  location = /${name} {`,
      `    root ${root};`,
      "  }",
    ]),
  ];
}

/**
 * A client's channel to its bridge, on which it says which videos it wants to see. The bridge knows the client by a
 * password in the address; the web server only passes it on, over TLS by the instance's CA. A browser comes to any
 * control host, so each knows the bridges of all shards.
 */
export const channelLocations = (blueprint: Blueprint): string[] =>
  hostsWith(blueprint, "bridge").flatMap((bridge) => [
    `  location ^~ /colibri-ws/${bridge.id}/ {`,
    "    if ($polder_websocket = 0) {",
    "      return 404;",
    "    }",
    `    proxy_pass https://${channelAddress(bridge)}:${PORTS.channel};`,
    "    proxy_ssl_verify on;",
    `    proxy_ssl_trusted_certificate ${CA_FILE};`,
    `    proxy_ssl_name ${bridge.name};`,
    "    proxy_ssl_server_name on;",
    "    # The bridge's own web server (Jetty, as Jitsi sets it up) speaks no TLS 1.3 (seen 2026-11-28).",
    "    proxy_ssl_protocols TLSv1.2 TLSv1.3;",
    `    proxy_ssl_ciphers ${SUITES_12.join(":")};`,
    "    proxy_http_version 1.1;",
    "    proxy_set_header Upgrade $http_upgrade;",
    '    proxy_set_header Connection "upgrade";',
    `    proxy_set_header Host ${bridge.name};`,
    "    proxy_intercept_errors on;",
    "    proxy_connect_timeout 5s;",
    "    # The bridge sends a sign of life each 15 s.",
    "    proxy_read_timeout 60s;",
    "    proxy_send_timeout 60s;",
    "    tcp_nodelay on;",
    "  }",
  ]);
