import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Browser, launch } from "puppeteer-core";
import { bytesOf } from "../../modules/hosts/configuration/index.ts";
import { CA_FILE } from "../../modules/hosts/host/index.ts";
import { unpacked } from "../../modules/hosts/jitsi/index.ts";
import { nginxFragment } from "../../modules/hosts/nginx/index.ts";
import type { Blueprint, Host } from "../../modules/planning/blueprint/index.ts";
import { loadPrograms } from "../../modules/workspace/index.ts";
import { dummySecrets } from "./dummy-secrets.ts";
import { quoted } from "./validate-files.ts";
import { validatorRoot } from "./validator-root.ts";

/** A key and a certificate for a name, PEM; no authority signed it. */
function ownCertificate(name: string): { readonly key: string; readonly crt: string } {
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const names = ["-subj", "/CN=x", "-addext", `subjectAltName=DNS:${name}`];
  const out = execFileSync("openssl", ["req", "-x509", ...kind, ...names, "-keyout", "-"], {
    stdio: ["ignore", "pipe", "ignore"],
  }).toString();
  const part = (what: string) =>
    new RegExp(`-----BEGIN ${what}-----[\\s\\S]*?-----END ${what}-----\n`).exec(out)?.[0] ?? "";
  return { key: part("PRIVATE KEY"), crt: part("CERTIFICATE") };
}

/** The folder with the unpacked web client that POLDER_JITSI_WEB names: it has `usr/share/jitsi-meet`. */
export function webClient(): string | undefined {
  const folder = process.env["POLDER_JITSI_WEB"];
  if (folder && !existsSync(join(folder, "usr/share/jitsi-meet/index.html")))
    throw new Error(`POLDER_JITSI_WEB: no usr/share/jitsi-meet/index.html below ${folder}`);
  return folder;
}

/**
 * The real nginx with a control host's rendered site, in a network of its own that has nothing else in it, and browsers
 * in the same network. Signalling leads to nobody.
 */
export class ControlSite {
  readonly #server: ChildProcess;
  readonly #folder: string;
  readonly #domain: string;
  readonly #key: string;
  readonly #browsers: Browser[] = [];

  private constructor(server: ChildProcess, folder: string, domain: string, key: string) {
    this.#server = server;
    this.#folder = folder;
    this.#domain = domain;
    this.#key = key;
  }

  /** @param client the folder with the web client, for a Blueprint with Jitsi's packages */
  static async start(blueprint: Blueprint, client?: string): Promise<ControlSite> {
    const root = await validatorRoot();
    const folder = mkdtempSync(join(tmpdir(), "polder-site-"));
    const control = blueprint.hosts.find(({ role }) => role === "control") as Host;
    const { key, crt } = ownCertificate(blueprint.domain);
    const secrets = dummySecrets();
    const secretOf = (name: string): string =>
      ({ "web/tls.key": key, "web/tls.crt": crt })[name] ?? secrets.valueOf(blueprint, name);
    const tree = join(folder, "tree");
    const write = (path: string, content: string | Buffer): void => {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      writeFileSync(join(tree, path), content);
    };
    for (const file of nginxFragment(blueprint, control, loadPrograms()).files ?? [])
      write(
        file.path,
        file.binary
          ? bytesOf(file)
          : file.content.replace(/@@secret:([a-z0-9./-]+)@@/g, (_, name: string) => secretOf(name)),
      );
    write(CA_FILE, crt);
    write("/etc/hosts", "127.0.0.1 localhost\n");
    if (client)
      cpSync(client, join(tree, unpacked(blueprint, "jitsi-meet-web").folder), { recursive: true });
    mkdirSync(join(folder, "work"));
    writeFileSync(join(folder, "run"), "nginx -t -q && exec nginx -g 'daemon off;'\n");
    const places = ["work", "tree", "run"].map((name) => join(folder, name));
    const inside = ["sh", join(import.meta.dirname, "validate-files.sh"), root, ...places];
    const kinds = ["--mount", "--propagation", "private", "--pid", "--net", "--ipc", "--uts"];
    const server = spawn("unshare", [...kinds, "--fork", "--kill-child=KILL", ...inside], {
      stdio: ["ignore", "inherit", "inherit"],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    });
    const pin = createHash("sha256")
      .update(new X509Certificate(crt).publicKey.export({ type: "spki", format: "der" }))
      .digest("base64");
    const site = new ControlSite(server, folder, blueprint.domain, pin);
    await site.#answers();
    return site;
  }

  /** The command that runs another in the site's network. */
  #within(command: readonly string[]): string[] {
    return ["nsenter", `--net=/proc/${this.#server.pid}/ns/net`, "--", ...command];
  }

  async #answers(): Promise<void> {
    const ask = ["curl", "-sk", "-o", "/dev/null", "--resolve", `${this.#domain}:443:127.0.0.1`];
    const [program = "", ...args] = this.#within([...ask, `https://${this.#domain}/`]);
    for (let i = 0; i < 100; i++) {
      try {
        execFileSync(program, args, { stdio: "ignore" });
        return;
      } catch {
        if (this.#server.exitCode !== null) throw new Error("nginx ended");
        await sleep(200);
      }
    }
    throw new Error("nginx never answered");
  }

  /** What curl prints of a place on the site, header lines first. */
  ask(place: string): string {
    const options = ["-sk", "-i", "--resolve", `${this.#domain}:443:127.0.0.1`];
    const command = this.#within(["curl", ...options, `https://${this.#domain}${place}`]);
    return execFileSync(command[0] as string, command.slice(1)).toString();
  }

  /** A browser with a profile of its own, at `profile`. @param language the one that it asks for */
  async browser(language: string, profile: string, ...more: readonly string[]): Promise<Browser> {
    const program = join(this.#folder, "chromium");
    writeFileSync(
      program,
      `#!/bin/sh\nexec ${this.#within(["chromium"]).map(quoted).join(" ")} "$@"\n`,
    );
    chmodSync(program, 0o755);
    const browser = await launch({
      executablePath: program,
      pipe: true,
      userDataDir: profile,
      env: { ...process.env, LANGUAGE: language },
      args: [
        ...["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
        ...["--disable-component-update", "--disable-sync", `--accept-lang=${language}`],
        `--host-resolver-rules=MAP ${this.#domain} 127.0.0.1`,
        `--ignore-certificate-errors-spki-list=${this.#key}`,
        ...["--use-fake-ui-for-media-stream", "--window-size=1280,800"],
        ...more,
      ],
    });
    this.#browsers.push(browser);
    return browser;
  }

  async stop(): Promise<void> {
    for (const browser of this.#browsers) await browser.close().catch(() => undefined);
    this.#server.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
