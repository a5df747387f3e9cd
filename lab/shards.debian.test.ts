import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HostFile } from "../modules/hosts/configuration/index.ts";
import { CA_FILE, HOST_CERTIFICATE } from "../modules/hosts/host/index.ts";
import { controlOf, HOST_KEY, nginxFragment } from "../modules/hosts/nginx/index.ts";
import { buildBlueprint, type Host, hostsWith } from "../modules/planning/blueprint/index.ts";
import { inputOf, someInstance } from "../modules/planning/blueprint/testing.ts";
import { loadPrograms } from "../modules/workspace/index.ts";
import { dummySecrets } from "./testing/dummy-secrets.ts";
import { validateFiles } from "./testing/validate-files.ts";
import { validatorRoot } from "./testing/validator-root.ts";

// For four control hosts.
const meetings = [{ kind: "overleg", simultaneous: 340, participants: 10, cameras: "none" }];
const blueprint = buildBlueprint(inputOf(someInstance({ demand: { meetings } })));
const controls = hostsWith(blueprint, "control");
const [bridge] = hostsWith(blueprint, "bridge") as [Host];

/** Keys and certificates of hosts by one authority, as the instance's vault has them. */
class Authority {
  readonly #folder = mkdtempSync(join(tmpdir(), "polder-shards-"));

