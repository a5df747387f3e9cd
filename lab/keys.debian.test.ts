import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { secretsOf } from "../modules/secrets/keyring/index.ts";
import { decryptText } from "../modules/secrets/vaults/ansible-vault.ts";
import {
  createVault,
  ensureSecrets,
  openVault,
  type Vault,
} from "../modules/secrets/vaults/index.ts";
import { type TestFolder, type TestPerson, testFolder } from "../modules/secrets/vaults/testing.ts";
import { type Canary, canariesBelow, canariesIn, watchProcesses } from "./testing/canary.ts";
import { polder, testInstance } from "./testing/polder.ts";
import { validatorRoot } from "./testing/validator-root.ts";

let place: TestFolder;
let anna: TestPerson;
let vault: Vault;
let root: string;

beforeAll(async () => {
  root = await validatorRoot();
  place = testFolder();
  anna = await place.person("annakok");
  const loaded = place.load([anna]);
  vault = await createVault(loaded, "instance");
  await ensureSecrets(loaded, vault);
  copyFileSync(anna.identityFile, join(place.folder, basename(anna.identityFile)));
}, 300_000);
afterAll(() => place?.remove());

/** Runs a Debian 13 program in the validators' root, with the instance's folder at /mnt. */
const inRoot = (...command: string[]) =>
  spawnSync(
    "unshare",
    [
      "-m",
      "sh",
      "-c",
      'mount --bind "$1" "$0/mnt"; shift; exec chroot "$0" "$@"',
      root,
      place.folder,
    ].concat(command),
    { encoding: "utf8" },
  );

describe("Debian 13's own programs", () => {
  it("age opens the key file, and ansible-vault the vault with what it gives", () => {
    const ran = inRoot("age", "-d", "-i", "/mnt/annakok.age", "/mnt/vault.key.age");
    expect(ran.stdout).toMatch(/^[0-9a-f]{64}\n$/);
    const file = join(place.folder, "vault.yaml");
    const ansibleVault = (...command: string[]) =>
      execFileSync(
        "bash",
        [
          "-c",
          '"$0" "$@" --vault-password-file <(printf %s "$PASSWORD")',
          join(import.meta.dirname, "../build/venv/bin/ansible-vault"),
          ...command,
        ],
        { encoding: "utf8", env: { ...process.env, PASSWORD: ran.stdout.trim(), PAGER: "cat" } },
      );
    const text = ansibleVault("view", file);
    expect(text).toContain(vault.need("turn/shared-secret"));
    // And the way back: what Ansible seals, with a label or without, is read here.
    for (const label of [[], ["--encrypt-vault-id", "default"]]) {
      const sealed = join(place.folder, "sealed-by-ansible");
      writeFileSync(`${sealed}.clear`, text);
      ansibleVault("encrypt", ...label, "--output", sealed, `${sealed}.clear`);
      expect(decryptText(readFileSync(sealed, "utf8"), ran.stdout.trim())).toBe(text);
    }
  });

  it("age refuses a stranger's identity", async () => {
    const eve = await place.person("evedewit");
    copyFileSync(eve.identityFile, join(place.folder, "eve.age"));
    const ran = inRoot("age", "-d", "-i", "/mnt/eve.age", "/mnt/vault.key.age");
    expect(ran.status).not.toBe(0);
    expect(ran.stderr).toContain("no identity matched");
  });

  it("Prosody's own code takes the account file's password, and no other", () => {
    writeFileSync(join(place.folder, "focus.dat"), vault.need("prosody/focus.dat"));
    writeFileSync(
      join(place.folder, "login.lua"),
      // What mod_auth_internal_hashed does with an account and a password.
      `package.path = "/usr/lib/?.lua;/usr/lib/prosody/?.lua;" .. package.path
package.cpath = "/usr/lib/?.so;/usr/lib/prosody/?.so;" .. package.cpath
require "prosody.loader"
require "prosody.util.sasl"
local hashers = require "prosody.util.sasl.scram".hashers
local hex = require "prosody.util.hex"
local account = require "prosody.util.envload".envloadfile("/mnt/focus.dat", {})()
local ok, stored, server = hashers["SHA-1"](io.read("a"), account.salt, account.iteration_count)
print(ok and hex.encode(stored) == account.stored_key and hex.encode(server) == account.server_key)
`,
    );
    const login = (password: string) =>
      spawnSync(
        "unshare",
        [
          "-m",
          "sh",
          "-c",
          'mount --bind "$1" "$0/mnt"; exec chroot "$0" lua5.4 /mnt/login.lua',
          root,
          place.folder,
        ],
        { encoding: "utf8", input: password },
      );
    const ran = login(vault.need("prosody/focus-password"));
    expect(ran.stderr + ran.stdout).toBe("true\n");
    expect(login(vault.need("prosody/bridge-1-password")).stdout).toBe("false\n");
  });
});

