import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  addToIssueLog,
  type Entry,
  type IssueLog,
  keysInUse,
  logKeyPrint,
  readIssueLog,
  revokedText,
  sumOf,
} from "./index.ts";

const FILE = "issued.jsonl";
const newKey = () =>
  generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }) as string;
const key = newKey();
const writer = { by: "annakok", now: new Date("2026-11-25T10:00:00.123Z"), keys: key };
const EMPTY = readIssueLog("", FILE);
const issued = (id: string, until = 2000): Entry => ({
  kind: "token",
  id: id.repeat(26),
  role: "guest",
  person: "p".repeat(26),
  room: sumOf("room"),
  from: 1000,
  until,
  roomUntil: 3000,
  tokenKey: "0123456789abcdef",
  roomKey: 4,
});
const add = (log: IssueLog, entries: readonly Entry[], keys = key) =>
  addToIssueLog(log, entries, { ...writer, keys }, FILE);
const three = add(add(EMPTY, [issued("a")]), [issued("b"), issued("c")]);

describe("the log", () => {
  it("begins with its key, numbers and links its lines, and is read as it was written", () => {
    expect(three.lines.map(({ number, entry }) => [number, entry.kind])).toEqual([
      [1, "key"],
      [2, "token"],
      [3, "token"],
      [4, "token"],
    ]);
    expect(three.lines[1]).toMatchObject({ at: "2026-11-25T10:00:00Z", by: "annakok" });
    expect(readIssueLog(three.text, FILE)).toEqual(three);
    expect(three.head).toBe(sumOf(three.text.trimEnd().split("\n").at(-1) ?? ""));
  });

  it("is only ever added to", () => {
    const more = add(three, [issued("d")]);
    expect(more.text.startsWith(three.text)).toBe(true);
    expect(more.lines).toHaveLength(5);
  });

  const lines = three.text.trimEnd().split("\n");
  const put = (...some: (string | undefined)[]) => some.map((line) => `${line}\n`).join("");
  const [one, two, last, end] = lines;
  const stranger = addToIssueLog(EMPTY, [issued("a")], { ...writer, keys: newKey() }, FILE);
  it.each([
    ["a changed letter", three.text.replace('"guest"', '"owner"'), 2],
    ["another role", three.text.replace('"guest"', '"moderator"'), 2],
    ["a changed signature", put(one, two?.replace(/.{20}"\}$/, `${"A".repeat(20)}"}`)), 2],
    ["a line taken out", put(one, last, end), 2],
    ["the first line taken out", put(two, last, end), 1],
    ["two lines the other way round", put(one, last, two, end), 2],
    ["a line twice", put(one, two, two), 3],
    ["a line of another log", put(one, stranger.text.split("\n")[1]), 2],
    ["another log behind it", three.text + stranger.text, 5],
    ["a cut in the last line", three.text.slice(0, -10), 4],
    ["a word", put(one, "hello"), 2],
    ["a blank line", put(one, "", two), 2],
    ["another member", put(one, two?.replace('"by"', '"x":1,"by"')), 2],
  ])("is refused with %s, at its line", (_, text, line) => {
    expect(() => readIssueLog(text, FILE)).toThrow(new RegExp(`^${FILE}:${line}:1: `));
  });

  it("isn't written by whoever hasn't its key", () => {
    expect(() => add(three, [issued("d")], newKey())).toThrow(
      /SHA256:.* isn't in the issuer vault/,
    );
  });

  it("is handed over to a newer key by the older one, also over a key that never signed", () => {
    const [next, newest] = [newKey(), newKey()];
    const more = add(three, [issued("d")], newest + next + key);
    expect(more.lines.map(({ entry }) => entry.kind).slice(4)).toEqual(["key", "token"]);
    expect(() => add(more, [issued("e")])).toThrow(/isn't in the issuer vault/);
    expect(add(more, [issued("e")], newest).lines).toHaveLength(7);
  });
});

describe("openssl", () => {
  const folder = mkdtempSync(join(tmpdir(), "polder-log-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("takes a line by what docs/invitations.md shows, and not a changed one", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/invitations.md"), "utf8");
    const shown = /^```sh\n([\s\S]*?)^```/m.exec(page)?.[1] ?? "";
    const ran = (text: string) => {
      writeFileSync(join(folder, "issued.jsonl"), text);
      return spawnSync("sh", ["-c", shown], { cwd: folder, encoding: "utf8" }).stdout.trim();
    };
    expect(ran(three.text)).toBe("Signature Verified Successfully");
    expect(ran(three.text.replace('"guest"', '"moderator"'))).toBe(
      "Signature Verification Failure",
    );
  });

  it("takes each line's signature by the key of the first", () => {
    const lines = three.text.trimEnd().split("\n");
    const spki = /"key":"([^"]+)"/.exec(lines[0] ?? "")?.[1] ?? "";
    writeFileSync(join(folder, "key"), Buffer.from(spki, "base64"));
    const sum = spawnSync("openssl", ["dgst", "-sha256", "-r", "key"], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(logKeyPrint(spki)).toBe(`SHA256:${sum.stdout.slice(0, 64)}`);
    for (const line of lines) {
      const [body, signature] = line.split(',"signature":"') as [string, string];
      writeFileSync(join(folder, "body"), `${body}}`);
      writeFileSync(join(folder, "signature"), Buffer.from(signature.slice(0, -2), "base64url"));
      const ran = spawnSync(
        "openssl",
        [
          "pkeyutl",
          "-verify",
          "-pubin",
          "-keyform",
          "DER",
          "-inkey",
          "key",
          "-rawin",
          "-in",
          "body",
          "-sigfile",
          "signature",
        ],
        { cwd: folder, encoding: "utf8" },
      );
      expect(ran.stdout.trim()).toBe("Signature Verified Successfully");
    }
  });
});

describe("what is revoked", () => {
  const log = add(three, [
    { kind: "token-revoked", id: "b".repeat(26), until: 2000 },
    { kind: "room-revoked", room: sumOf("room"), until: 3000 },
    { kind: "token-revoked", id: "a".repeat(26), until: 2000 },
    { kind: "token-revoked", id: "a".repeat(26), until: 2000 },
  ]);

  it("is a line each, sorted, once, until it would have ended by itself", () => {
    const room = `room ${sumOf("room")} 3000\n`;
    const [a, b] = ["a", "b"].map((id) => `token ${id.repeat(26)} 2000\n`);
    expect(revokedText(log.lines, 1999)).toBe(`${room}${a}${b}`);
    expect(revokedText(log.lines, 2000)).toBe(room);
    expect(revokedText(log.lines, 3000)).toBe("");
    expect(revokedText([], 0)).toBe("");
  });

  it("isn't what keys are needed for: those count until the last meeting", () => {
    const later = add(three, [issued("d", 5000)]).lines;
    expect(keysInUse(later, 1999)).toEqual([
      ["room key 4", 5000],
      ["token key 0123456789abcdef", 5000],
    ]);
    expect(keysInUse(later, 5000)).toEqual([]);
  });
});
