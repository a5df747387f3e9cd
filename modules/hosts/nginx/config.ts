import type { Blueprint } from "../../planning/blueprint/index.ts";
import { GROUPS, SIGNATURES, SUITES_12, SUITES_13 } from "../tls/index.ts";
import { MEETING } from "./client.ts";
import { CONNECTIONS, HANDSHAKE_SECONDS, limitsOf } from "./limits.ts";
import { hasShards } from "./shards.ts";

export const SITE = "/etc/nginx/polder-site.conf";

/** Where clients do their signalling: XMPP over WebSocket (RFC 7395), as Jitsi's client asks for it. */
export const SOCKET = "/xmpp-websocket";

/** Size-limited places that nginx may write to; all in memory, gone with the service. */
export const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
  (name) => `  ${name}_temp_path /run/nginx/${name};`,
);

/**
 * Access log: who, when (the journal's own time), what kind of place, result. Never a path, query or
 * header: a path is a meeting's name. `$uri` is then the file that answered. Unknown methods are somebody's free text, so they aren't logged.
 */
const log = (blueprint: Blueprint): string[] => [
  "  map $request_method $polder_method {",
  "    default other;",
  "    GET GET;",
  "    HEAD HEAD;",
  "    POST POST;",
  "  }",
  "  map $uri $polder_place {",
  "    default other;",
  "    /index.html page;",
  "    /style.css page;",
  "    /name.js page;",
  "    /page.js page;",
  "    /unsupported.html page;",
  "    /logo.svg page;",
  "    /logo.png page;",
  "    /robots.txt robots;",
  "    /security.txt security.txt;",
  `    ${MEETING} meeting;`,
  "    /address.js client;",
  "    /meeting.js client;",
  "    /invitation.js client;",
  "    /meeting.css client;",
  "    /branding.json client;",
  '    "~^/(libs|css|lang|images|fonts|sounds|static)/" client;',
  '    "~^/colibri-ws/" channel;',
  "    /refused.html refused;",
  `    ${SOCKET} signalling;`,
  ...(hasShards(blueprint) ? ['    "~^/shard-" signalling;'] : []),
  "  }",
  "  log_format polder '$remote_addr $scheme $polder_method $polder_place $status $bytes_sent bytes '",
  "                    '$request_time s $ssl_protocol $ssl_cipher';",
  "  # A hundredth is written down of whom a limit stopped, and of what comes to an end before one is asked: all on port 80,",
  "  # what can't be read, bodies. Else one address could write all that journald takes.",
  '  split_clients "$connection:$msec:$pid" $polder_hundredth {',
  "    1% 1;",
  "    * 0;",
  "  }",
  '  map "$polder_hundredth:$scheme:$status" $polder_logged {',
  "    default 1;",
  '    "~^0:http:" 0;',
  '    "~^0:https:(400|429|444)$" 0;',
  "  }",
  "  access_log syslog:server=unix:/dev/log,nohostname,facility=authpriv,tag=nginx,severity=info polder if=$polder_logged;",
  "  # Whatever it says about a connection quotes the request, and with it a token: not even an alert is written down.",
  "  error_log /dev/null emerg;",
];

/** Nothing here takes a body. Who announces one, and sends it a byte at a time, is refused before anything waits for it. */
const BODY = [
  '  map "$http_transfer_encoding:$http_content_length" $polder_body {',
  "    default 1;",
  "    : 0;",
  "    :0 0;",
  "  }",
];

/** Whether a request asks for a WebSocket. */
const WEBSOCKET = [
  "  map $http_upgrade $polder_websocket {",
  "    default 0;",
  '    "~*^websocket$" 1;',
  "  }",
];

/** A request for signalling: a WebSocket's, with a token. Whatever else comes there is refused here. */
const SIGNALLING = [
  '  map "$http_upgrade:$arg_token" $polder_signalling {',
  "    default 0;",
  '    "~*^websocket:." 1;',
  "  }",
];

/**
 * Who counts as one: an IPv4 address, or the /64 of an IPv6 address, since who has one has all of it (RFC 6177).
 * The gate counts so, too.
 */
