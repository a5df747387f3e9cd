import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { inOwnProcess, polderFrom, processFrom } from "./testing.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "polder-own-process-")));
afterAll(() => rmSync(folder, { recursive: true }));

const NAMES = ["SIGINT", "exit", "polder"];
/** All that work may change. */
const seen = () => ({
  cwd: process.cwd(),
  umask: process.umask(),
  exitCode: process.exitCode,
  env: { ...process.env },
  listeners: NAMES.map((name) => process.rawListeners(name)),
  ofOutput: process.stdout.rawListeners("error"),
  write: [process.stdout.write, process.stderr.write],
});

/** Before any work of this file. */
const before = seen();

/** Changes all of it. */
async function careless(): Promise<number> {
  process.chdir("/");
  process.umask(0o077);
  process.exitCode = 70;
  process.env["POLDER_USER"] = "another";
  process.env["POLDER_NEW"] = "new";
  delete process.env["PATH"];
  process.on("SIGINT", () => undefined).once("exit", () => undefined);
  process.on("polder" as "SIGINT", () => undefined);
  process.stdout.on("error", () => undefined);
  await new Promise((written) => process.stdout.write("out", written));
  process.stderr.write(Buffer.from("é"));
  return 3;
}

describe("work in a test's own process", () => {
  it("is given its folder and environment, and what it prints and ends with is told", async () => {
    const ran = await inOwnProcess(folder, { POLDER_GIVEN: "given" }, async () => {
      process.stdout.write(`${process.cwd()} ${process.env["POLDER_GIVEN"]}`);
      return 0;
    });
    expect(ran).toEqual({ status: 0, stdout: `${folder} given`, stderr: "" });
    expect(await inOwnProcess(folder, {}, careless)).toEqual({
      status: 3,
      stdout: "out",
      stderr: "é",
    });
    expect(seen()).toEqual(before);
  });

  it("leaves the process as it was, also when it fails", async () => {
    await inOwnProcess(folder, { POLDER_GIVEN: "given" }, careless);
    expect(seen()).toEqual(before);
    const fails = inOwnProcess(folder, {}, async () => {
      await careless();
      throw new Error("it fails");
    });
    await expect(fails).rejects.toThrow("it fails");
    expect(seen()).toEqual(before);
  });

  it("waits for the work before it, though nobody awaited that", async () => {
    const polder = polderFrom(folder);
    const [first, second] = [polder("schema"), polder("show", "lap")];
    expect((await second).stdout).toBe("");
    expect((await first).stdout).toMatch(/^\{/);
  });
});

it("a command in this process is what a process of its own is", async () => {
  for (const args of [["show", "lab"], ["show", "lap"], ["show", "--jsn"], ["plam"], ["--help"]])
    expect(await polderFrom(folder)(...args)).toEqual(processFrom(folder)(...args));
});
