import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LoadedInstance } from "../workspace/index.ts";
import { createVault, ensureSecrets, rotate, type Vault } from "./index.ts";
import { type TestFolder, testFolder } from "./testing.ts";

const NOW = new Date();
let place: TestFolder;
let loaded: LoadedInstance;
let vault: Vault;

beforeAll(async () => {
  place = testFolder();
  loaded = place.load([await place.person("annakok")]);
  vault = await createVault(loaded, "instance");
  await ensureSecrets(loaded, vault, NOW);
});
afterAll(() => place.remove());

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
      ...before.split("\n"),
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
    await rotate(loaded, vault, undefined, new Date(NOW.getTime() + 2 * 86_400_000));
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
