import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { JITSI_PACKAGES } from "../../modules/planning/blueprint/index.ts";

const gpg = (home: string, ...args: readonly string[]): Buffer =>
  execFileSync("gpg", ["--homedir", home, "--batch", "--quiet", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });

/** Somebody who signs archives. */
export class Signer {
  readonly home: string;
  readonly fingerprint: string;

  /** @param home empty folder for gpg */
  constructor(home: string) {
    this.home = home;
    mkdirSync(home, { mode: 0o700 });
    const name = "Archive <archive@voorbeeld.example>";
    gpg(home, "--passphrase", "", "--quick-generate-key", name, "rsa3072", "sign", "never");
    this.fingerprint =
      /^fpr:+([0-9A-F]{40}):/m.exec(gpg(home, "--with-colons", "--list-keys").toString())?.[1] ??
      "";
  }

  /** The public key, as an archive publishes it: as text, or as bytes. */
  key(form: "text" | "bytes" = "text"): Buffer {
    const armor = form === "text" ? ["--armor"] : [];
    return gpg(this.home, ...armor, "--export", this.fingerprint);
  }
}

/** A package with nothing in it. */
function build(
  folder: string,
  name: string,
  version: string,
  depends: Readonly<Record<string, string>> = {},
): void {
  const root = join(folder, ".build", name);
  mkdirSync(join(root, "DEBIAN"), { recursive: true });
  const fields = {
    Package: name,
    Version: version,
    Architecture: "all",
    Maintainer: "polder",
    ...depends,
    Description: "nothing",
  };
  const control = Object.entries(fields).map(([key, value]) => `${key}: ${value}\n`);
  writeFileSync(join(root, "DEBIAN/control"), control.join(""));
  const file = join(folder, `${name}_${version}_all.deb`);
  execFileSync("dpkg-deb", ["--root-owner-group", "-Zgzip", "-b", root, file], { stdio: "ignore" });
}

const sum = (data: Buffer): string => createHash("sha256").update(data).digest("hex");

/** The folder of an archive that has its list and its files. */
const SUITE = "stable";

/** An archive like upstream's: a folder with one signed list, which names files from the archive's top. The packages are empty. */
export class JitsiArchive {
  /** Where its files lie. */
  readonly folder: string;
  readonly #server: Server;

  private constructor(folder: string, server: Server) {
    this.folder = join(folder, SUITE);
    this.#server = server;
  }

  static async open(folder: string): Promise<JitsiArchive> {
    mkdirSync(join(folder, SUITE), { recursive: true });
    const server = createServer((request, response) => {
      const name = new URL(request.url ?? "", "http://x").pathname.replace(/^(\/|\.)+/, "");
      try {
        response.end(readFileSync(join(folder, name)));
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new JitsiArchive(folder, server);
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Adds a release: the package that names the others, and each of them. @param version of each of the others */
  add(release: string, version: string): void {
    const [bridge, ...rest] = JITSI_PACKAGES.map((name) => `${name} (= ${version})`);
    build(this.folder, "jitsi-meet", release, {
      "Pre-Depends": `${bridge}`,
      Depends: ["jitsi-meet-web-config", ...rest].join(", "),
    });
    for (const name of JITSI_PACKAGES) build(this.folder, name, version);
  }

  /** Writes the list of what is there, signed. */
  publish(signer: Signer): void {
    const debs = readdirSync(this.folder).filter((file) => file.endsWith(".deb"));
    const entries = debs.map((file) => {
      const data = readFileSync(join(this.folder, file));
      const control = execFileSync("dpkg-deb", ["-f", join(this.folder, file)]).toString();
      return `${control}Filename: ${SUITE}/${file}\nSize: ${data.length}\nSHA256: ${sum(data)}\n`;
    });
    const list = Buffer.from(entries.join("\n"));
    writeFileSync(join(this.folder, "Packages"), list);
    const release = `Date: ${new Date().toUTCString()}\nSHA256:\n ${sum(list)} ${list.length} Packages\n`;
    writeFileSync(join(this.folder, "Release"), release);
    const [from, to] = [join(this.folder, "Release"), join(this.folder, "InRelease")];
    gpg(signer.home, "--yes", "--clearsign", "--output", to, from);
  }

  close(): void {
    this.#server.close();
  }
}
