import { execFileSync, spawnSync } from "node:child_process";
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { BadInput } from "../modules/common/input/index.ts";
import { TOOLKIT } from "../modules/common/toolkit/index.ts";
import { writeResult } from "./write-result.ts";

const folder = mkdtempSync(join(tmpdir(), "polder-result-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a new file and a regular file are written whole", () => {
  const file = join(folder, "new");
  writeResult("one", file);
  writeResult("two", file);
  expect(readFileSync(file, "utf8")).toBe("two");
});

test("what is no regular file is refused and stays what it was", () => {
  const target = join(folder, "target");
  writeFileSync(target, "kept");
  const [link, fifo] = [join(folder, "link"), join(folder, "fifo")];
  symlinkSync(target, link);
  execFileSync("mkfifo", [fifo]);
  for (const file of [link, fifo, folder]) {
    const before = lstatSync(file);
    expect(() => writeResult("x", file)).toThrow(BadInput);
    expect([lstatSync(file).ino, lstatSync(file).mode]).toEqual([before.ino, before.mode]);
  }
  expect(readFileSync(target, "utf8")).toBe("kept");
  expect(() => writeResult("x", "/dev/null")).toThrow("/dev/null: is no regular file");
  expect(readdirSync(folder).filter((name) => name.endsWith(".part"))).toEqual([]);
});

test("a full or closed standard output ends in one line, without a stack trace", () => {
  const polder = join(TOOLKIT, "cli/polder");
  const shell = (line: string) => spawnSync("sh", ["-c", line], { cwd: TOOLKIT, encoding: "utf8" });
  const full = shell(`'${polder}' show lab >/dev/full`);
  expect([full.status, full.stderr]).toEqual([
    3,
    "standard output: the disk is full: make room, then run it again\n",
  ]);
  const closed = shell(`'${polder}' show lab >&-`);
  expect(closed.stderr).not.toContain("    at ");
  expect(shell(`'${polder}' show lab --json | head -c 1`).stderr).toBe("");
});
