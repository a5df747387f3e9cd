import { beforeAll, describe, expect, it } from "vitest";
import type { HostFile } from "../modules/hosts/configuration/index.ts";
import { nginxFragment } from "../modules/hosts/nginx/index.ts";
import { buildBlueprint, type Host } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { loadPrograms } from "../modules/workspace/index.ts";
import { dummySecrets } from "./testing/dummy-secrets.ts";
import { validateFiles } from "./testing/validate-files.ts";
import { validatorRoot } from "./testing/validator-root.ts";

const blueprint = buildBlueprint(inputOf(someInstance()));
const control = blueprint.hosts.find(({ role }) => role === "control") as Host;

let root: string;
beforeAll(async () => {
  root = await validatorRoot();
}, 300_000);

/** What all programs begin with: TLS to nginx, but on port 80, from an address that is nowhere but in a route. */
const FROM = `
import select, socket, ssl, sys
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
def connected(source, port=443):
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    one = socket.socket(family)
    if family == socket.AF_INET6: one.setsockopt(socket.IPPROTO_IPV6, 78, 1) # IPV6_FREEBIND
    one.bind((source, 0))
    one.connect(("2001:db8::1" if ":" in source else "127.0.0.1", port))
    return one if port == 80 else context.wrap_socket(one, server_hostname="${blueprint.domain}")
sources = sys.stdin.read().split()
host = b"Host: ${blueprint.domain}\\r\\n"
`;

/** A request from each address, one after the other; prints the statuses. */
const REQUESTS = `${FROM}
for source in sources:
    with connected(source) as one:
        one.sendall(b"GET / HTTP/1.1\\r\\n" + host + b"Connection: close\\r\\n\\r\\n")
        print(one.makefile("rb").readline().split()[1].decode())
`;

/** A socket for signalling from each address, to a server that doesn't answer; prints who was refused, and how. */
const SOCKETS = `${FROM}
silent = socket.create_server(("127.0.0.1", 5280), backlog=1000)
ask = b"GET /xmpp-websocket?token=x HTTP/1.1\\r\\n" + host + b"Upgrade: websocket\\r\\nConnection: Upgrade\\r\\n\\r\\n"
waiting = {}
for source in sources:
    one = connected(source)
    one.sendall(ask)
    one.setblocking(False)
    waiting[one] = source
while True:
    came, _, _ = select.select(list(waiting), [], [], 2)
    if not came: break
    for one in came:
        try: print(waiting[one], one.recv(4096).split()[1].decode())
        except ssl.SSLWantReadError: continue # TLS's own
        del waiting[one]
`;

/** Bodies that are announced, and requests that nginx has no connection for; prints each answer and how long it was held. */
const BODIES = `${FROM}
import time
silent = socket.create_server(("127.0.0.1", 5280), backlog=1000)
upgrade = b"Upgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
get = [(443, b"GET /", b""), (443, b"GET /xmpp-websocket?room=x&token=canary", upgrade), (80, b"GET /", b"")]
for port, asked, head in get + [(443, b"POST /", b""), (80, b"POST /", b"")]:
    for body in [b"Content-Length: 1000\\r\\n", b"Transfer-Encoding: chunked\\r\\n"]:
        with connected(sources[0], port) as one:
            one.settimeout(20)
            began = time.monotonic()
            one.sendall(asked + b" HTTP/1.1\\r\\n" + host + head + body + b"\\r\\n")
            answer = b""
            try:
                while data := one.recv(4096):
                    answer += data
            except OSError:
                pass
            print("answered" if answer else "ended", "soon" if time.monotonic() - began < 5 else "late")
offered = ssl.create_default_context()
offered.check_hostname, offered.verify_mode = False, ssl.CERT_NONE
offered.set_alpn_protocols(["h2", "http/1.1"])
with offered.wrap_socket(socket.create_connection(("127.0.0.1", 443)), server_hostname="${blueprint.domain}") as one:
    print(one.selected_alpn_protocol())
`;

/** Requests of one address that no limit is asked about, and one for the page; prints how many lines came of each status. */
const UNLIMITED = `${FROM}
import collections, os, time
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
os.chmod("/dev/log", 0o666)
log.setblocking(False)
statuses = collections.Counter()
def look():
    try:
        while line := log.recv(65536):
            statuses[line.decode().split(" bytes ")[0].split()[-2]] += 1
    except OSError: pass
get, body = b"GET / HTTP/1.1\\r\\n", b"Content-Length: 1000\\r\\n\\r\\n"
once = b"Connection: close\\r\\n\\r\\n"
for port, ask in [(80, get + host + once), (80, b"GET\\r\\n\\r\\n"), (80, get + b"Host: x\\r\\n" + once), (80, get + host + body),
                  (443, get + host + body)]:
    for _ in range(300):
        with connected(sources[0], port) as one:
            one.sendall(ask)
            try: one.recv(4096)
            except OSError: pass
        look()
with connected(sources[0]) as one:
    one.sendall(get + host + once)
    one.recv(4096)
time.sleep(1)
look()
for status, lines in sorted(statuses.items()): print(status, lines)
`;

/**
 * Requests for signalling that nginx has no connection left for; prints how many of them were answered by none, and every log line
 * that holds a part of one.
 */
