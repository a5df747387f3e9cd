import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { privateAddresses } from "../../planning/blueprint/index.ts";
import type { LoadedInstance } from "../../workspace/index.ts";
import { secretsOf } from "../keyring/index.ts";
import {
  confirmHost,
  createVault,
  ensureSecrets,
  openVault,
  recordHost,
  type Vault,
} from "./index.ts";
import { newSshKey } from "./ssh.ts";
import { type TestFolder, type TestPerson, testFolder } from "./testing.ts";
import { newLeaf } from "./x509.ts";

const NOW = new Date();
const days = (n: number) => new Date(NOW.getTime() + n * 86_400_000);
/** A relay login's password (draft-uberti-behave-turn-rest-00), by OpenSSL. */
const restCredentialOf = (secret: string, user: string): string =>
  execFileSync("openssl", ["dgst", "-sha1", "-hmac", secret, "-binary"], { input: user }).toString(
    "base64",
  );
const scratch = mkdtempSync(join(tmpdir(), "polder-openssl-"));

let place: TestFolder;
let anna: TestPerson;
let loaded: LoadedInstance;
let vault: Vault;

beforeAll(async () => {
  place = testFolder();
  anna = await place.person("annakok", true);
  loaded = place.load([anna]);
  vault = await createVault(loaded, "instance");
});
afterAll(() => {
  place.remove();
  rmSync(scratch, { recursive: true });
});

let count = 0;
const file = (text: string): string => {
  const path = join(scratch, `${++count}`);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};
/** What openssl says about a leaf under the instance's CA, asked for a name. */
const verify = (leaf: string, ...args: string[]): string => {
  const ca = file(vault.need("ca/instance.crt"));
  const ran = spawnSync("openssl", ["verify", "-x509_strict", "-CAfile", ca, ...args, file(leaf)], {
    encoding: "utf8",
  });
  return ran.stdout + ran.stderr;
};

