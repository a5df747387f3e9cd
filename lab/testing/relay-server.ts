import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { turnFragment } from "../../modules/hosts/turn/index.ts";
import { type Blueprint, type Host, hostsWith } from "../../modules/planning/blueprint/index.ts";
import {
  type Credential,
  type Endpoint,
  startWorker,
  type Worker,
  workerCommand,
} from "../../modules/verification/probes/index.ts";
import { loadPrograms } from "../../modules/workspace/index.ts";
import { type DummySecrets, dummySecrets } from "./dummy-secrets.ts";
import { validatorRoot } from "./validator-root.ts";

/** Starts coturn as its unit does; then each word on standard input is one of the unit's commands. */
const run = (addresses: readonly string[], bridges: readonly string[]): string => `
export LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin OPENSSL_CONF=/etc/coturn/openssl.cnf
ip link set lo up
for a in ${addresses.join(" ")}; do ip address add $a dev lo; done
echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
for f in live.sql turn.crt turn.key; do ln -sf /shared/$f /etc/coturn/$f; done
chgrp -R turnserver /etc/coturn /etc/turnserver.conf; chmod -R g+rX /etc/coturn /etc/turnserver.conf
install -d -o turnserver -m 0700 /run/turnserver
unit=/etc/systemd/system/coturn.service.d/polder.conf
sed -n 's/^ExecStartPre=\\([^-+]\\)/\\1/p' $unit >/shared/start
sed -n 's/^ExecReload=//p' $unit >/shared/reload
as() { setpriv --reuid turnserver --regid turnserver --init-groups "$@"; }
as sh -e /shared/start >/shared/said 2>&1 || { cat /shared/said; exit 1; }
setpriv --reuid turnserver --regid turnserver --init-groups turnserver -c /etc/turnserver.conf --pidfile= </dev/null >/dev/null 2>&1 &
export MAINPID=$!
python3 /shared/echo.py ${bridges.join(" ")} </dev/null &
echo=$!
while read -r word; do as sh -e /shared/$word </dev/null >/shared/said 2>&1; echo "$word $?"; done
kill $MAINPID $echo
`;

/** What a relay that is held says, over and over. */
interface Beat {
  /** Outcome of Refresh; absent: no answer. */
  readonly refresh?: number;
  readonly echoed: boolean;
}

/** A relay that is in use until it is let go of. */
export interface HeldRelay {
  readonly beats: readonly Beat[];
  /** Resolves when it was used so many times more. */
  more(times: number): Promise<void>;
  close(): Promise<void>;
}

