import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { renderHost } from "../../modules/hosts/render/index.ts";
import type { TreeFile } from "../../modules/hosts/tree/index.ts";
import type { Blueprint } from "../../modules/planning/blueprint/index.ts";
import { loadPrograms } from "../../modules/workspace/index.ts";
import { dummySecrets } from "./dummy-secrets.ts";
import { judgeRoot } from "./judge-root.ts";
import { judgeTree } from "./judge-tree.ts";

/** The stranger's address, and somebody else's, in networks that lead to the host by a link of its own. */
export const SOURCES = {
  4: { host: "10.80.9.1", stranger: "198.51.100.7", other: "198.51.100.8" },
  6: { host: "2001:db8:9::1", stranger: "2001:db8:a:1::7", other: "2001:db8:a:2::8" },
} as const;

const results = z.record(z.string(), z.array(z.string()));
const seen = z.object({
  /** What people got before the flood, by how and from where they came. */
  before: results,
  during: results,
  /** Connections that the stranger had opened when people came. */
  opened: z.number(),
  /** Memory of the service's processes while it goes on, MiB. */
  memory: z.number(),
  /** Descriptors that they hold. */
  sockets: z.number(),
  /** What it wrote to the log. */
  log: z.string(),
});
export type Flooded = z.infer<typeof seen>;

/** What starts each service as its unit does: its user, its folders. */
const START = {
  web: "nginx",
  turn: "install -d -o turnserver -m 0700 /run/turnserver; sed -n 's/^ExecStartPre=\\([^-+]\\)/\\1/p' /etc/systemd/system/coturn.service.d/polder.conf >/before; sh -e /before; (ulimit -n 10000; OPENSSL_CONF=/etc/coturn/openssl.cnf exec turnserver -c /etc/turnserver.conf --pidfile=) >/dev/null 2>&1 &",
} as const;

/** A host's own listener's addresses are the plan's; here it has one, on the link that the flood comes by. */
const listensHere = (content: string, address: string): string =>
  content
    .replace(/^(listening-ip|relay-ip)=.*$/gm, `$1=${address}`)
    .replace(/^external-ip=.*$/gm, "");

const LOG = `
import socket, sys
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.bind("/dev/log")
with open("/log", "ab", buffering=0) as file:
    while True:
        file.write(sock.recv(65536) + b"\\n")
`;

export interface Flood {
  readonly blueprint: Blueprint;
  readonly service: "web" | "turn";
  readonly family: 4 | 6;
  /** Connections that the stranger keeps open. */
  readonly count: number;
  /** How long it does before people come. */
  readonly seconds: number;
}

/**
 * A host's real service behind its real packet filter, as rendered, and a flood over a link from a network
 * namespace of its own. @throws Error when one of them doesn't start
 */
export async function flooded(flood: Flood): Promise<Flooded> {
  const { blueprint, service, family } = flood;
  const host = blueprint.hosts.find(
    ({ role }) => role === (service === "web" ? "control" : "turn"),
  );
  if (!host) throw new Error(`no host for ${service}`);
  const { stranger, other, host: address } = SOURCES[family];
  const length = family === 4 ? 24 : 48;
  const network = family === 4 ? "198.51.100.0/24" : "2001:db8:a::/48";
  const ip = `ip -${family}`;
  const client = `nsenter --net=/proc/$client/ns/net`;
  const ask = `python3 /flood.py ${service} ${address} ${blueprint.domain} ${flood.count} ${flood.seconds} ${stranger} ${other}`;
  const command = [
    "set -e",
    "unshare --net sleep 240 & client=$!",
    "sleep 0.2",
    "ip link add service type veth peer name people netns $client",
    `${ip} address add ${address}/${length} dev service${family === 6 ? " nodad" : ""} && ip link set service up`,
    `${client} sh -c 'ip link set lo up; ip link set people up; echo 1024 65535 >/proc/sys/net/ipv4/ip_local_port_range'`,
    ...[stranger, other].map((one) =>
      `${client} ${ip} address add ${one}/128 dev people${family === 6 ? " nodad" : ""}`.replace(
        "/128",
        family === 4 ? "/32" : "/128",
      ),
    ),
    `${client} ${ip} route add ${address} dev people src ${other} && ${ip} route add ${network} dev service`,
    "python3 /log.py & sleep 0.3",
    START[service],
    "sleep 1; nft -f /etc/nftables.conf",
    `echo "$(cat /secret)" | ${client} ${ask} >/seen`,
    "cat /seen; echo '@@@'; cat /log 2>/dev/null || true",
    "kill $client",
  ].join("\n");
  const secrets = dummySecrets();
  const plain = (path: string, content: string): TreeFile => ({
    ...{ path, content, owner: "root", group: "root", mode: "0644" },
  });
  const wanted =
    /^\/(etc\/(nginx|coturn|turnserver|nftables|systemd\/system\/coturn)|usr\/share\/polder|usr\/local\/share|srv|var\/www)/;
  const rendered = renderHost(blueprint, host, loadPrograms()).files.filter(({ path }) =>
    wanted.test(path),
  );
  const files = [
    ...rendered.map((file) => ({
      ...file,
      content: listensHere(
        file.content.replace(/@@secret:([a-z0-9./-]+)@@/g, (_, name: string) =>
          secrets.valueOf(blueprint, name),
        ),
        address,
      ),
    })),
    plain("/etc/hosts", "127.0.0.1 localhost\n"),
    plain("/flood.py", readFileSync(join(import.meta.dirname, "flood.py"), "utf8")),
    plain("/log.py", LOG),
    plain("/secret", secrets.valueOf(blueprint, "turn/shared-secret")),
  ];
  const root = await judgeRoot();
  const [verdict] = await judgeTree(root, files, [
    { id: "flood", reads: /^\/flood\.py$/, command, seconds: 240 },
  ]);
  const output = verdict?.output ?? "";
  const [text = "", log = ""] = output.split("@@@\n");
  if (!verdict?.accepted || !/\{.*\}/.test(text)) throw new Error(JSON.stringify(verdict));
  const line = /^\{.*\}$/m.exec(text)?.[0] ?? "";
  return seen.parse({ ...JSON.parse(line), log });
}
