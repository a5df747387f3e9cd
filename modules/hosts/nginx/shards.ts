import { LENGTH, shardOf, shareOfShard } from "../../meetings/rooms/index.ts";
import { type Blueprint, type Host, hostsWith, PORTS } from "../../planning/blueprint/index.ts";
import { CA_FILE, HOST_CERTIFICATE } from "../host/index.ts";
import { forHosts, HOST_KEY, hostsByCertificate } from "./mutual.ts";

/** The control hosts of all shards, in order; a meeting is at one of them. */
export const controlHosts = (blueprint: Pick<Blueprint, "hosts">): Host[] =>
  hostsWith(blueprint, "control").toSorted((a, b) => a.shard - b.shard);

export const hasShards = (blueprint: Pick<Blueprint, "hosts">): boolean =>
  controlHosts(blueprint).length > 1;

/** The control host whose shard a meeting of this name is in. */
export function controlOf(blueprint: Pick<Blueprint, "hosts">, room: string): Host {
  const controls = controlHosts(blueprint);
  const control = controls[shardOf(controls.length, room)];
  if (!control) throw new Error("no control host");
  return control;
}

const others = (blueprint: Blueprint, own: Host): Host[] =>
  controlHosts(blueprint).filter(({ id }) => id !== own.id);

/** Where nginx handles signalling for another shard's meetings: no browser can ask for it. */
const place = ({ shard }: Host): string => `/shard-${shard}`;

/** For the context `http`: which shard a meeting is in, and which hosts hand signalling on to this one. */
export function shardMaps(blueprint: Blueprint, own: Host): string[] {
  if (!hasShards(blueprint)) return [];
  const controls = controlHosts(blueprint);
  const share = (shareOfShard(controls.length) / 100).toFixed(2);
  return [
    "# A browser comes to any control host, and its meeting is at one. Which one follows from the meeting's name alone, so that",
    "# all control hosts agree without a table, which somebody could fill. What is no name stays here, and is refused.",
    'split_clients "$arg_room" $polder_part {',
    ...controls.slice(0, -1).map(({ shard }) => `  ${share}% ${shard};`),
    `  * ${controls.at(-1)?.shard};`,
    "}",
    'map "$arg_room" $polder_shard {',
    `  default ${own.shard};`,
    `  "~^[0-9a-z]{${LENGTH}}$" $polder_part;`,
    "}",
    ...hostsByCertificate("$polder_control", others(blueprint, own), ({ id }) => id),
    "",
  ];
}

/** In the place for signalling: to the shard that the meeting is in. */
export const toItsShard = (blueprint: Blueprint, own: Host): string[] =>
  others(blueprint, own).flatMap((other) => [
    `    if ($polder_shard = ${other.shard}) {`,
    `      rewrite ^ ${place(other)} last;`,
    "    }",
  ]);

/**
 * Places of other shards' signalling.
 *
 * @param limits of the place for signalling
 * @param passed what goes with each request that is passed on
 */
export const otherShards = (
  blueprint: Blueprint,
  own: Host,
  socket: string,
  limits: readonly string[],
  passed: (address: string) => readonly string[],
): string[] =>
  others(blueprint, own).flatMap((other) => [
    `  location = ${place(other)} {`,
    "    internal;",
    ...limits,
    `    proxy_pass https://${other.ipv4}:${PORTS.signalling}${socket};`,
    `    proxy_ssl_certificate ${HOST_CERTIFICATE};`,
    `    proxy_ssl_certificate_key ${HOST_KEY};`,
    "    proxy_ssl_verify on;",
    `    proxy_ssl_trusted_certificate ${CA_FILE};`,
    `    proxy_ssl_name ${other.name};`,
    "    proxy_ssl_server_name on;",
    "    proxy_ssl_protocols TLSv1.3;",
    ...passed("$remote_addr"),
    "  }",
  ]);

/** What other control hosts hand on to this one's Prosody: they have limited it, and say whose it is. */
export function fromOtherShards(
  blueprint: Blueprint,
  socket: string,
  refusals: readonly string[],
  toProsody: (address: string) => readonly string[],
): string[] {
  if (!hasShards(blueprint)) return [];
  return [
    "",
    "server {",
    ...forHosts(PORTS.signalling, "$polder_control"),
    "  # Whoever hands it on has written it down.",
    "  access_log off;",
    ...refusals,
    `  location = ${socket} {`,
    ...toProsody("$http_x_forwarded_for"),
    "  }",
    "  location / {",
    "    return 404;",
    "  }",
    "}",
  ];
}