const NETWORK = [
  "  map $binary_remote_addr $polder_network {",
  "    default $binary_remote_addr;",
  '    "~(?s)^(?<polder_prefix>.{8}).{8}$" $polder_prefix;',
  "  }",
];

/** The NCSC profile in nginx's words, for the context `http`. */
export const TLS = [
  "  ssl_protocols TLSv1.2 TLSv1.3;",
  `  ssl_ciphers ${SUITES_12.join(":")};`,
  `  ssl_conf_command Ciphersuites ${SUITES_13.join(":")};`,
  `  ssl_conf_command SignatureAlgorithms ${SIGNATURES.join(":")};`,
  `  ssl_ecdh_curve ${GROUPS.join(":")};`,
  "  ssl_prefer_server_ciphers on;",
  "  # No resumption: a ticket's key would undo forward secrecy, and a session id follows a person.",
  "  ssl_session_tickets off;",
  "  ssl_session_cache off;",
  "  ssl_early_data off;",
];

/** Each connection is one; others are for files, logs and the listening sockets. */
export const descriptors = (connections: number): number => connections + 1_024;

/**
 * Process-wide settings: nothing of Debian's, no log line that quotes a request.
 * @param connections that a worker may have open, those to Prosody included
 */
export const processSettings = (connections = CONNECTIONS): string[] => [
  "worker_processes auto;",
  `worker_rlimit_nofile ${descriptors(connections)};`,
  "pid /run/nginx/nginx.pid;",
  "# What it says about itself; below alert, lines may quote a client's address. To the security store.",
  "error_log syslog:server=unix:/dev/log,nohostname,facility=authpriv,tag=nginx alert;",
  "# Without a file, nginx adds Debian's own, which is standard error, from error on.",
  "error_log stderr emerg;",
  "",
  "events {",
  `  worker_connections ${connections};`,
  "}",
];

/** nginx.conf, the whole of it: Debian's own includes folders that any package may put a site into. */
export function nginxConfig(blueprint: Blueprint): string[] {
  const { requestsPerSecond, handshakesPerSecond, ofWorker } = limitsOf(blueprint);
  return [
    ...processSettings(ofWorker),
    "",
    "http {",
    ...log(blueprint),
    ...WEBSOCKET,
    ...SIGNALLING,
    ...BODY,
    ...NETWORK,
    "",
    "  types {",
    "    text/html html;",
    "    text/css css;",
    "    text/javascript js;",
    "    text/plain txt;",
    "    application/json json;",
    "    application/wasm wasm;",
    "    audio/mpeg mp3;",
    "    audio/wav wav;",
    "    font/woff woff;",
    "    font/woff2 woff2;",
    "    image/png png;",
    "    image/svg+xml svg;",
    "    image/x-icon ico;",
    "  }",
    "  default_type text/plain;",
    "  charset utf-8;",
    "  server_tokens off;",
    "  etag off;",
    "  sendfile on;",
    "  gzip off;",
    ...TEMPORARY,
    "",
    "  # Nobody has business waiting. The first is the time for TLS's handshake, and after it for a request's header.",
    `  client_header_timeout ${HANDSHAKE_SECONDS}s;`,
    "  lingering_close off;",
    "  # Also where that is off, a body that is discarded is waited for.",
    "  lingering_time 1s;",
    "  lingering_timeout 1s;",
    "  client_max_body_size 1k;",
    "  client_body_buffer_size 1k;",
    "  client_header_buffer_size 1k;",
    "  large_client_header_buffers 4 8k;",
    "  client_body_timeout 5s;",
    "  send_timeout 10s;",
    "  # Long enough for a page's files, short for who opens connections and asks nothing more.",
    "  keepalive_timeout 5s;",
    "  reset_timedout_connection on;",
    "",
    `  limit_req_zone $polder_network zone=requests:10m rate=${requestsPerSecond}r/s;`,
    `  limit_req_zone $polder_network zone=handshakes:10m rate=${handshakesPerSecond}r/s;`,
    "  limit_conn_zone $polder_network zone=connections:10m;",
    "  limit_req_status 429;",
    "  limit_conn_status 429;",
    "",
    ...TLS,
    "",
    `  include ${SITE};`,
    "}",
  ];
}
