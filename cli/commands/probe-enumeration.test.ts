import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ROOT } from "../root.ts";
import { polderFrom } from "./testing.ts";

const folder = mkdtempSync(join(tmpdir(), "polder-enumeration-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "links.yaml");
const polder = polderFrom(ROOT);
const SECRET = "aaaabbbbcccc";

describe("polder probe enumeration", () => {
  it("reads no file that others can read", () => {
    writeFileSync(file, `moderator: ${SECRET}\n`);
    chmodSync(file, 0o640);
    const { status, stderr } = polder("probe", "enumeration", "lab", "--links", file);
    expect(status).toBe(2);
    expect(stderr).toContain("chmod 600");
  });

  it("says what is wrong with links in one line, and never what they are", () => {
    const text = `moderator: https://vergaderen.lab.example/${SECRET}\nguest: x\nattacker: x\n`;
    const { status, stdout, stderr } = spawnSync(
      join(ROOT, "cli/polder"),
      ["probe", "enumeration", "lab", "--links", "-"],
      { input: text, encoding: "utf8" },
    );
    expect(status).toBe(2);
    expect(stderr).toMatch(/^-:1:12: moderator: [^\n]+\n$/);
    expect(stdout + stderr).not.toContain(SECRET);
  });

  it("asks for the file, and knows its options behind its own name", () => {
    expect(polder("probe", "enumeration", "lab").stderr).toContain("--links <file>");
    const absent = polder("probe", "enumeration", "lab", "--identity", "x", "--links", "/no/such");
    expect([absent.status, absent.stderr]).toEqual([2, "/no/such: can't be read (ENOENT)\n"]);
    const rate = polder("probe", "enumeration", "lab", "--links", file, "--rate", "0");
    expect([rate.status, rate.stderr]).toEqual([2, expect.stringContaining("from 1 to 1000")]);
  }, 60_000);
});
