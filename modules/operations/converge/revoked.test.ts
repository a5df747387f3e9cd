import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { putRevoked } from "./revoked.ts";

const parent = mkdtempSync(join(tmpdir(), "polder-revoked-"));
afterAll(() => rmSync(parent, { recursive: true }));
const folder = join(parent, "gate");
const group = String(process.getgid?.());
const [program = ""] = putRevoked(folder, group, 0);
const argumentsFor = (bytes: number) => putRevoked(folder, group, bytes).slice(1);
const put = (text: string, bytes = Buffer.byteLength(text)) =>
  spawnSync(program, [...argumentsFor(bytes)], { input: text }).status;
const there = () => readFileSync(join(folder, "revoked"), "utf8");

describe("what runs on the host", () => {
  it("makes the folder and the file, for the gate's group alone to read", () => {
    expect(put("token a 1\n")).toBe(0);
    expect(there()).toBe("token a 1\n");
    const modes = [folder, join(folder, "revoked")].map((path) => statSync(path).mode & 0o7777);
    expect(modes).toEqual([0o750, 0o640]);
    expect(readdirSync(folder)).toEqual(["revoked"]);
  });

  it("takes an empty list, and one after another", () => {
    expect([put(""), there()]).toEqual([0, ""]);
    expect([put("room b 2\n"), there()]).toEqual([0, "room b 2\n"]);
  });

  it("keeps the old list when the new one is cut off on the way", () => {
    expect(put("room b 2\n", 10)).not.toBe(0);
    expect(there()).toBe("room b 2\n");
  });

  it("replaces it at once: whoever reads meanwhile sees the old one or the new one, whole", async () => {
    const [old, next] = ["a", "b"].map((letter) => `token ${letter} 1\n`.repeat(20_000));
    put(old as string);
    const child = spawn(program, [...argumentsFor((next as string).length)]);
    const seen = new Set<string>();
    const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
    child.stdin.write((next as string).slice(0, 1000));
    for (let i = 0; i < 20; i++) {
      seen.add(there());
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.stdin.end((next as string).slice(1000));
    await ended;
    expect([...seen]).toEqual([old]);
    expect(there()).toBe(next);
  });

  it("isn't stopped by what an interrupted one left", () => {
    writeFileSync(join(folder, "revoked.new"), "half");
    expect([put("token c 3\n"), there()]).toEqual([0, "token c 3\n"]);
  });
});
