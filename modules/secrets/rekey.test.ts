import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { secretsOf } from "../keyring/index.ts";
import type { LoadedInstance } from "../workspace/index.ts";
import { seal } from "./age.ts";
import { createVault, ensureSecrets, openVault, rekey, rotate, type Vault } from "./index.ts";
import { type TestFolder, type TestPerson, testFolder } from "./testing.ts";

const NOW = new Date();
const OURS = join(import.meta.dirname, "../../build/venv/bin/ansible-vault");
const ansibleVault = existsSync(OURS) ? OURS : "ansible-vault";

let place: TestFolder;
let anna: TestPerson;
let bram: TestPerson;
let loaded: LoadedInstance;
let vault: Vault;
const at = (name: string): string => join(place.folder, name);

beforeEach(async () => {
  place = testFolder();
  anna = await place.person("annakok");
  bram = await place.person("bramvos");
  loaded = place.load([anna, bram]);
  vault = await createVault(loaded, "instance");
  await ensureSecrets(loaded, vault, NOW);
});
afterEach(() => place.remove());

/** The vault's text by nothing but others' programs, as an auditor would: age, then ansible-vault. */
function byOthers(
  person: TestPerson,
  key = at("vault.key.age"),
  values = at("vault.yaml"),
): string {
  const age = spawnSync("age", ["-d", "-i", person.identityFile, key], { encoding: "utf8" });
  if (age.status !== 0) return "";
  return execFileSync(
    "bash",
    ["-c", '"$0" view --vault-password-file <(printf %s "$PASSWORD") "$1"', ansibleVault, values],
    { encoding: "utf8", env: { ...process.env, PASSWORD: age.stdout.trim(), PAGER: "cat" } },
  );
}
const hasAge = spawnSync("age", ["--version"]).status === 0;

describe("a vault", () => {
  it.skipIf(!hasAge)("[real-age] opens by the real age and ansible-vault, for each person", () => {
    for (const person of [anna, bram]) expect(byOthers(person)).toContain("BEGIN PRIVATE KEY");
  });

  it("is readable by nobody else on the machine, in neither file, and holds no value in clear", () => {
    for (const name of ["vault.yaml", "vault.key.age"]) {
      expect(statSync(at(name)).mode & 0o777).toBe(0o600);
      const text = readFileSync(at(name), "utf8");
      for (const secret of vault.names().filter((one) => (vault.get(one) ?? "").length > 20))
        expect(text).not.toContain(vault.get(secret));
    }
  });

  it("says nothing when it is printed", () => {
    const secret = vault.need("turn/shared-secret");
    const { inspect } = require("node:util") as typeof import("node:util");
    expect(inspect(vault, { depth: 9, showHidden: true })).not.toContain(secret);
    expect(JSON.stringify(vault)).not.toContain(secret);
  });

  it("isn't opened by a stranger's identity, nor by a file that holds none", async () => {
    const eve = await place.person("evedewit");
    await expect(openVault(loaded, { identityFile: eve.identityFile })).rejects.toThrow(
      /vault\.key\.age: not sealed to the age identity in .*evedewit\.age: somebody/,
    );
    writeFileSync(at("x.age"), "AGE-SECRET-KEY-1ABC\n");
    const refused = openVault(loaded, { identityFile: at("x.age") });
    await expect(refused).rejects.toThrow(/holds something else than age identities/);
    await expect(openVault(loaded, { identityFile: at("none") })).rejects.toThrow(
      /no age identity here: name yours by --identity/,
    );
  });

  it("with a key file of another time is a clear line", async () => {
    writeFileSync(at("vault.key.age"), await seal("another\n", [anna.recipient]));
    await expect(openVault(loaded, { identityFile: anna.identityFile })).rejects.toThrow(
      /doesn't open with its sealed password: it was changed or is from another time/,
    );
  });

  it("cut short or changed is a clear line without a value", async () => {
    const text = readFileSync(at("vault.yaml"), "utf8");
    for (const bad of [text.slice(0, text.length / 2), text.replace(/\d{4}\n$/, "0000\n"), ""]) {
      writeFileSync(at("vault.yaml"), bad);
      await expect(openVault(loaded, { identityFile: anna.identityFile })).rejects.toThrow(
        /take both from one commit/,
      );
    }
  });

  it("isn't written over what somebody else wrote meanwhile", async () => {
    const mine = await openVault(loaded, { identityFile: anna.identityFile });
    const theirs = await openVault(loaded, { identityFile: bram.identityFile });
    theirs.set("alarm/token", "theirs", "2026-11-24");
    await theirs.save();
    mine.set("alarm/token", "mine", "2026-11-24");
    await expect(mine.save()).rejects.toThrow(/written by somebody else meanwhile/);
    const now = await openVault(loaded, { identityFile: anna.identityFile });
    expect(now.get("alarm/token")).toBe("theirs");
  });

  it("can't be made for nobody", async () => {
    const nobody = { ...loaded, blueprint: { ...loaded.blueprint, admins: [] } };
    await expect(createVault(nobody, "instance")).rejects.toThrow(/no admin has an age recipient/);
    await expect(createVault(loaded, "issuer")).rejects.toThrow(/no admin .* has issuer: true/);
  });
});

