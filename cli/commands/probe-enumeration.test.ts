import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ROOT } from "../root.ts";
import { polderFrom, processFrom } from "./testing.ts";
// Read here: on a busy machine that takes longer than a test may.
import "./probe.ts";

const folder = mkdtempSync(join(tmpdir(), "polder-enumeration-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "links.yaml");
const polder = polderFrom(ROOT);
const SECRET = "aaaabbbbcccc";

describe("polder probe enumeration", () => {
  it("reads no file that others can read", async () => {
    writeFileSync(file, `moderator: ${SECRET}\n`);
    chmodSync(file, 0o640);
    const { status, stderr } = await polder("probe", "enumeration", "lab", "--links", file);
    expect(status).toBe(2);
    expect(stderr).toContain("chmod 600");
  });

  it("says what is wrong with links in one line, and never what they are", () => {
    const text = `moderator: https://vergaderen.lab.example/${SECRET}\nguest: x\nattacker: x\n`;
    const asked = processFrom(ROOT, { input: text });
    const { status, stdout, stderr } = asked("probe", "enumeration", "lab", "--links", "-");
    expect(status).toBe(2);
    expect(stderr).toMatch(/^-:1:12: moderator: [^\n]+\n$/);
    expect(stdout + stderr).not.toContain(SECRET);
  });

  it("asks for the file, and knows its options behind its own name", async () => {
    expect((await polder("probe", "enumeration", "lab")).stderr).toContain("--links <file>");
    const links = ["--links", "/no/such"];
    const absent = await polder("probe", "enumeration", "lab", "--identity", "x", ...links);
    expect([absent.status, absent.stderr]).toEqual([2, "/no/such: can't be read (ENOENT)\n"]);
    const rate = await polder("probe", "enumeration", "lab", "--links", file, "--rate", "0");
    expect([rate.status, rate.stderr]).toEqual([2, expect.stringContaining("from 1 to 1000")]);
  }, 60_000);
});
