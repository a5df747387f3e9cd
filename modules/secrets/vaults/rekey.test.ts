import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LoadedInstance } from "../../workspace/index.ts";
import { seal } from "./age.ts";
import { createVault, ensureSecrets, openVault, rekey, type Vault } from "./index.ts";
import { type TestFolder, type TestPerson, testFolder } from "./testing.ts";

const NOW = new Date();

let place: TestFolder;
let anna: TestPerson;
let bram: TestPerson;
let loaded: LoadedInstance;
let vault: Vault;
const at = (name: string): string => join(place.folder, name);

// Its keys take seconds to make: each test begins with a copy of the same vault.
const filled = mkdtempSync(join(tmpdir(), "polder-filled-"));
beforeAll(async () => {
  place = testFolder();
  anna = await place.person("annakok");
  bram = await place.person("bramvos");
  loaded = place.load([anna, bram]);
  await ensureSecrets(loaded, await createVault(loaded, "instance"), NOW);
  cpSync(place.folder, filled, { recursive: true });
});
beforeEach(async () => {
  for (const name of readdirSync(place.folder)) rmSync(at(name), { recursive: true });
  cpSync(filled, place.folder, { recursive: true });
  loaded = place.load([anna, bram]);
  vault = await openVault(loaded, { identityFile: anna.identityFile });
});
afterAll(() => {
  place.remove();
  rmSync(filled, { recursive: true });
});

describe("a vault", () => {
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

  it("seals both to the envelope's key, too, where the instance has one", async () => {
    const envelope = await place.person("noodsleutel");
    const blueprint = { ...loaded.blueprint, breakGlass: envelope.recipient };
    const mine = await openVault(loaded, { identityFile: anna.identityFile });
    const { gained } = await rekey({ ...loaded, blueprint }, mine);
    expect(gained).toEqual(["break-glass"]);
    const opened = await openVault(loaded, { identityFile: envelope.identityFile });
    expect(opened.need("turn/shared-secret")).toBe(vault.need("turn/shared-secret"));
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