describe("rekey", () => {
  it("shuts out who left, lets in who came, and says so", async () => {
    const cees = await place.person("ceesbos");
    const after = place.load([anna, cees]);
    const mine = await openVault(after, { identityFile: anna.identityFile });
    expect(await rekey(after, mine)).toMatchObject({
      gained: [cees.name],
      lost: [bram.name],
      people: [anna.name, cees.name],
    });
    const left = openVault(after, { identityFile: bram.identityFile });
    await expect(left).rejects.toThrow(/not sealed to the age identity/);
    const came = await openVault(after, { identityFile: cees.identityFile });
    expect(came.need("turn/shared-secret")).toBe(vault.need("turn/shared-secret"));
  });

  it("takes another password: the one that a leaver knows opens nothing", async () => {
    const before = vault.password();
    copyFileSync(at("vault.key.age"), at("old.key.age"));
    const after = place.load([anna]);
    const mine = await openVault(after, { identityFile: anna.identityFile });
    await rekey(after, mine);
    expect(mine.password()).not.toBe(before);
    copyFileSync(at("old.key.age"), at("vault.key.age"));
    await expect(openVault(after, { identityFile: bram.identityFile })).rejects.toThrow(
      /doesn't open with its sealed password/,
    );
  });

  it("interrupted between its files still opens, and goes on", async () => {
    const after = place.load([anna]);
    const mine = await openVault(after, { identityFile: anna.identityFile });
    // The first step alone: the key file holds a new password and the old one.
    const both = `${"0".repeat(64)}\n${mine.password()}\n`;
    writeFileSync(at("vault.key.age"), await seal(both, [anna.recipient]));
    const again = await openVault(after, { identityFile: anna.identityFile });
    expect(again.get("turn/shared-secret")).toBe(vault.get("turn/shared-secret"));
    await rekey(after, again);
    const end = await openVault(after, { identityFile: anna.identityFile });
    expect(end.password()).not.toBe(mine.password());
  });
});

describe("rotate", () => {
  it.each([
    "turn/shared-secret",
    "prosody/focus-password",
    "prosody/bridge.dat",
    "monitor/security.recipient",
    "alarm/token",
    "tls/turn-1.crt",
    "web/tls.key",
    "ssh/ca.pub",
    "web/security-txt-expires",
  ])("%s: another value, and a line that says what to do", async (name) => {
    const before = vault.need(name);
    const later = new Date(NOW.getTime() + 86_400_000);
    const lines = await rotate(loaded, vault, name, later);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("polder converge");
    expect(vault.need(name)).not.toBe(before);
    expect(await ensureSecrets(loaded, vault, later)).toEqual([]);
  });

  it("keeps what opens the older logs", async () => {
    const before = vault.need("monitor/security.identity").trim();
    await rotate(loaded, vault, "monitor/security.identity", NOW);
    expect(vault.need("monitor/security.identity").trim().split("\n")).toEqual([
      expect.stringMatching(/^AGE-SECRET-KEY-1/),
      before,
    ]);
  });

  it("changes the CA in three steps, and no host is ever shown what it doesn't trust yet", async () => {
    const trusted = () => vault.need("ca/instance.crt");
    const first = trusted();
    const leaf = vault.need("tls/turn-1.crt");
    expect((await rotate(loaded, vault, "ca/instance.key", NOW))[0]).toContain("step 1 of 3");
    expect(trusted().startsWith(first)).toBe(true);
    expect(trusted().length).toBeGreaterThan(first.length);
    expect(vault.need("tls/turn-1.crt")).toBe(leaf);
    expect((await rotate(loaded, vault, "ca/instance.crt", NOW))[0]).toContain("step 2 of 3");
    expect(trusted().endsWith(first)).toBe(true);
    expect(vault.need("tls/turn-1.crt")).not.toBe(leaf);
    expect((await rotate(loaded, vault, "ca/instance.key", NOW))[0]).toContain("step 3 of 3");
    expect(trusted()).not.toContain(first);
    expect(vault.names().filter((name) => name.startsWith("ca/"))).toEqual([
      "ca/instance.crt",
      "ca/instance.key",
    ]);
  });

  it("all: every secret that isn't a certificate of three steps or of others is another", async () => {
    const before = new Map(vault.names().map((name) => [name, vault.get(name)]));
    await rotate(loaded, vault, undefined, new Date(NOW.getTime() + 86_400_000));
    const same = vault
      .names()
      .filter((name) => vault.get(name) && vault.get(name) === before.get(name));
    expect(same).toEqual(["ca/instance.key"]);
  });

  it("of an unknown name offers the nearest one", async () => {
    await expect(rotate(loaded, vault, "turn/shared-secrets", NOW)).rejects.toThrow(
      /did you mean "turn\/shared-secret"\?/,
    );
  });
});

it("no tree may refer to what never is on a host", () => {
  const never = secretsOf(loaded.blueprint).filter((spec) => spec.hosts.length === 0);
  expect(never.map((spec) => spec.name)).toEqual(
    expect.arrayContaining(["ca/instance.key", "ssh/ca.key", "monitor/security.identity"]),
  );
});
