import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { WebSocket } from "ws";
import { renderHost } from "../../modules/hosts/render/index.ts";
import type { Blueprint } from "../../modules/planning/blueprint/index.ts";
import { prosodyAccount } from "../../modules/secrets/vaults/index.ts";
import { loadPrograms } from "../../modules/workspace/index.ts";
import { standIns } from "../stand-ins/index.ts";
import type { Issuer } from "./gate-issuer.ts";
import { validatorRoot } from "./validator-root.ts";

/** What the journal would get: Prosody's lines under its name, the gate's decisions under their own. */
export interface Logged {
  readonly program: string;
  readonly facility: number;
  readonly text: string;
}

export const FOCUS_PASSWORD = "f".repeat(64);
export const bridgePassword = (id: string): string => id.padEnd(64, "b");
export const PSEUDONYM_KEY = "5".repeat(64);
export const TURN_SECRET = "0123456789abcdef".repeat(4);

const RUN = `
set -eu
export LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p /var/lib/polder-gate
ln -sfn /shared/keys /etc/prosody/gate
rmdir /var/lib/polder-gate && ln -sfn /shared/revocations /var/lib/polder-gate
chown -R prosody:prosody /run/prosody /var/lib/prosody /etc/prosody
# A queue as long as systemd makes it at boot (its core/main.c): at the kernel's own, ten, who writes lines waits for who reads them.
unshare --net sh -c 'echo 512 >/proc/sys/net/unix/max_dgram_qlen && exec python3 /shared/syslog.py' &
syslog=$!
while [ ! -S /dev/log ]; do sleep 0.05; done
OPENSSL_CONF=/etc/prosody/openssl.cnf setpriv --reuid prosody --regid prosody --init-groups prosody -F </dev/null &
prosody=$!
while read -r signal; do kill "-$signal" $prosody; done
kill $prosody; wait $prosody || true
kill $syslog
`;

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => socket.destroy() && resolve(true));
    socket.once("error", () => resolve(false));
  });

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What a test changes of what is rendered, before Prosody starts. */
export interface Change {
  /** Of prosody.cfg.lua. */
  readonly config?: (text: string) => string;
  /** Of the other files, by path; null takes one away. */
  readonly files?: Readonly<Record<string, string | null>>;
  /** A folder that lies over the validators' root: programs that aren't in it. */
  readonly layer?: string;
}

/** A control host's Prosody with its rendered files, on loopback ports of its own. */
export class GateServer {
  readonly blueprint: Blueprint;
  readonly webPort: number;
  readonly c2sPort: number;
  /** For TLS on the bridges' port. */
  readonly authority: string;
  private readonly folder: string;
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;

  private constructor(
    blueprint: Blueprint,
    ports: { readonly web: number; readonly c2s: number },
    folder: string,
    child: ChildProcess,
  ) {
    this.blueprint = blueprint;
    this.webPort = ports.web;
    this.c2sPort = ports.c2s;
    this.folder = folder;
    this.authority = readFileSync(join(folder, "host.crt"), "utf8");
    this.child = child;
    this.ended = new Promise((resolve) => child.once("close", resolve));
  }