/** Holds a relay, from where a command line leads: `[]` is here. */
export async function holdRelay(
  from: readonly string[],
  question: {
    readonly server: Endpoint;
    readonly credential: Credential;
    readonly peer: Endpoint;
  },
): Promise<HeldRelay> {
  const program = [process.execPath, "--import", import.meta.resolve("tsx")];
  const [command = "", ...args] = [...from, ...program, join(import.meta.dirname, "held-relay.ts")];
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.stdin.write(`${JSON.stringify(question)}\n`);
  const beats: Beat[] = [];
  const waiting: { at: number; resolve(): void }[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    beats.push(JSON.parse(line) as Beat);
    for (const { at, resolve } of waiting) if (beats.length >= at) resolve();
  });
  const more = (times: number) => {
    const at = beats.length + times;
    const came = new Promise<void>((resolve) => waiting.push({ at, resolve }));
    return Promise.race([
      came,
      ended.then(() => {
        if (beats.length < at) throw new Error("the relay that was held is gone");
      }),
    ]);
  };
  await more(1);
  return {
    beats,
    more,
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

const networkOf = (pid: number | string | undefined): string => readlinkSync(`/proc/${pid}/ns/net`);

/** A turn host's coturn with its rendered files, in a network of its own that has all planned addresses. */
export class RelayServer {
  readonly host: Host;
  /** A vantage point in that network. */
  readonly outside: Worker;
  /** That network, as the kernel's file. */
  readonly network: string;
  /** A command line that leads there. */
  readonly way: readonly string[];
  private readonly folder: string;
  private secrets: DummySecrets;
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  private constructor(host: Host, folder: string, secrets: DummySecrets, child: ChildProcess) {
    this.host = host;
    this.folder = folder;
    this.secrets = secrets;
    this.child = child;
    const lines: Interface = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    this.lines = lines[Symbol.asyncIterator]();
    this.network = `/proc/${child.pid}/ns/net`;
    this.way = ["nsenter", `--net=${this.network}`];
    this.outside = startWorker("in the network", [...this.way, ...workerCommand], () => undefined);
  }

  /**
   * @param secrets what logins count by
   * @param configured of turnserver.conf as rendered, the one to start with
   */
  static async start(
    blueprint: Blueprint,
    secrets: readonly string[],
    configured = (text: string) => text,
  ): Promise<RelayServer> {
    const root = await validatorRoot();
    const [host] = hostsWith(blueprint, "turn") as [Host];
    const folder = mkdtempSync(join(tmpdir(), "polder-relay-"));
    const at = (...path: string[]) => join(folder, ...path);
    for (const name of ["work", "tree", "shared"]) mkdirSync(at(name));
    chmodSync(folder, 0o755);
    const dummies = dummySecrets();
    for (const { path, content } of turnFragment(blueprint, host, loadPrograms()).files ?? []) {
      mkdirSync(dirname(at("tree", path)), { recursive: true });
      const filled = fill(content, blueprint, dummies, secrets);
      writeFileSync(
        at("tree", path),
        path === "/etc/turnserver.conf" ? configured(filled) : filled,
      );
    }
    copyFileSync(join(import.meta.dirname, "echo.py"), at("shared/echo.py"));
    const addresses = blueprint.hosts.map(({ ipv4 }) => `${ipv4}/32`);
    const bridges = hostsWith(blueprint, "bridge");
    writeFileSync(
      at("shared/run"),
      run(
        addresses,
        bridges.map(({ ipv4 }) => ipv4),
      ),
    );
    const kinds = ["--mount", "--propagation", "private", "--pid", "--ipc", "--uts", "--net"];
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
      { stdio: ["pipe", "pipe", "inherit"], env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } },
    );
    // Until unshare has made it, that process is in this machine's network, and so would be who follows it.
    while (networkOf(child.pid) === networkOf("self"))
      if (child.exitCode === null) await sleep(5);
      else throw new Error("no network of its own");
    const server = new RelayServer(host, folder, dummies, child);
    server.write(blueprint, secrets);
    server.writePair(blueprint);
    const question = { server: { address: host.ipv4, port: 3478 }, what: "allocate" } as const;
    for (let tries = 0; tries < 20; tries++)
      if ((await server.outside.ask("askTurn", question)).code === 401) return server;
    throw new Error("coturn doesn't answer");
  }

  /** Its certificate for TLS, PEM, which trusts itself; its name is `dummy`. */
  certificate(blueprint: Blueprint): string {
    return this.secrets.valueOf(blueprint, "turn/tls.crt");
  }

  /** What converge would send next; coturn gets no signal. */
  write(blueprint: Blueprint, secrets: readonly string[], spoil = (text: string) => text): void {
    const part = turnFragment(blueprint, this.host, loadPrograms()).files ?? [];
    const file = part.find(({ path }) => path === "/etc/coturn/live.sql");
    const text = fill(file?.content ?? "", blueprint, this.secrets, secrets);
    writeFileSync(join(this.folder, "shared/live.sql"), spoil(text));
  }

  /** Another certificate with another key where coturn's are; coturn gets no signal. */
  renewCertificate(blueprint: Blueprint): void {
    this.secrets = dummySecrets();
    this.writePair(blueprint);
  }

  private writePair(blueprint: Blueprint): void {
    for (const name of ["turn.crt", "turn.key"]) {
      const value = this.secrets.valueOf(blueprint, `turn/${name.replace("turn", "tls")}`);
      writeFileSync(join(this.folder, "shared", name), value);
    }
  }

  /** What `systemctl reload` does. Gives its exit code. */
  async reload(): Promise<number> {
    this.child.stdin?.write("reload\n");
    const { value } = (await this.lines.next()) as { value?: string };
    return Number(value?.split(" ")[1]);
  }

  async stop(): Promise<void> {
    await this.outside.close();
    const ended = new Promise((resolve) => this.child.once("close", resolve));
    this.child.stdin?.end();
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const fill = (
  text: string,
  blueprint: Blueprint,
  dummies: DummySecrets,
  secrets: readonly string[],
): string =>
  text.replace(/@@secret:([a-z0-9./-]+)@@/g, (_, name: string) =>
    name === "turn/accepted-secrets" ? JSON.stringify(secrets) : dummies.valueOf(blueprint, name),
  );
