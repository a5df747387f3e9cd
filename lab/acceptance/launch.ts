import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Browser, type ConnectionTransport, connect, launch } from "puppeteer-core";
import { WebSocket } from "ws";

export type BrowserKind = "chromium" | "firefox";

export interface LaunchOptions {
  /** Empty, and deleted afterwards: profile and home. */
  readonly folder: string;
  /** The instance's CA, PEM. */
  readonly authority: string;
  /** The command that runs another where the browser stands. */
  readonly within: (argv: readonly string[]) => readonly string[];
  /** Addresses of names that the lab's internet has no DNS for. */
  readonly names: Readonly<Record<string, string>>;
  /** The language of its person, such as `nl`. */
  readonly language: string;
  /** Whether it has a made-up camera and microphone; otherwise none. Firefox always has them. */
  readonly hasDevices: boolean;
}

/** A browser that runs. */
export interface Running {
  readonly browser: Browser;
  /** Ends it as a crash does. */
  kill(): void;
  close(): Promise<void>;
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Puts the instance's CA into a store of certificates, as an organisation does for its own browsers. */
function trust(store: string, authority: string): void {
  mkdirSync(store, { recursive: true });
  execFileSync("certutil", ["-d", `sql:${store}`, "-N", "--empty-password"]);
  const add = ["-d", `sql:${store}`, "-A", "-t", "C,,", "-n", "instance"];
  execFileSync("certutil", add, { input: authority });
}

async function launchChromium(options: LaunchOptions): Promise<Running> {
  const { folder, authority, within, names, language, hasDevices } = options;
  const program = join(folder, "chromium");
  // Chromium looks there beside its own.
  trust(join(folder, ".pki/nssdb"), authority);
  const command = within(["chromium"]).map(quote).join(" ");
  writeFileSync(program, `#!/bin/sh\nHOME=${quote(folder)} exec ${command} "$@"\n`);
  chmodSync(program, 0o755);
  // WebRTC asks for names with a dot at their end.
  const rules = [
    ...Object.entries(names).map(([name, at]) => `MAP ${name}* ${at}`),
    // What Chromium asks of its maker by itself, whatever page it shows.
    ...["google.com", "googleapis.com"].map((name) => `MAP *.${name} ~NOTFOUND`),
  ];
  const browser = await launch({
    executablePath: program,
    pipe: true,
    userDataDir: join(folder, "profile"),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // What the page may know of its person's languages; the browser's own would need another package.
      `--accept-lang=${language}`,
      `--host-resolver-rules=${rules.join(",")}`,
      "--use-fake-ui-for-media-stream",
      ...(hasDevices ? ["--use-fake-device-for-media-stream"] : []),
      "--autoplay-policy=no-user-gesture-required",
      "--window-size=800,500",
    ],
  });
  return {
    browser,
    kill: () => void browser.process()?.kill("SIGKILL"),
    close: () => browser.close(),
  };
}

/** Firefox's settings: made-up devices without a question, and nothing asked of Mozilla's servers. */
const PREFERENCES = {
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  "media.autoplay.default": 0,
  "media.autoplay.blocking_policy": 0,
  // OpenH264 would be fetched.
  "media.gmp-manager.updateEnabled": false,
  // WebDriver BiDi, without the older protocol beside it.
  "remote.active-protocols": 1,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "network.trr.mode": 5,
  "app.normandy.enabled": false,
  "app.update.auto": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.startup.page": 0,
  "datareporting.policy.dataSubmissionEnabled": false,
  "dom.push.connection.enabled": false,
  "extensions.update.enabled": false,
  "services.settings.server": "data:,",
  "toolkit.telemetry.enabled": false,
} as const;

const FORWARDER = join(import.meta.dirname, "../testing/internet-forwarder.ts");

/** A child that says a word when it is there. @returns the word's match */
async function said(child: ChildProcess, from: "stdout" | "stderr", word: RegExp) {
  const stream = child[from];
  if (!stream) throw new Error(`${child.spawnfile} has no ${from}`);
  const lines = createInterface({ input: stream });
  const search = async () => {
    for await (const line of lines) {
      const found = word.exec(line);
      if (found) return found;
    }
    throw new Error(`${child.spawnargs.join(" ")} ended`);
  };
  const found = await search();
  // What nobody reads would stop it.
  stream.resume();
  return found;
}

/** Firefox takes its driver on a port of its own loopback, which is in another network namespace. */
async function launchFirefox(options: LaunchOptions): Promise<Running> {
  const { folder, authority, within, names, language } = options;
  const [profile, hosts, socket] = ["profile", "hosts", "socket"].map((one) =>
    join(folder, one),
  ) as [string, string, string];
  trust(profile, authority);
  const settings = Object.entries({ ...PREFERENCES, "intl.accept_languages": language }).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(profile, "user.js"), settings.join(""));
  const lines = Object.entries(names).map(([name, at]) => `${at.replace(/[[\]]/g, "")} ${name}\n`);
  writeFileSync(hosts, `127.0.0.1 localhost\n${lines.join("")}`);
  const children: ChildProcess[] = [];
  const run = (argv: readonly string[], stdio: ("pipe" | "ignore" | "inherit")[]) => {
    const [program = "", ...args] = within(argv);
    const child = spawn(program, args, { stdio, env: { ...process.env, HOME: folder } });
    children.push(child);
    return child;
  };
  const end = () => {
    for (const child of children) child.kill("SIGKILL");
  };
  try {
    const asks = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0"];
    const mounted = ["sh", "-ec", 'mount --bind "$0" /etc/hosts; exec "$@"', hosts];
    const firefox = run([...mounted, "firefox-esr", ...asks], ["ignore", "ignore", "pipe"]);
    const [, port] = await said(firefox, "stderr", /WebDriver BiDi listening on ws:\/\/\S+:(\d+)/);
    const loader = ["--import", import.meta.resolve("tsx")];
    const forwarder = [process.execPath, ...loader, FORWARDER, socket];
    await said(run(forwarder, ["pipe", "pipe", "inherit"]), "stdout", /ready/);
    const channel = new WebSocket(`ws://127.0.0.1:${port}/session`, {
      perMessageDeflate: false,
      createConnection: () => {
        const inner = connectSocket(socket);
        inner.write(`127.0.0.1 127.0.0.1 ${port}\n`);
        return inner;
      },
    });
    await once(channel, "open");
    const transport: ConnectionTransport = {
      send: (message) => channel.send(message),
      close: () => channel.close(),
    };
    channel.on("message", (data) => transport.onmessage?.(String(data)));
    channel.on("close", () => transport.onclose?.());
    const browser = await connect({ transport, protocol: "webDriverBiDi" });
    return {
      browser,
      kill: end,
      close: async () => {
        await browser.close().catch(() => undefined);
        end();
      },
    };
  } catch (error) {
    end();
    throw error;
  }
}

export const LAUNCH: Readonly<Record<BrowserKind, (options: LaunchOptions) => Promise<Running>>> = {
  chromium: launchChromium,
  firefox: launchFirefox,
};
