import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { HostFile } from "../../modules/hosts/configuration/index.ts";
import { renderHost } from "../../modules/hosts/render/index.ts";
import type { Blueprint } from "../../modules/planning/blueprint/index.ts";
import { loadPrograms } from "../../modules/workspace/index.ts";
import { standIns } from "../stand-ins/index.ts";
import { dummySecrets } from "./dummy-secrets.ts";
import { validateFiles } from "./validate-files.ts";
import { validatorRoot } from "./validator-root.ts";

const HOST = { 4: "10.80.9.1", 6: "2001:db8:9::1" } as const;
const ROUTED = ["198.51.100.0/24", "2001:db8:a::/48", "2001:db8:b::/48"];

interface From {
  readonly family: 4 | 6;
  readonly flooding: readonly string[];
  readonly people: Readonly<Record<string, string>>;
}

/** Where a flood comes from, by whose it is, and from where people come meanwhile. */
const FLOODS = {
  address: {
    family: 4,
    flooding: ["198.51.100.7"],
    people: { beside: "198.51.100.7", elsewhere: "198.51.100.8" },
  },
  network: {
    family: 6,
    flooding: ["2001:db8:a:1::7"],
    people: { beside: "2001:db8:a:1::7", elsewhere: "2001:db8:a:2::8" },
  },
  /** A /48: as many networks as its customer likes. */
  site: {
    family: 6,
    flooding: Array.from({ length: 40 }, (_, i) => `2001:db8:a:${(i + 1).toString(16)}::7`),
    people: { elsewhere: "2001:db8:b:1::8", "by IPv4": "198.51.100.8" },
  },
} as const satisfies Record<string, From>;

const results = z.record(z.string(), z.array(z.string()));
const seen = z.object({
  /** What people got before the flood, by how and from where they came. */
  before: results,
  during: results,
  /** Connections that the flood had opened when people came. */
  opened: z.number(),
  /** Memory of the service's processes while it goes on, MiB. */
  memory: z.number(),
  /** Descriptors that they hold. */
  sockets: z.number(),
  /** Packets that the filter rejected, by whose rate was used up: one, site, all. */
  refused: z.record(z.string(), z.number()),
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

const refusedBy = (rules: string): Record<string, number> =>
  Object.fromEntries(
    [...rules.matchAll(/packets (\d+) .* comment "too-many-of-(\w+)"/g)].map(([, packets, of]) => [
      of as string,
      Number(packets),
    ]),
  );

const slowed = (content: string, slower: number): string =>
  content.replace(
    /(rate over|burst) (\d+)/g,
    (_, what: string, rate: string) => `${what} ${Math.ceil(Number(rate) / slower)}`,
  );

export interface Flood {
  readonly blueprint: Blueprint;
  readonly service: "web" | "turn";
  readonly from: keyof typeof FLOODS;
  /** Connections that it keeps open. */
  readonly count: number;
  /** How long it does before people come. */
  readonly seconds: number;
  /** After so many seconds it resets a connection and opens another; by default it waits for the server to end it. */
  readonly givesUp?: number;
  /** How many ports it has, more than it keeps up; by default all there are. */
  readonly ports?: number;
  /** The packet filter's rates, as parts of the rendered ones: for more than this machine could send. */
  readonly slower?: number;
}

/**
 * A host's real service behind its real packet filter, as rendered, and a flood over a link from a network
 * namespace of its own. @throws Error when one of them doesn't start
 */
export async function flooded(flood: Flood): Promise<Flooded> {
  const { blueprint, service, count, seconds, givesUp = 0, ports = 64_511, slower = 1 } = flood;
  const host = blueprint.hosts.find(
    ({ role }) => role === (service === "web" ? "control" : "turn"),
  );
  if (!host) throw new Error(`no host for ${service}`);
  const { family, flooding, people }: From = FLOODS[flood.from];
  const of = (address: string): 4 | 6 => (address.includes(":") ? 6 : 4);
  const client = `nsenter --net=/proc/$client/ns/net`;
  const coming = Object.entries(people).map(
    ([who, address]) => `'${who}=${address}@${HOST[of(address)]}'`,
  );
  const ask = `python3 /flood.py ${service} ${blueprint.domain} ${count} ${seconds} ${givesUp} ${HOST[family]} ${flooding.join(",")} ${coming.join(" ")}`;
  const given = (address: string, length: number, link: string) =>
    `ip -${of(address)} address add ${address}/${length} dev ${link}${of(address) === 6 ? " nodad" : ""}`;
  const command = [
    "set -e",
    "unshare --net sleep 240 & client=$!",
    "sleep 0.2",
    "ip link add service type veth peer name people netns $client",
    `${given(HOST[4], 24, "service")}; ${given(HOST[6], 48, "service")}; ip link set service up`,
    `${client} sh -c 'ip link set lo up; ip link set people up; echo 1025 ${1024 + ports} >/proc/sys/net/ipv4/ip_local_port_range'`,
    ...[...new Set([...flooding, ...Object.values(people)])].map(
      (address) => `${client} ${given(address, of(address) === 4 ? 32 : 128, "people")}`,
    ),
    ...Object.values(HOST).map((address) => `${client} ip route add ${address} dev people`),
    ...ROUTED.map((network) => `ip route add ${network} dev service`),
    "python3 /log.py & sleep 0.3",
    START[service],
    "sleep 1; nft -f /etc/nftables.conf",
    `echo "$(cat /secret)" | ${client} ${ask} >/seen`,
    "cat /seen; echo '@@@'; nft list ruleset; echo '@@@'; cat /log 2>/dev/null || true",
    "kill $client",
  ].join("\n");
  const secrets = dummySecrets();
  const plain = (path: string, content: string): HostFile => ({
    path,
    content,
    owner: "root",
    group: "root",
    mode: "0644",
  });
  const wanted =
    /^\/(etc\/(nginx|coturn|turnserver|nftables|systemd\/system\/coturn)|usr\/share\/polder|usr\/local\/share|srv|var\/www)/;
  const rendered = renderHost(blueprint, host, loadPrograms(), standIns).files.filter(({ path }) =>
    wanted.test(path),
  );
  const files = [
    ...rendered.map((file) => ({
      ...file,
      content: listensHere(
        slowed(file.content, slower).replace(/@@secret:([a-z0-9./-]+)@@/g, (_, name: string) =>
          secrets.valueOf(blueprint, name),
        ),
        HOST[family],
      ),
    })),
    plain("/etc/hosts", "127.0.0.1 localhost\n"),
    plain("/flood.py", readFileSync(join(import.meta.dirname, "flood.py"), "utf8")),
    plain("/log.py", readFileSync(join(import.meta.dirname, "log-lines.py"), "utf8")),
    plain("/secret", secrets.valueOf(blueprint, "turn/shared-secret")),
  ];
  const root = await validatorRoot();
  const [verdict] = await validateFiles(root, files, [
    { id: "flood", reads: /^\/flood\.py$/, command, seconds: 240 },
  ]);
  const output = verdict?.output ?? "";
  const [text = "", rules = "", log = ""] = output.split("@@@\n");
  if (!verdict?.accepted || !/\{.*\}/.test(text)) throw new Error(JSON.stringify(verdict));
  const line = /^\{.*\}$/m.exec(text)?.[0] ?? "";
  return seen.parse({ ...JSON.parse(line), refused: refusedBy(rules), log });
}
