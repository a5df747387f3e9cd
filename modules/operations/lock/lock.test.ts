import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { buildFolder } from "../../common/toolkit/index.ts";
import { exclusively } from "./lock.ts";

const NAME = "t-exclusive";
const file = join(buildFolder(NAME), "lock");
afterEach(() => rmSync(buildFolder(NAME), { recursive: true, force: true }));

const busy =
  /^t-exclusive: another polder \(process \d+\) is at work on it: wait for it or stop it$/;

test("while one works no other may; afterwards it may, also when the work failed", async () => {
  let inside: unknown;
  await exclusively(NAME, async () => {
    inside = await exclusively(NAME, async () => "twice").catch((error: Error) => error.message);
  });
  expect(inside).toMatch(busy);
  await expect(exclusively(NAME, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(existsSync(file)).toBe(false);
  expect(await exclusively(NAME, async () => "again")).toBe("again");
});

test.each([
  ["of a process that is dead", "999999999 1"],
  ["of a process whose number another one has by now", `${process.pid} 1`],
  ["that was cut short", ""],
])("a lock %s doesn't count", async (_, text) => {
  mkdirSync(buildFolder(NAME), { recursive: true });
  writeFileSync(file, text);
  expect(await exclusively(NAME, async () => readFileSync(file, "utf8"))).toMatch(
    new RegExp(`^${process.pid} \\d+$`),
  );
});
