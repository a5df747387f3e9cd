import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { type Canary, canariesBelow, canariesIn, watchProcesses } from "./canary.ts";
import { program } from "./polder.ts";

// Of this run alone: suites that watch all processes of the machine run beside it, with values of their own.
const planted: Canary = {
  name: "planted value",
  value: `canary-${randomBytes(12).toString("hex")}-value`,
};

describe("the search for secrets finds what is there", () => {
  const folder = mkdtempSync(join(tmpdir(), "polder-canary-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ["as it is", Buffer.from(`x${planted.value}y`)],
    [
      "in base64, at each offset",
      Buffer.from(
        ["", "a", "ab"].map((p) => Buffer.from(p + planted.value + p).toString("base64")).join(" "),
      ),
    ],
    ["in hex", Buffer.from(Buffer.from(planted.value).toString("hex"))],
    ["compressed", gzipSync(planted.value)],
  ])("%s", (_, bytes) => {
    writeFileSync(join(folder, "file"), bytes);
    expect(canariesBelow(folder, [planted])).toEqual([`${join(folder, "file")}: planted value`]);
  });

  test("in a plan file, which is a zip", async () => {
    const script =
      "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1],'w',zipfile.ZIP_DEFLATED); z.writestr('tfplan', sys.stdin.read())";
    writeFileSync(join(folder, "text"), planted.value);
    await program("sh", ["-c", `python3 -c "${script}" ${folder}/zip < ${folder}/text`]);
    rmSync(join(folder, "text"));
    rmSync(join(folder, "file"), { force: true });
    expect(canariesBelow(folder, [planted])).toEqual([`${join(folder, "zip")}: planted value`]);
  });

  test("in the arguments of a process", async () => {
    const watch = watchProcesses([planted]);
    const child = spawn("sh", ["-c", "sleep 1", planted.value]);
    await new Promise((done) => child.on("close", done));
    expect(watch.stop()).toHaveLength(1);
  });

  test("in the arguments that an old process takes on", async () => {
    const watch = watchProcesses([planted]);
    const later = `sleep 2.5; exec sh -c 'sleep 1.5' ${planted.value}`;
    // The value comes by standard input, so that the first program hasn't it in its arguments.
    const child = spawn("sh", [], { stdio: ["pipe", "ignore", "ignore"] });
    child.stdin.end(later);
    await new Promise((done) => child.on("close", done));
    expect(watch.stop()).toHaveLength(1);
  });

  test("and nothing where there is nothing", () => {
    expect(canariesIn(Buffer.from(planted.value.slice(0, 11)), [planted])).toEqual([]);
  });
});
