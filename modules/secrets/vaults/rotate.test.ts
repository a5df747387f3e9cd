import { createPrivateKey, createPublicKey } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LoadedInstance } from "../../workspace/index.ts";
import { secretsOf } from "../keyring/index.ts";
import {
  createVault,
  ensureSecrets,
  openVault,
  recordHost,
  recordSteps,
  rotate,
  rotationOf,
  type Vault,
} from "./index.ts";
import { type TestFolder, type TestPerson, testFolder } from "./testing.ts";

const NOW = new Date();
let place: TestFolder;
let loaded: LoadedInstance;
let vault: Vault;
let anna: TestPerson;

beforeAll(async () => {
  place = testFolder();
  anna = await place.person("annakok", true);
  loaded = place.load([anna]);
  vault = await createVault(loaded, "instance");
  await ensureSecrets(loaded, vault, NOW);
});
afterAll(() => place.remove());

describe("rotate", () => {
  it.each([
    "turn/accepted-secrets",
    "prosody/focus-password",
    "prosody/bridge-1.dat",
    "monitor/security.recipient",
    "gate/rooms.keys",
    "gate/pseudonym.key",
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

  it("changes the relays' secret in three steps: coturn knows what Prosody uses, before and after a converge", async () => {
    const accepted = () => JSON.parse(vault.need("turn/accepted-secrets")) as string[];
    // Whatever an earlier test began.
    while (accepted().length > 1) await rotate(loaded, vault, "turn/shared-secret", NOW);
    const [first, login] = [vault.need("turn/shared-secret"), vault.need("turn/monitor-login")];
    const told: string[] = [];
    for (const count of [2, 2, 1]) {
      const [onHosts, used] = [accepted(), vault.need("turn/shared-secret")];
      told.push(...(await rotate(loaded, vault, "turn/accepted-secrets", NOW)));
      expect(accepted()).toHaveLength(count);
      expect(onHosts).toContain(vault.need("turn/shared-secret"));
      expect(accepted()[0]).toBe(vault.need("turn/shared-secret"));
      // Until Prosody is converged it goes on with the old one; the third step is the one that drops it.
      if (count === 2) expect(accepted()).toContain(used);
    }
    expect(told.map((line) => /step (\d)/.exec(line)?.[1])).toEqual(["1", "2", "3"]);
    expect(vault.need("turn/shared-secret")).not.toBe(first);
    expect(accepted()).toEqual([vault.need("turn/shared-secret")]);
    expect(vault.need("turn/monitor-login")).not.toBe(login);
    expect(vault.names().filter((name) => /turn.*secret/.test(name))).toEqual([
      "turn/accepted-secrets",
      "turn/shared-secret",
    ]);
  });

  it("keeps the older pseudonyms' keys in the vault, and gives hosts the newest alone", async () => {
    const before = vault.need("gate/pseudonym.key");
    await rotate(loaded, vault, "gate/pseudonym.key", NOW);
    expect(vault.need("gate/pseudonym.key")).toMatch(/^[0-9a-f]{64}$/);
    expect(vault.need("gate/pseudonym-older.keys").split("\n")[0]).toBe(before);
    const known = secretsOf(loaded.blueprint).map(({ name }) => name);
    expect(known).not.toContain("gate/pseudonym-older.keys");
  });

  it("all: every secret that isn't a certificate of three steps or of others is another", async () => {
    const before = new Map(vault.names().map((name) => [name, vault.get(name)]));
    await rotate(loaded, vault, undefined, new Date(NOW.getTime() + 2 * 86_400_000));
    const same = vault
      .names()
      .filter((name) => vault.get(name) && vault.get(name) === before.get(name));
    expect(same).toEqual(["ca/instance.key", "turn/monitor-login", "turn/shared-secret"]);
  });

  it("of an unknown name offers the nearest one", async () => {
    await expect(rotate(loaded, vault, "turn/shared-secrets", NOW)).rejects.toThrow(
      /did you mean "turn\/shared-secret"\?/,
    );
  });
});

describe("the issuer's keys", () => {
  const published = () =>
    readFileSync(join(place.folder, "token-keys.pem"), "utf8").split(/(?<=END PUBLIC KEY-----\n)/);
  const halfOf = (key: string) => createPublicKey(key).export({ type: "spki", format: "pem" });
  let issuer: Vault;

  beforeAll(async () => {
    issuer = await createVault(loaded, "issuer");
    await ensureSecrets(loaded, issuer, NOW);
  });
  const rotateTokens = () => rotate(loaded, issuer, "issuer/token-signing.key", NOW);
  const signs = () => issuer.need("issuer/token-signing.key");

  it("sign by RSA of 3072 bits, and their public half lies in the instance's folder", async () => {
    const key = createPrivateKey(signs());
    expect([key.asymmetricKeyType, key.asymmetricKeyDetails?.modulusLength]).toEqual(["rsa", 3072]);
    expect(published()).toEqual([halfOf(signs())]);
    const opened = await openVault(loaded, { identityFile: anna.identityFile });
    expect(opened.need("gate/tokens.pem")).toBe(published().join(""));
    expect(readFileSync(opened.path, "utf8")).not.toContain("PUBLIC KEY");
  });

  it("change in three steps: a host always knows what signs, before and after its converge", async () => {
    const first = signs();
    const told: string[] = [];
    for (const count of [2, 2, 1]) {
      const onHosts = published();
      told.push(...(await rotateTokens()));
      for (const known of [onHosts, published()]) expect(known).toContain(halfOf(signs()));
      expect(published()).toHaveLength(count);
    }
    expect(told.map((line) => /step (\d)/.exec(line)?.[1])).toEqual(["1", "2", "3"]);
    expect(signs()).not.toBe(first);
    expect(published()).toEqual([halfOf(signs())]);
    expect(issuer.names()).toEqual(["issuer/log-signing.key", "issuer/token-signing.key"]);
  });

  it("of the log: a new one on top of the old, which hands over", async () => {
    const first = issuer.need("issuer/log-signing.key");
    await rotate(loaded, issuer, "issuer/log-signing.key", NOW);
    const [next, old, ...rest] = issuer
      .need("issuer/log-signing.key")
      .split(/(?<=END PRIVATE KEY-----\n)/);
    expect([old, rest]).toEqual([first, []]);
    expect(createPrivateKey(next as string).asymmetricKeyType).toBe("ed25519");
  });

  it("have public halves that come again when the file is gone, and none while there is no issuer", async () => {
    const before = published();
    rmSync(join(place.folder, "token-keys.pem"));
    const opened = await openVault(loaded, { identityFile: anna.identityFile });
    expect(opened.need("gate/tokens.pem")).toBe("");
    await ensureSecrets(loaded, issuer, NOW);
    expect(published()).toEqual(before);
  });
});

describe("the next step of a rotation", () => {
  let place: TestFolder;
  let loaded: LoadedInstance;
  let vault: Vault;
  const STEPPED = ["ca/instance.key", "gate/rooms.keys", "turn/shared-secret"];
  const shown = () =>
    STEPPED.map((name) => rotationOf(loaded, vault, name)).map((one) => [one?.done, one?.behind]);
  const converged = (...ids: string[]) => recordSteps(loaded, vault, ids);
  const all = () => loaded.blueprint.hosts.map(({ id }) => id);

  beforeAll(async () => {
    place = testFolder();
    loaded = place.load([await place.person("annakok", true)]);
    vault = await createVault(loaded, "instance");
    await ensureSecrets(loaded, vault, NOW);
    const key = (i: number) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(42)}${i}`;
    for (const [i, { id }] of loaded.blueprint.hosts.entries())
      recordHost(place.folder, id, key(i), "2026-11-27");
    converged(...all());
  });
  afterAll(() => place.remove());

  it.each(STEPPED)("of %s is refused until the hosts have the last one", async (name) => {
    const values = () => vault.names().map((one) => vault.get(one));
    for (const step of [1, 2, 3]) {
      expect((await rotate(loaded, vault, name, NOW))[0]).toContain(`step ${step} of 3`);
      const had = values();
      await expect(rotate(loaded, vault, name, NOW)).rejects.toThrow(
        /its next step waits: .*control-1.* run with the last one yet.*polder converge lab`, with --restart/,
      );
      expect(values()).toEqual(had);
      converged(...all());
    }
  });

  it("is told of each host that is behind, and of none that doesn't hold it", async () => {
    expect(shown()).toEqual(STEPPED.map(() => [0, []]));
    await rotate(loaded, vault, "turn/shared-secret", NOW);
    const holders = ["control-1", "monitor-1", ...all().filter((id) => id.startsWith("turn-"))];
    expect(rotationOf(loaded, vault, "turn/shared-secret")).toEqual({ done: 1, behind: holders });
    converged("control-1", "bridge-1", "monitor-1");
    expect(rotationOf(loaded, vault, "turn/shared-secret")?.behind).toEqual(holders.slice(2));
    converged(...all());
    expect(rotationOf(loaded, vault, "turn/shared-secret")).toEqual({ done: 1, behind: [] });
    expect(rotationOf(loaded, vault, "turn/tls.key")).toBeUndefined();
  });

  it("waits alone: what else --all makes anew is made", async () => {
    await rotate(loaded, vault, undefined, NOW);
    const password = vault.need("alarm/token");
    const step = rotationOf(loaded, vault, "gate/rooms.keys")?.done;
    const lines = await rotate(loaded, vault, undefined, NOW);
    expect(lines.filter((line) => line.includes("its next step waits")).length).toBe(3);
    expect(vault.need("alarm/token")).not.toBe(password);
    expect(rotationOf(loaded, vault, "gate/rooms.keys")?.done).toBe(step);
  });

  it("isn't held up by a host that was never visited, and written down without a value", async () => {
    const text = readFileSync(join(place.folder, "hosts.yaml"), "utf8");
    for (const secret of JSON.parse(vault.need("turn/accepted-secrets")) as string[])
      expect(text).not.toContain(secret);
    rmSync(join(place.folder, "hosts.yaml"));
    expect((await rotate(loaded, vault, "gate/rooms.keys", NOW))[0]).toContain("of 3");
  });
});
