import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TOOLKIT } from "../../common/toolkit/index.ts";
import { forgetHost, loadHosts, recordHost } from "../../secrets/vaults/index.ts";
import { instanceFolder, type LoadedInstance, loadInstance } from "../../workspace/index.ts";
import { fateOfLogs } from "./decommission.ts";

const parent = mkdtempSync(join(tmpdir(), "polder-decommission-"));
const folder = join(parent, "lab");
const KEY = `ssh-ed25519 ${"A".repeat(68)}`;
let loaded: LoadedInstance;

beforeAll(() => {
  mkdirSync(folder);
  copyFileSync(
    join(instanceFolder(TOOLKIT, "lab"), "instance.yaml"),
    join(folder, "instance.yaml"),
  );
  loaded = loadInstance(folder);
});
afterAll(() => rmSync(parent, { recursive: true }));

/** An archive with one file in it. */
function archive(name: string, file: string): string {
  const at = join(parent, name);
  mkdirSync(join(at, file, ".."), { recursive: true });
  writeFileSync(join(at, file), "sealed");
  const tar = `${at}.tar`;
  expect(spawnSync("tar", ["-C", at, "-cf", tar, "."]).status).toBe(0);
  return tar;
}

describe("what becomes of the logs at the end", () => {
  test("nobody is asked where no host was converged: there are none", async () => {
    expect(await fateOfLogs(loaded, undefined)).toBeUndefined();
  });

  test("unasked they are not destroyed: the way to fetch them is told", async () => {
    recordHost(folder, "monitor-1", KEY, "2026-11-27");
    await expect(fateOfLogs(loaded, undefined)).rejects.toThrow(
      /got nothing: monitor-1 holds logs within their term \(security \d+, .*`ssh -F \/.*\/build\/instances\/lab\/ssh\/config monitor-1\.lab\.internal sudo tar .*--logs destroyed.*Nothing was destroyed/,
    );
  });

  test("the word destroys them, an archive of them is recorded with its sum", async () => {
    expect(await fateOfLogs(loaded, "destroyed")).toBe("destroyed");
    const file = archive("logs", "security/2026-11-25/a.jsonl.age.age");
    const sha256 = createHash("sha256").update(readFileSync(file)).digest("hex");
    expect(await fateOfLogs(loaded, file)).toEqual({ file: "logs.tar", sha256 });
  });

  test.each([
    "operations/2026-11-25/a.jsonl.age",
    "incidents/2026-11-25/x/security/a.jsonl.age.age",
  ])("the logs may be of any store: %s", async (name) => {
    const file = archive(name.split("/")[0] ?? "", name);
    expect(await fateOfLogs(loaded, file)).toHaveProperty("sha256");
  });

  test("what isn't such an archive is refused", async () => {
    await expect(fateOfLogs(loaded, join(parent, "none.tar"))).rejects.toThrow(/there is no /);
    await expect(fateOfLogs(loaded, join(folder, "instance.yaml"))).rejects.toThrow(
      /no tar archive/,
    );
    await expect(fateOfLogs(loaded, archive("other", "notes.txt"))).rejects.toThrow(
      /no tar archive/,
    );
  });
});

test("a host that was made anew is forgotten, the others are not; then its new key is recorded", () => {
  recordHost(folder, "turn-1", KEY, "2026-11-27");
  const other = KEY.replace("AAAA", "BBBB");
  expect(() => recordHost(folder, "turn-1", other, "2026-11-28")).toThrow(/polder keys forget/);
  forgetHost(folder, "turn-1");
  expect(Object.keys(loadHosts(folder))).toEqual(["monitor-1"]);
  expect(recordHost(folder, "turn-1", other, "2026-11-28").state).toBe("unverified");
  expect(() => forgetHost(folder, "turn-9")).toThrow(
    /no host turn-9; there are: monitor-1, turn-1/,
  );
});
