import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createVault, ensureSecrets, type Vault } from "../modules/secrets/index.ts";
import { type TestFolder, type TestPerson, testFolder } from "../modules/secrets/testing.ts";
import { judgeRoot } from "./testing/judge-root.ts";

let place: TestFolder;
let anna: TestPerson;
let vault: Vault;
let root: string;

beforeAll(async () => {
  root = await judgeRoot();
  place = testFolder();
  anna = await place.person("annakok");
  const loaded = place.load([anna]);
  vault = await createVault(loaded, "instance");
  await ensureSecrets(loaded, vault);
  copyFileSync(anna.identityFile, join(place.folder, basename(anna.identityFile)));
}, 300_000);
afterAll(() => place.remove());

/** Runs a Debian 13 program in the judges' root, with the instance's folder at /mnt. */
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
    const text = execFileSync(
      "bash",
      [
        "-c",
        '"$0" view --vault-password-file <(printf %s "$PASSWORD") "$1"',
        join(import.meta.dirname, "../build/venv/bin/ansible-vault"),
        join(place.folder, "vault.yaml"),
      ],
      { encoding: "utf8", env: { ...process.env, PASSWORD: ran.stdout.trim(), PAGER: "cat" } },
    );
    expect(text).toContain(vault.need("turn/shared-secret"));
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
    expect(login(vault.need("prosody/bridge-password")).stdout).toBe("false\n");
  });
});
