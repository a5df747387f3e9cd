import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadFeatures } from "../../workspace/index.ts";
import { keyIdOf, linkOf, signToken, type Ticket } from "./index.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 3072,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
const { off, left } = loadFeatures();
const ROOM = "7we65xwrt3z3p8w3et9jamyhcj1190fp0dzc76s43z508zv";
const guest: Ticket = {
  domain: "vergaderen.voorbeeld.example",
  room: ROOM,
  role: "guest",
  id: "a".repeat(26),
  person: "b".repeat(26),
  issued: 1_700_000_000,
  from: 1_700_000_100,
  until: 1_700_003_600,
};
const moderator: Ticket = { ...guest, role: "moderator", name: "Anna Kok" };
const read = (token: string) =>
  token
    .split(".")
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, "base64url").toString()));

describe("a token", () => {
  const folder = mkdtempSync(join(tmpdir(), "polder-tokens-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("says this and nothing else", async () => {
    const [header, claims] = read(await signToken(guest, ["recording"], privateKey));
    expect(header).toEqual({ alg: "RS256", typ: "JWT", kid: keyIdOf(publicKey) });
    expect(claims).toEqual({
      iss: "issuer.vergaderen.voorbeeld.example",
      aud: "meet.vergaderen.voorbeeld.example",
      sub: "vergaderen.voorbeeld.example",
      room: ROOM,
      role: "guest",
      iat: 1_700_000_000,
      nbf: 1_700_000_100,
      exp: 1_700_003_600,
      jti: "a".repeat(26),
      context: {
        user: { id: "b".repeat(26), affiliation: "member" },
        features: { recording: false },
      },
    });
  });

  it("of a moderator has a name and owns the room", async () => {
    const [, claims] = read(await signToken(moderator, off, privateKey));
    expect(claims.context.user).toEqual({
      id: "b".repeat(26),
      affiliation: "owner",
      name: "Anna Kok",
    });
  });

  it("switches every feature off that leads out of the meeting, and names no other", async () => {
    const [, claims] = read(await signToken(guest, off, privateKey));
    expect(Object.values(claims.context.features)).toEqual(off.map(() => false));
    expect(Object.keys(claims.context.features)).toEqual(
      expect.arrayContaining(["recording", "livestreaming", "transcription", "outbound-call"]),
    );
    expect(left.filter((name) => off.includes(name))).toEqual([]);
  });

  it("is signed as openssl checks it, by a key that openssl names alike", async () => {
    const token = await signToken(moderator, off, privateKey);
    const at = (name: string, bytes: string | Buffer) => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    const key = at("key", publicKey);
    const [head, body, signature] = token.split(".") as [string, string, string];
    const signed = at("signature", Buffer.from(signature, "base64url"));
    const verify = (text: string) =>
      spawnSync("openssl", ["dgst", "-sha256", "-verify", key, "-signature", signed], {
        input: text,
        encoding: "utf8",
      }).stdout.trim();
    expect(verify(`${head}.${body}`)).toBe("Verified OK");
    expect(verify(`${head}.${body}x`)).toBe("Verification failure");
    const sum = spawnSync("sh", ["-c", `openssl pkey -pubin -in ${key} -outform DER | sha256sum`], {
      encoding: "utf8",
    });
    expect(keyIdOf(privateKey)).toBe(sum.stdout.slice(0, 16));
  });

  it("with the longest domain and name stays below 4,096 bytes", async () => {
    const domain = `${"d".repeat(60)}.${"d".repeat(60)}.${"d".repeat(60)}.${"d".repeat(60)}.example`;
    const token = await signToken(
      { ...moderator, domain, name: "\u{1F600}".repeat(64) },
      off,
      privateKey,
    );
    expect(token.length).toBeLessThan(4096);
  });

  it.each([
    ["ends before it begins", { until: guest.from }],
    ["counts for more than a day", { until: guest.from + 86_401 }],
  ])("that %s is none", async (_, change) => {
    expect(() => signToken({ ...guest, ...change }, off, privateKey)).toThrow("is no meeting");
  });
});

it("a link carries its token where a browser keeps it, as Jitsi Meet reads it", async () => {
  const token = await signToken(guest, off, privateKey);
  const link = new URL(linkOf(guest.domain, ROOM, token));
  expect(link.origin + link.pathname).toBe(`https://${guest.domain}/${ROOM}`);
  expect(link.search).toBe("");
  const [name, value] = link.hash.slice(1).split("=") as [string, string];
  expect([name, JSON.parse(decodeURIComponent(value))]).toEqual(["jwt", token]);
});