describe("no secret of a vault", () => {
  it("is in arguments, environments, output or any file that `polder keys` leaves", async () => {
    const instance = testInstance("lab", "t-keys");
    const temp = mkdtempSync(join(tmpdir(), "polder-canary-"));
    const home = join(temp, "home");
    const env = { POLDER_AGE_IDENTITY: anna.identityFile, TMPDIR: temp, HOME: home };
    const keys = (...args: string[]) => polder(["keys", ...args], { env });
    try {
      const { name, user, recipient } = anna;
      const key = `ssh-ed25519 ${Buffer.concat([Buffer.from("0000000b7373682d6564323535313900000020", "hex"), Buffer.alloc(32, 9)]).toString("base64")}`;
      const admins = [{ name, user, key, age: recipient, issuer: true }];
      writeFileSync(join(instance.folder, "admins.yaml"), JSON.stringify({ admins }));
      instance.edit((text) => text.replace("source: instance-ca", "source: file"));
      await keys("init", instance.folder);
      const canaries = async (): Promise<Canary[]> => {
        const loaded = instance.load();
        const both = ["instance", "issuer"] as const;
        const vaults = await Promise.all(
          both.map((kind) => openVault(loaded, { identityFile: anna.identityFile, kind })),
        );
        const open = new Set(
          secretsOf(loaded.blueprint).flatMap((spec) => (spec.public ? [spec.name] : [])),
        );
        return vaults.flatMap((one) => [
          { name: `password of ${one.kind}`, value: one.password() },
          ...one
            .names()
            .filter((secret) => !open.has(secret) && !/crt$|dat$|cert$/.test(secret))
            // The second line of a PEM: its first is every PEM's.
            .map((secret) => ({
              name: secret,
              value: (one.need(secret).split("\n")[1] || one.need(secret)).trim(),
            })),
        ]);
      };
      const known = await canaries();
      expect(known.length).toBeGreaterThan(15);
      const ran = [];
      const watch = watchProcesses(known, { places: ["cmdline", "environ"], every: 20 });
      ran.push(await keys("list", instance.folder), await keys("request", instance.folder));
      ran.push(
        await keys("check", instance.folder),
        await keys("rotate", instance.folder, "tls/turn-1.key"),
      );
      ran.push(
        await keys("rekey", instance.folder),
        await keys("install", instance.folder, "web", anna.identityFile),
      );
      ran.push(await keys("rotate", instance.folder, "no/such"));
      const soon = new Date(Date.now() + 86_400_000).toISOString().slice(0, 16);
      const meeting = ["--starts", soon, "--minutes", "60", "--zone", "UTC"];
      ran.push(
        await keys("rotate", instance.folder, "gate/rooms.keys"),
        await keys("rotate", instance.folder, "issuer/token-signing.key"),
        await polder(["invite", instance.folder, ...meeting], { env }),
      );
      const seen = watch.stop();
      expect(watch.looks()).toBeGreaterThan(20);
      const all = [...known, ...(await canaries())];
      const said = ran.map(({ stdout, stderr }) => stdout + stderr).join("\n");
      expect(ran.map(({ code }) => code)).toEqual([0, 0, 1, 0, 0, 2, 2, 0, 0, 0]);
      expect(canariesIn(Buffer.from(said), all)).toEqual([]);
      expect([...canariesBelow(instance.folder, all), ...canariesBelow(temp, all)]).toEqual([]);
      expect(seen).toEqual([]);
      // The hunt finds what is planted.
      writeFileSync(join(temp, "planted"), Buffer.from(known[3]?.value ?? "").toString("base64"));
      expect(canariesBelow(temp, known)).toHaveLength(1);
    } finally {
      instance.forget();
      rmSync(temp, { recursive: true });
    }
  }, 300_000);
});
