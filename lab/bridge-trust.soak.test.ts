import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderHost } from "../modules/hosts/render/index.ts";
import { hostOf } from "../modules/planning/blueprint/index.ts";
import { SOME_JITSI } from "../modules/planning/blueprint/testing.ts";
import { createVault, ensureSecrets, type Vault } from "../modules/secrets/vaults/index.ts";
import { testFolder } from "../modules/secrets/vaults/testing.ts";
import { loadPrograms } from "../modules/workspace/index.ts";
import { validatorRoot } from "./testing/validator-root.ts";
import { XmppServer, type XmppServerOptions } from "./testing/xmpp-server.ts";

// What a bridge does with a server that isn't its own: Smack, the bridge's library for XMPP, with the settings and the
// trust that are rendered for it, and certificates that the vault makes.

/** Smack's archives, as `make` fetched them; what isn't pinned isn't used. */
const jars = readFileSync(join(import.meta.dirname, "smack/SHA256SUMS"), "utf8")
  .trim()
  .split("\n")
  .map((line) => join(import.meta.dirname, "../build/smack", line.slice(66)));
/** Two instances of the same names, each with a CA of its own. */
const folders = [testFolder(), testFolder()] as const;
const scratch = mkdtempSync(join(tmpdir(), "polder-smack-"));
const trust = join(scratch, "trust.p12");

let own: Vault;
let other: Vault;
let java: readonly string[];
let shard: Readonly<Record<string, string>>;

beforeAll(async () => {
  const made = await Promise.all(
    folders.map(async (folder) => {
      const loaded = folder.load([await folder.person("annakok", true)]);
      const vault = await createVault(loaded, "instance");
      await ensureSecrets(loaded, vault);
      return { loaded, vault };
    }),
  );
  const [{ loaded, vault }, second] = made as [(typeof made)[0], (typeof made)[0]];
  [own, other] = [vault, second.vault];

  const blueprint = { ...loaded.blueprint, jitsi: SOME_JITSI };
  const { files } = renderHost(
    blueprint,
    hostOf(blueprint, "bridge-1"),
    loadPrograms(),
    "no stand-ins",
  );
  const text = (end: string) => files.find(({ path }) => path.endsWith(end))?.content ?? "";
  const unit = text("/polder-videobridge.service");
  // The rendered line, but for where it reads and writes: a file of Debian 13's openssl, in a root without /run.
  const store = /^ExecStartPre=(\/usr\/bin\/openssl .*-nokeys .*)$/m.exec(unit)?.[1] ?? "";
  const command = store.replace(/ -(in|out) \S+/g, "").split(" ");
  writeFileSync(
    trust,
    execFileSync("chroot", [await validatorRoot(), ...command], {
      input: own.need("ca/instance.crt"),
    }),
  );
  java = [...unit.matchAll(/-Djavax\.net\.ssl\.\S+/g)].map(([setting]) =>
    setting.replace(/=\/run\/.*$/, `=${trust}`),
  );
  expect(java).toHaveLength(2);
  const conf = JSON.parse(text("/videobridge.conf").split("\n").slice(1).join("\n"));
  shard = conf.videobridge.apis["xmpp-client"].configs.shard;
}, 300_000);
afterAll(() => {
  for (const folder of folders) folder.remove();
  rmSync(scratch, { recursive: true });
});

/** A host's certificate and its key. */
const pairOf = (vault: Vault, host: string) => ({
  key: vault.need(`tls/${host}.key`),
  certificate: vault.need(`tls/${host}.crt`),
});

/** Lets the bridge's library log in at a server; says what it printed, and which logins the server got. */
async function logIn(
  server: Omit<XmppServerOptions, "domain">,
  { mode = shard["SECURITY_MODE"], settings = java } = {},
) {
  const domain = shard["DOMAIN"] ?? "";
  const listening = await XmppServer.start({ ...server, domain });
  try {
    const { stdout } = await promisify(execFile)("java", [
      ...settings,
      ...["-cp", jars.join(":"), join(import.meta.dirname, "smack/Login.java")],
      ...["127.0.0.1", String(listening.port), domain, shard["USERNAME"] ?? "", "the-password"],
      mode ?? "",
    ]);
    return { printed: stdout, attempts: listening.attempts };
  } finally {
    listening.stop();
  }
}

describe("a bridge", () => {
  it("trusts the instance's CA alone", async () => {
    const { printed } = await logIn({});
    const trusted = printed.split("\n").filter((line) => line.startsWith("trusts "));
    const subject = execFileSync("openssl", ["x509", "-noout", "-subject", "-nameopt", "RFC2253"], {
      input: own.need("ca/instance.crt"),
    });
    expect(trusted).toEqual([String(subject).trim().replace("subject=", "trusts ")]);
  });

  it("logs in where the certificate is by the instance's CA for the domain of its account, and over TLS alone", async () => {
    const { attempts } = await logIn({ pair: pairOf(own, "control-1") });
    expect(attempts).toEqual([
      {
        mechanism: "PLAIN",
        text: expect.stringContaining("the-password"),
        overTls: true,
      },
    ]);
  });

  it("sends no login where the CA is another", async () => {
    const { attempts, printed } = await logIn({ pair: pairOf(other, "control-1") });
    expect(printed).toContain("PKIX path");
    expect(attempts).toEqual([]);
  });

  it("sends no login where the certificate is another host's", async () => {
    const { attempts, printed } = await logIn({ pair: pairOf(own, "bridge-2") });
    expect(printed).toContain(`does not authenticate ${shard["DOMAIN"]}`);
    expect(attempts).toEqual([]);
  });

  it("sends no login where TLS isn't offered, also at loopback", async () => {
    const { attempts, printed } = await logIn({});
    expect(printed).toContain("SecurityRequiredByClientException");
    expect(attempts).toEqual([]);
  });

  it("would send its password readable without the rendered mode: the test sees that", async () => {
    // What the bridge takes at loopback where no mode is set.
    const { attempts } = await logIn({}, { mode: "ifpossible" });
    expect(attempts).toMatchObject([
      { overTls: false, text: expect.stringContaining("the-password") },
    ]);
  });

  it("wouldn't trust the instance's CA without the rendered trust", async () => {
    const { attempts, printed } = await logIn({ pair: pairOf(own, "control-1") }, { settings: [] });
    expect(printed).toContain("PKIX path");
    expect(attempts).toEqual([]);
  });
});