  static async start(blueprint: Blueprint, issuer: Issuer, change: Change = {}) {
    const validators = await validatorRoot();
    const root = change.layer === undefined ? validators : `${change.layer}:${validators}`;
    const folder = mkdtempSync(join(tmpdir(), "polder-gate-"));
    const ports = { web: await freePort(), c2s: await freePort() };
    const host = blueprint.hosts.find(({ role }) => role === "control");
    if (!host) throw new Error("no control host");
    const at = (...path: string[]) => join(folder, ...path);
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        at("host.key"),
        "-out",
        at("host.crt"),
        "-days",
        "2",
        "-subj",
        "/CN=x",
        "-addext",
        `subjectAltName=DNS:${host.name}`,
      ],
      { stdio: "ignore" },
    );
    const secrets: Readonly<Record<string, string>> = {
      [`tls/${host.id}.key`]: readFileSync(at("host.key"), "utf8"),
      [`tls/${host.id}.crt`]: readFileSync(at("host.crt"), "utf8"),
      "prosody/focus.dat": prosodyAccount(FOCUS_PASSWORD),
      ...Object.fromEntries(
        blueprint.hosts
          .filter(({ role }) => role === "bridge")
          .map(({ id }) => [`prosody/${id}.dat`, prosodyAccount(bridgePassword(id))]),
      ),
      "gate/pseudonym.key": PSEUDONYM_KEY,
      "turn/shared-secret": TURN_SECRET,
    };
    for (const name of ["work", "tree", "shared/keys", "shared/revocations"])
      mkdirSync(at(name), { recursive: true });
    execFileSync("chmod", ["-R", "0755", folder]);
    const ours =
      /^\/(etc\/prosody|usr\/local\/lib\/polder\/prosody|var\/lib\/prosody|etc\/polder)\//;
    for (const file of renderHost(blueprint, host, loadPrograms(), standIns).files.filter(
      ({ path }) => ours.test(path),
    )) {
      const changed = change.files?.[file.path];
      if (changed === null) continue;
      let text = (changed ?? file.content).replace(
        /@@secret:([a-z0-9./-]+)@@/g,
        (_, name: string) => secrets[name] ?? "",
      );
      if (file.path.endsWith("prosody.cfg.lua")) {
        // All that differs from what lands on a host: addresses and ports of this machine.
        text = text
          .replace("c2s_ports = { 5222 }", `c2s_ports = { ${ports.c2s} }`)
          .replace(/c2s_interfaces = .*/, 'c2s_interfaces = { "127.0.0.1" }')
          .replace("http_ports = { 5280 }", `http_ports = { ${ports.web} }`);
        text = change.config?.(text) ?? text;
      }
      const inGate = file.path.startsWith("/etc/prosody/gate/");
      const path = inGate ? at("shared/keys", file.path.slice(18)) : at("tree", file.path);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    for (const [path, text] of Object.entries(change.files ?? {}))
      if (text !== null) {
        mkdirSync(dirname(at("tree", path)), { recursive: true });
        writeFileSync(at("tree", path), text);
      }
    copyFileSync(join(import.meta.dirname, "syslog.py"), at("shared/syslog.py"));
    writeFileSync(at("shared/run"), RUN);
    const kinds = ["--mount", "--propagation", "private", "--pid", "--ipc", "--uts"];
    const places = ["work", "tree", "shared"].map((name) => at(name));
    const child = spawn(
      "unshare",
      [
        ...kinds,
        "--fork",
        "--kill-child=KILL",
        "sh",
        join(import.meta.dirname, "gate-server.sh"),
        root,
        ...places,
      ],
      { stdio: ["pipe", "ignore", "ignore"], env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } },
    );
    const server = new GateServer(blueprint, ports, folder, child);
    server.giveKeys(issuer);
    await server.until(() => answers(ports.c2s), "Prosody doesn't listen");
    return server;
  }

  /** A browser's socket, as nginx hands it on. */
  socket(query: string, from: string, cookie?: string): WebSocket {
    return new WebSocket(`ws://127.0.0.1:${this.webPort}/xmpp-websocket${query}`, ["xmpp"], {
      headers: {
        Host: this.blueprint.domain,
        "X-Forwarded-For": from,
        ...(cookie && { Cookie: cookie }),
      },
    });
  }

  /** Waits until something holds. @throws Error with what Prosody logged, after 20 s */
  async until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
    for (const end = Date.now() + 20_000; Date.now() < end; await wait(50))
      if (await holds()) return;
    const lines = this.logged().map(({ program, text }) => `${program}: ${text}`);
    throw new Error(`${what}\n${lines.slice(-30).join("\n")}`);
  }

  /** The issuer's public keys and MAC keys, as they lie on a host. */
  giveKeys(issuer: Issuer): void {
    const folder = join(this.folder, "shared", "keys");
    writeFileSync(join(folder, "tokens.pem"), issuer.keys.map(({ pem }) => pem).join(""));
    writeFileSync(join(folder, "rooms.keys"), issuer.roomKeys);
  }

  keyFile(name: string, text: string): void {
    writeFileSync(join(this.folder, "shared", "keys", name), text);
  }

  /** What is revoked, swapped in whole as `polder revoke` does. */
  revoke(text: string): void {
    const file = join(this.folder, "shared", "revocations", "revoked");
    writeFileSync(`${file}.next`, text);
    copyFileSync(`${file}.next`, file);
    rmSync(`${file}.next`);
  }

  /** What `systemctl kill` does. */
  signal(name: "HUP" | "USR1"): void {
    this.child.stdin?.write(`${name}\n`);
  }

  /** What `systemctl reload` does. */
  async reload(): Promise<void> {
    this.signal("HUP");
    await wait(500);
  }

  logged(): Logged[] {
    const file = join(this.folder, "shared", "log");
    if (!existsSync(file)) return [];
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split("\t"))
      .map(([facility = "", program = "", ...text]) => ({
        facility: Number(facility),
        program,
        text: text.join("\t"),
      }));
  }

  /** The gate's decisions, as fields. */
  decisions(): Readonly<Record<string, string>>[] {
    return this.logged()
      .filter(({ program }) => program === "polder-gate")
      .map(({ text }) => JSON.parse(text) as Record<string, string>);
  }

  /** The process that is Prosody: the one below ours with that name. */
  private get prosody(): string {
    const below = [String(this.child.pid)];
    for (const pid of below) {
      if (/^(prosody|lua5\.4)$/.test(readFileSync(`/proc/${pid}/comm`, "utf8").trim())) return pid;
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
      below.push(...children.split(" ").filter((child) => child !== ""));
    }
    throw new Error("no Prosody");
  }

  /** What a command prints inside Prosody's root, as root. */
  run(command: readonly string[]): string {
    return execFileSync("chroot", [`/proc/${this.prosody}/root`, ...command]).toString();
  }

  /** Takes an account away, as a converge does when its bridge is no host any more. */
  async removeAccount(user: string): Promise<void> {
    const encoded = (text: string) => text.replaceAll(".", "%2e").replaceAll("-", "%2d");
    const folder = `/proc/${this.prosody}/root/var/lib/prosody/auth%2e${encoded(this.blueprint.domain)}`;
    rmSync(join(folder, "accounts", `${encoded(user)}.dat`));
    await this.reload();
  }

  /** Processor time that Prosody, one thread, has used so far, seconds (the kernel's sched-stats). */
  processorSeconds(): number {
    return Number(readFileSync(`/proc/${this.prosody}/schedstat`, "utf8").split(" ")[0]) / 1e9;
  }

  /** Memory that Prosody alone holds, MiB. */
  memoryMiB(): number {
    const rollup = readFileSync(`/proc/${this.prosody}/smaps_rollup`, "utf8");
    return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1]) / 1024;
  }

  /** @throws Error when the gate has decided something that its log has no field for */
  async stop(): Promise<void> {
    this.child.stdin?.end();
    await this.ended;
    const unknown = this.logged().find(({ text }) => text.includes("field that the security log"));
    rmSync(this.folder, { recursive: true, force: true });
    if (unknown) throw new Error(unknown.text);
  }
}