  constructor() {
    this.#openssl(
      "req",
      "-x509",
      ...this.#new("ca"),
      "-subj",
      "/CN=ca",
      "-out",
      this.#at("ca.crt"),
    );
  }

  #at(name: string): string {
    return join(this.#folder, name);
  }

  #openssl(...args: readonly string[]): void {
    execFileSync("openssl", args, { stdio: "ignore" });
  }

  #new(name: string): string[] {
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    return [...kind, "-keyout", this.#at(`${name}.key`)];
  }

  get certificate(): string {
    return readFileSync(this.#at("ca.crt"), "utf8");
  }

  pair({ id, name }: Host): { readonly key: string; readonly crt: string } {
    const names = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
    const by = ["-CA", this.#at("ca.crt"), "-CAkey", this.#at("ca.key")];
    this.#openssl("req", "-x509", ...this.#new(id), ...names, ...by, "-out", this.#at(`${id}.crt`));
    const read = (kind: string) => readFileSync(this.#at(`${id}.${kind}`), "utf8");
    return { key: read("key"), crt: read("crt") };
  }

  forget(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

let root: string;
let authority: Authority;
beforeAll(async () => {
  root = await validatorRoot();
  authority = new Authority();
}, 300_000);
afterAll(() => authority.forget());

const file = (path: string, content: string): HostFile => ({
  path,
  content,
  owner: "root",
  group: "root",
  mode: "0644",
});

/** Each host's nginx with folders of its own, at its own address, before a Prosody of its own. */
function apart(host: Host): HostFile[] {
  const secrets = dummySecrets();
  const { key, crt } = authority.pair(host);
  const own = (text: string) =>
    text
      .replace(/listen \[::\]:\d+[^;]*;/g, "")
      .replace(/listen (\d+)/g, `listen ${host.ipv4}:$1`)
      .replaceAll("127.0.0.1:5280", `127.0.1.${host.shard}:5280`)
      .replaceAll(HOST_CERTIFICATE, `/etc/nginx/tls/host.crt`)
      .replace(/\/(etc|run)\/nginx(?=[/.])/g, `/$1/nginx-${host.shard}`);
  const filled = (text: string) =>
    text.replace(/@@secret:([a-z0-9./-]+)@@/g, (_, name: string) =>
      secrets.valueOf(blueprint, name),
    );
  const rendered = (nginxFragment(blueprint, host, loadPrograms()).files ?? [])
    .filter(({ path }) => path.startsWith("/etc/nginx/") && path !== HOST_KEY)
    .map(({ path, content }) => file(own(path), own(filled(content))));
  return [...rendered, file(own(HOST_KEY), key), file(own("/etc/nginx/tls/host.crt"), crt)];
}

/**
 * A Prosody of each shard that answers with its number and whose request it was; then what is asked on standard input, a
 * line of `ADDRESS PORT CERTIFICATE PATH`; prints each status and answer.
 */
const PROGRAM = `
import http.server, socket, ssl, sys, threading
class Prosody(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = f"{self.server.server_address[0]} {self.headers.get_all('X-Forwarded-For')} {self.path}".encode()
        self.send_response(200); self.send_header("Content-Length", str(len(text))); self.end_headers()
        self.wfile.write(text)
    def log_message(self, *_): pass
for shard in range(1, ${controls.length} + 1):
    server = http.server.ThreadingHTTPServer((f"127.0.1.{shard}", 5280), Prosody)
    threading.Thread(target=server.serve_forever, daemon=True).start()
for line in sys.stdin:
    address, port, certificate, path = line.split()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if certificate != "-": context.load_cert_chain(f"/etc/who/{certificate}.crt", f"/etc/who/{certificate}.key")
    try:
        with socket.create_connection((address, int(port)), timeout=10, source_address=("198.51.100.9", 0)) as plain:
            with context.wrap_socket(plain, server_hostname="${blueprint.domain}") as one:
                one.sendall((f"GET {path} HTTP/1.1\\r\\nHost: ${blueprint.domain}\\r\\nUpgrade: websocket\\r\\n"
                    "Connection: upgrade, close\\r\\nX-Forwarded-For: 192.0.2.66\\r\\n\\r\\n").encode())
                answer = http.client.HTTPResponse(one)
                answer.begin()
                print(answer.status, answer.read().decode().strip() if answer.status == 200 else "")
    except OSError as error:
        print("none", type(error).__name__)
`;

interface Question {
  readonly address: string;
  readonly port: number;
  readonly certificate?: string;
  readonly path: string;
}

async function asked(questions: readonly Question[]): Promise<string[]> {
  const strange = authority.pair(bridge);
  const files = [
    ...controls.flatMap(apart),
    file(CA_FILE, authority.certificate),
    file("/etc/who/bridge.crt", strange.crt),
    file("/etc/who/bridge.key", strange.key),
    file(
      "/etc/hosts",
      `127.0.0.1 localhost\n${controls.map(({ ipv4, name }) => `${ipv4} ${name}`).join("\n")}\n198.51.100.9 somebody\n`,
    ),
    file("/program.py", PROGRAM),
    file(
      "/questions",
      questions
        .map((one) => `${one.address} ${one.port} ${one.certificate ?? "-"} ${one.path}\n`)
        .join(""),
    ),
  ];
  const command = [
    ...controls.map(
      ({ shard }) =>
        `mkdir -p /run/nginx-${shard} && nginx -c /etc/nginx-${shard}/nginx.conf || exit 9`,
    ),
    "python3 /program.py </questions",
  ].join("\n");
  const [validated] = await validateFiles(root, files, [
    { id: "shards", reads: /\/questions$/, command },
  ]);
  if (!validated?.accepted) throw new Error(validated?.output);
  return validated.output.split("\n").map((line) => line.trim());
}

const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz";
/** Names of the form that nginx looks at, by a fixed sequence. */
const names = Array.from({ length: 60 }, (_, i) =>
  Array.from({ length: 47 }, (_, k) => LETTERS[(i * 17 + k * (i + 3)) % LETTERS.length]).join(""),
);
const signalling = (room: string) => `/xmpp-websocket?room=${room}&token=x`;

describe("several shards", () => {
  it("bring a meeting's people to one Prosody, whichever control host they come to, with their own address", async () => {
    const questions = names.flatMap((room) =>
      controls.map(({ ipv4 }) => ({ address: ipv4, port: 443, path: signalling(room) })),
    );
    const answers = await asked(questions);
    expect(answers).toEqual(
      names.flatMap((room) =>
        controls.map(
          () =>
            `200 127.0.1.${controlOf(blueprint, room).shard} ['198.51.100.9'] ${signalling(room)}`,
        ),
      ),
    );
    expect(controls).toHaveLength(4);
    const shards = names.map((room) => controlOf(blueprint, room).shard);
    for (const { shard } of controls)
      expect(shards.filter((one) => one === shard).length).toBeGreaterThan(10);
  });

  it("keep what is no name where it came, and refuse who comes past the web server's limits or asks for a shard", async () => {
    const [one, two] = controls as [Host, Host];
    const to = (host: Host, port: number, path: string, certificate?: string) => ({
      address: host.ipv4,
      port,
      path,
      ...(certificate && { certificate }),
    });
    const [room] = names as [string];
    const answers = await asked([
      to(one, 443, "/xmpp-websocket?room=short&token=x"),
      to(two, 443, `/xmpp-websocket?room=${room.replace(/^./, "%30")}&token=x`),
      ...controls.map(({ shard }) => to(one, 443, `/shard-${shard}?room=${room}&token=x`)),
      to(two, 5443, signalling(room)),
      to(two, 5443, signalling(room), "bridge"),
      to(two, 5443, "/", "bridge"),
    ]);
    expect(answers).toEqual([
      "200 127.0.1.1 ['198.51.100.9'] /xmpp-websocket?room=short&token=x",
      `200 127.0.1.2 ['198.51.100.9'] /xmpp-websocket?room=${room.replace(/^./, "%30")}&token=x`,
      ...controls.map(() => "404"),
      ...Array(3).fill("403"),
    ]);
  });
});