describe("ensureSecrets", () => {
  it("makes every secret that isn't given, once", async () => {
    const made = await ensureSecrets(loaded, vault, NOW);
    expect(made.length).toBeGreaterThan(10);
    const names = secretsOf(loaded.blueprint)
      .filter((spec) => spec.vault === "instance" && !spec.given)
      .map((spec) => spec.name);
    expect(names.filter((name) => vault.get(name) === undefined)).toEqual([]);
    expect(await ensureSecrets(loaded, vault, NOW)).toEqual([]);
    const again = await openVault(loaded, { identityFile: anna.identityFile });
    expect(again.names()).toEqual(vault.names());
  });

  it("certifies each host for its names and addresses, as openssl sees it", () => {
    for (const host of loaded.blueprint.hosts) {
      const leaf = vault.need(`tls/${host.id}.crt`);
      for (const purpose of ["sslserver", "sslclient"])
        expect(verify(leaf, "-purpose", purpose, "-verify_hostname", host.name)).toMatch(/OK/);
      for (const address of privateAddresses(host))
        expect(verify(leaf, "-verify_ip", address)).toMatch(/OK/);
      expect(verify(leaf, "-verify_hostname", "other.example")).toMatch(/hostname mismatch/);
    }
    const { domain } = loaded.blueprint;
    expect(verify(vault.need("web/tls.crt"), "-verify_hostname", domain)).toMatch(/OK/);
    expect(verify(vault.need("turn/tls.crt"), "-verify_hostname", `turn.${domain}`)).toMatch(/OK/);
    expect(verify(vault.need("web/tls.crt"), "-purpose", "sslclient")).toMatch(/error/);
  });

  it.each<[string, string[], string[]]>([
    ["a name of somebody else", ["www.voorbeeld.example"], []],
    ["another instance", ["control-1.lab-tweede.internal"], []],
    ["a name that only ends like ours", ["xvergaderen.voorbeeld.example"], []],
    ["an address outside", [], ["10.90.0.1"]],
    ["an IPv6 address outside", [], ["2001:db8::1"]],
  ])("the CA can't certify %s", async (_, dns, addresses) => {
    const authority = {
      key: vault.need("ca/instance.key"),
      certificate: vault.need("ca/instance.crt"),
    };
    const leaf = { commonName: "x", dns, addresses, use: ["server"] as const };
    const { certificate } = await newLeaf(authority, leaf, NOW, 10);
    expect(verify(certificate)).toMatch(/permitted subtree violation/);
  });

  it("holds the CA to mail and web addresses of nobody, and to no further CA", () => {
    const text = execFileSync("openssl", ["x509", "-noout", "-text"], {
      input: vault.need("ca/instance.crt"),
      encoding: "utf8",
    });
    expect(text).toMatch(/Name Constraints: critical/);
    expect(text).toMatch(/email:invalid/);
    expect(text).toMatch(/URI:invalid/);
    expect(text).toMatch(/CA:TRUE, pathlen:0/);
    expect(text).toMatch(/ecdsa-with-SHA384/);
  });

  it("renews a certificate with less than 30 days left, and security.txt with less than 60", async () => {
    const before = vault.need("tls/control-1.crt");
    expect(await ensureSecrets(loaded, vault, days(59))).toEqual([]);
    const renewed = await ensureSecrets(loaded, vault, days(61));
    expect(renewed.map(({ what }) => what)).not.toContain("made");
    expect(renewed).toContainEqual(
      expect.objectContaining({ name: "tls/control-1.crt", what: "renewed" }),
    );
    expect(vault.need("tls/control-1.crt")).not.toBe(before);
    const text = vault.need("web/security-txt-expires");
    expect(text).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/);
    await ensureSecrets(loaded, vault, days(305));
    expect(vault.need("web/security-txt-expires") > text).toBe(true);
    await ensureSecrets(loaded, vault, NOW);
  });

  it("gives the monitor one login for relays that ends, of the secret, and another with another secret", async () => {
    const name = "turn/monitor-login";
    const end = () => Number(vault.need(name).split(":")[0]) * 1000 - NOW.getTime();
    const isOfSecret = () => {
      const [user = "", password] = vault.need(name).split(" ");
      return password === restCredentialOf(vault.need("turn/shared-secret"), user);
    };
    vault.delete(name);
    await ensureSecrets(loaded, vault, NOW);
    expect([isOfSecret(), Math.round(end() / 86_400_000)]).toEqual([true, 90]);
    const before = vault.need(name);
    await ensureSecrets(loaded, vault, days(59));
    expect(vault.need(name)).toBe(before);
    await ensureSecrets(loaded, vault, days(61));
    expect([isOfSecret(), Math.round(end() / 86_400_000)]).toEqual([true, 151]);
    vault.set("turn/shared-secret", "another", "2026-11-24");
    await ensureSecrets(loaded, vault, NOW);
    expect(isOfSecret()).toBe(true);
  });

  it("only tells what it would make, where nothing is to be kept", async () => {
    const path = join(loaded.folder, "vault.yaml");
    const before = readFileSync(path, "utf8");
    const opened = await openVault(loaded, { identityFile: anna.identityFile });
    const told = await ensureSecrets(loaded, opened, days(61), "not saved");
    expect(told.length).toBeGreaterThan(0);
    expect(readFileSync(path, "utf8")).toBe(before);
    // It stands in the vault that is open, so that what refers to it is whole.
    expect(await ensureSecrets(loaded, opened, days(61), "not saved")).toEqual([]);
  });

  it("makes the account file of a password, and another with another", async () => {
    const before = vault.need("prosody/focus.dat");
    vault.set("prosody/focus-password", "another", "2026-11-24");
    expect(await ensureSecrets(loaded, vault, NOW)).toEqual([
      expect.objectContaining({ name: "prosody/focus.dat", what: "renewed" }),
    ]);
    expect(vault.need("prosody/focus.dat")).not.toBe(before);
  });

  it("certifies an SSH host only after a person confirmed it, as ssh-keygen sees it", async () => {
    const { pub } = newSshKey("root@control-1");
    const entry = recordHost(loaded.folder, "control-1", pub, "2026-11-24");
    expect(await ensureSecrets(loaded, vault, NOW)).toEqual([]);
    expect(vault.get("ssh/control-1.cert")).toBe("");
    expect(() => confirmHost(loaded.folder, "control-1", "SHA256:x", "a", "2026-11-24")).toThrow(
      /got SHA256:x, recorded is another/,
    );
    confirmHost(loaded.folder, "control-1", entry.fingerprint, "annakok", "2026-11-24");
    expect(await ensureSecrets(loaded, vault, NOW)).toHaveLength(1);
    expect(await ensureSecrets(loaded, vault, NOW)).toEqual([]);
    const list = execFileSync("ssh-keygen", ["-L", "-f", file(vault.need("ssh/control-1.cert"))], {
      encoding: "utf8",
    });
    const ca = execFileSync("ssh-keygen", ["-l", "-f", file(vault.need("ssh/ca.pub"))], {
      encoding: "utf8",
    });
    expect(list).toMatch(/ssh-ed25519-cert-v01@openssh.com host certificate/);
    expect(list).toContain(`ED25519 ${ca.split(" ")[1]} (using ssh-ed25519)`);
    expect(list).toContain("control-1.lab.internal");
    expect(
      execFileSync("ssh-keygen", ["-y", "-f", file(vault.need("ssh/ca.key"))], { encoding: "utf8" })
        .trim()
        .split(" ")
        .slice(0, 2),
    ).toEqual(vault.need("ssh/ca.pub").trim().split(" ").slice(0, 2));
    // Another machine in its place is refused.
    expect(() => recordHost(loaded.folder, "control-1", newSshKey("x").pub, "2026-11-24")).toThrow(
      /another machine, or made anew/,
    );
  });

  it("drops what belongs to a host that is gone", async () => {
    const hosts = loaded.blueprint.hosts.filter((host) => host.id !== "bridge-2");
    const smaller = { ...loaded, blueprint: { ...loaded.blueprint, hosts } };
    const dropped = await ensureSecrets(smaller, vault, NOW);
    expect(dropped.map(({ name, what }) => `${what} ${name}`)).toEqual([
      "dropped prosody/bridge-2-password",
      "dropped prosody/bridge-2.dat",
      "dropped tls/bridge-2.crt",
      "dropped tls/bridge-2.key",
    ]);
  });

  it("drops the account that all bridges once shared, and has one for each", async () => {
    vault.set("prosody/bridge-password", "0".repeat(64), "2026-01-01");
    vault.set("prosody/bridge.dat", "return {};", "2026-01-01");
    const changes = await ensureSecrets(loaded, vault, NOW);
    expect(changes.map(({ name, what }) => `${what} ${name}`)).toEqual(
      expect.arrayContaining(["dropped prosody/bridge-password", "dropped prosody/bridge.dat"]),
    );
    const [one, second] = ["bridge-1", "bridge-2"].map((id) =>
      vault.need(`prosody/${id}-password`),
    );
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(second).not.toBe(one);
  });

  it("makes another CA when the ranges are others, and every certificate with it", async () => {
    const zones = loaded.blueprint.zones.map((zone) => ({ ...zone, ipv6: "fd00:1::/64" }));
    const other = { ...loaded, blueprint: { ...loaded.blueprint, zones } };
    const changes = await ensureSecrets(other, vault, NOW);
    expect(changes).toContainEqual(
      expect.objectContaining({ name: "ca/instance.key", what: "renewed" }),
    );
    expect(changes).toContainEqual(expect.objectContaining({ name: "tls/turn-1.crt" }));
  });
});
