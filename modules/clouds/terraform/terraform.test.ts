import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { run, TerraformFailure } from "./run.ts";
import { Terraform } from "./terraform.ts";

let folder: string;
const lines: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "polder-terraform-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  lines.length = 0;
});

/** A stub that stands for Terraform: a shell script that gets its arguments. */
function stub(script: string, minutes = 1): Terraform {
  const file = join(folder, "stub-terraform");
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  const before = process.env["TERRAFORM_BINARY_NAME"];
  process.env["TERRAFORM_BINARY_NAME"] = file;
  try {
    return new Terraform({
      folder,
      env: {},
      progress: (line) => lines.push(line),
      label: "stack",
      timeoutMinutes: minutes,
    });
  } finally {
    if (before === undefined) delete process.env["TERRAFORM_BINARY_NAME"];
    else process.env["TERRAFORM_BINARY_NAME"] = before;
  }
}

async function failure(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(TerraformFailure);
  return (error as TerraformFailure).message;
}

describe("the engine", () => {
  test.each(["1.6.0", "1.11.4", "2.0.1"])("version %s will do", async (version) => {
    const terraform = stub(`echo '{"terraform_version": "${version}"}'`);
    expect(await terraform.version()).toBe(`${terraform.program} ${version}`);
  });

  test.each([
    ["too old", `echo '{"terraform_version": "1.5.7"}'`, "1.5.7"],
    ["older than JSON", 'echo "Terraform v0.11.15"', "Terraform v0.11.15"],
    ["something else", "echo hello", "hello"],
    ["silent", "exit 1", ""],
  ])("one that is %s is refused", async (_, script, got) => {
    expect(await failure(stub(script).version())).toContain(
      `got version "${got}", 1.6 or newer is needed`,
    );
  });

  test("that isn't there, or is no program", async () => {
    const options = { folder, env: {}, timeoutMinutes: 1 };
    expect(await failure(run("no-such-terraform", [], options))).toMatch(/is not on the PATH/);
    writeFileSync(join(folder, "text"), "");
    expect(await failure(run(join(folder, "text"), [], options))).toMatch(
      /can't be started in .*EACCES/,
    );
    expect(await failure(run("sh", [], { ...options, folder: "/nonexistent" }))).toMatch(
      /sh can't be started in \/nonexistent/,
    );
  });
});

describe("a run", () => {
  test("that says nothing useful: its last line, not a line of JSON", async () => {
    const message = await failure(
      stub(`echo '{"@message": "Plugin did not respond"}'; exit 9`).apply("p"),
    );
    expect(message).toBe("stack: ended with 9: Plugin did not respond");
  });

  test("that somebody kills", async () => {
    expect(await failure(stub("kill -KILL $$").apply("p"))).toMatch(
      /^stack: killed by SIGKILL: .*run it again to go on$/,
    );
  });

  test("counts what it plans", async () => {
    const change =
      '{"type": "change_summary", "changes": {"add": 3, "change": 2, "remove": 1, "import": 4}}';
    expect(await stub(`echo '${change}'`).plan("p")).toEqual({
      add: 3,
      change: 2,
      remove: 1,
      import: 4,
    });
  });

  test("that takes too long is told to stop, and says so", async () => {
    const script = 'trap "exit 1" INT; sleep 20 & wait';
    const began = Date.now();
    expect(await failure(stub(script, 0.005).plan("p"))).toBe(
      "stack: stopped after 0.005 minutes without an end (--timeout): does the cloud's API hang? nothing was changed, run it again to go on",
    );
    expect(Date.now() - began).toBeLessThan(5000);
  });

  test("its output goes to a file: whoever reads it may die before it", async () => {
    const result = await run(
      "sh",
      [
        "-c",
        'ls -l /proc/$$/fd/1; printf "é%.0s" $(seq 40000); printf "\\303"; sleep 0.3; printf "\\251\\n"; echo no newline >&2; printf end',
      ],
      {
        folder,
        env: {},
        timeoutMinutes: 1,
        outputFile: join(folder, "out.log"),
        onLine: (line) => lines.push(line),
      },
    );
    expect(lines[0]).toContain(join(folder, "out.log"));
    // The last letter came in two halves, between two looks.
    expect(lines[1]).toBe("é".repeat(40_001));
    expect(lines.slice(2)).toEqual(["no newline", "end"]);
    expect(result.code).toBe(0);
  });

  test("Ctrl-C is handed on once, however often it comes", async () => {
    const script = `trap 'echo INT >> ${folder}/got' INT; touch ${folder}/ready; i=0; while [ $i -lt 10 ]; do sleep 0.1; i=$((i+1)); done; exit 1`;
    const ended = failure(stub(script).apply("p"));
    while (!existsSync(join(folder, "ready"))) await sleep(20);
    for (const signal of ["SIGINT", "SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.emit(signal);
      await sleep(50);
    }
    expect(await ended).toBe(
      "stack: interrupted; what was made is in the state, run it again to go on",
    );
    expect(readFileSync(join(folder, "got"), "utf8")).toBe("INT\n");
    expect(lines.filter((line) => line.includes("stopping"))).toHaveLength(4);
  });
});

test("what is tainted is told by the state", async () => {
  const state = {
    lineage: "l",
    serial: 7,
    resources: [
      { type: "a", name: "whole", instances: [{ attributes: { id: "1" } }] },
      { type: "a", name: "half", instances: [{ status: "tainted", attributes: { id: "2" } }] },
    ],
  };
  const terraform = stub(`echo '${JSON.stringify(state)}'`);
  expect(await terraform.tainted()).toEqual([{ address: "a.half", type: "a", id: "2" }]);
  expect(await terraform.stateMark()).toEqual({ lineage: "l", serial: 7 });
  expect(await stub("true").tainted()).toEqual([]);
});