const EXHAUSTED = `${FROM}
import os, time
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
os.chmod("/dev/log", 0o666)
silent = socket.create_server(("127.0.0.1", 5280), backlog=1000)
held, refused = [], 0
for _ in range(40):
    try:
        one = connected(sources[0])
        one.settimeout(5)
        one.sendall(b"GET /xmpp-websocket?room=canary-room&token=canary-token HTTP/1.1\\r\\n" + host
            + b"Upgrade: websocket\\r\\nConnection: Upgrade\\r\\n\\r\\n")
        held.append(one)
    except OSError:
        refused += 1
time.sleep(1)
for one in held:
    one.setblocking(False)
    try: refused += one.recv(4096) is not None
    except OSError: pass
print("exhausted" if refused else "never exhausted")
log.setblocking(False)
try:
    while line := log.recv(65536):
        # Facility authpriv is the security store's: the access log, with addresses and no path.
        if b"canary" in line or b"198.51.100" in line and not line.startswith(b"<8"):
            print(line.decode("utf-8", "replace"))
except OSError: pass
`;

/** What a program printed that came to a freshly started nginx from these addresses. */
async function asked(
  program: string,
  sources: readonly string[],
  change: (content: string) => string = (content) => content,
): Promise<string[]> {
  const secrets = dummySecrets();
  const rendered = (nginxFragment(blueprint, control, loadPrograms()).files ?? []).map((file) => ({
    ...file,
    content: change(file.content)
      .replace(/@@secret:([a-z0-9./-]+)@@/g, (_, name: string) => secrets.valueOf(blueprint, name))
      // However slow this machine is. Who is counted as one stays as rendered.
      .replace(/rate=\d+r\/s/, "rate=1r/m")
      .replace(/burst=\d+/g, "burst=50")
      .replace(/limit_conn connections \d+/g, "limit_conn connections 20"),
  }));
  const plain = (path: string, content: string): HostFile => ({
    path,
    content,
    owner: "root",
    group: "root",
    mode: "0644",
  });
  const files = [
    ...rendered,
    plain("/etc/hosts", "127.0.0.1 localhost\n"),
    plain("/program.py", program),
    plain("/sources", sources.join("\n")),
  ];
  const command = [
    "ip route add local 198.51.100.0/24 dev lo && ip route add local 2001:db8:a::/48 dev lo",
    "nginx && python3 /program.py </sources",
  ].join(" && ");
  const [verdict] = await validateFiles(root, files, [
    { id: "nginx", reads: /^\/sources$/, command },
  ]);
  if (!verdict?.accepted) throw new Error(verdict?.output);
  return verdict.output.split("\n");
}

const times = (count: number, of: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => of(i + 1));
const refused = (of: readonly string[]) => of.filter((line) => line.endsWith("429"));
// Its prefix has a byte that is a line's end.
const oneNetwork = (i: number) => `2001:db8:a:1::${i.toString(16)}`;

it("takes a network of IPv6 for one, whatever address in it asks, and stops no other", async () => {
  const sources = [...times(80, oneNetwork), "2001:db8:a:2::1", "198.51.100.1"];
  const seen = await asked(REQUESTS, sources);
  expect(seen[0]).toBe("200");
  expect(refused(seen)).toHaveLength(29);
  expect(seen.slice(-2)).toEqual(["200", "200"]);
});

it("takes each address of IPv4 for one", async () => {
  const seen = await asked(
    REQUESTS,
    times(80, (i) => `198.51.100.${i}`),
  );
  expect(new Set(seen)).toEqual(new Set(["200"]));
  expect(
    refused(
      await asked(
        REQUESTS,
        times(80, () => "198.51.100.1"),
      ),
    ),
  ).toHaveLength(29);
});

it("waits for no body, at whatever place, and speaks HTTP/1.1 alone", async () => {
  const seen = await asked(BODIES, ["198.51.100.1"]);
  expect(seen).toEqual([...Array(10).fill("ended soon"), "http/1.1"]);
});

it("writes down a few of those requests that no limit is asked about, and each other", async () => {
  const lines = new Map(
    (await asked(UNLIMITED, ["198.51.100.1"])).map((line) => {
      const [status = "", count] = line.split(" ");
      return [status, Number(count)];
    }),
  );
  expect(lines.get("200")).toBe(1);
  // Of 300 each, and of 900 without an answer: of a hundredth.
  for (const status of ["301", "400", "444"])
    expect(lines.get(status) ?? 0, status).toBeLessThan(50);
  expect([...lines.keys()].filter((status) => !/^(200|301|400|444)$/.test(status))).toEqual([]);
});

it("counts open sockets so, too", async () => {
  const another = (i: number) => `2001:db8:a:2::${i.toString(16)}`;
  const seen = await asked(SOCKETS, [...times(30, oneNetwork), ...times(20, another)]);
  expect(refused(seen)).toHaveLength(10);
  expect(seen.filter((line) => line.startsWith("2001:db8:a:2:"))).toEqual([]);
});

describe("requests that it has no connection left for", () => {
  const few = (content: string) =>
    content
      .replace(/worker_processes \w+/, "worker_processes 1")
      .replace(/worker_connections \d+/, "worker_connections 24");

  it("stand in no log, whole or in part", async () => {
    expect(await asked(EXHAUSTED, ["198.51.100.1"], few)).toEqual(["exhausted"]);
  });

  it("would stand there, token and all, if nginx logged what it says of connections", async () => {
    const seen = await asked(EXHAUSTED, ["198.51.100.1"], (content) =>
      few(content).replace("error_log /dev/null emerg;", ""),
    );
    expect(seen[0]).toBe("exhausted");
    expect(seen.slice(1).join("\n")).toContain("token=canary-token");
  });
});
