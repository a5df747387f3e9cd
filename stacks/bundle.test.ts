import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { renderAll } from "../modules/hosts/render/index.ts";
import { loadInstance, loadPrograms } from "../modules/workspace/index.ts";
import { buildFolder, ROOT } from "./environment.ts";
import { writeTrees } from "./trees.ts";

// Python's own tests of the code that runs on hosts; they read one tree that TypeScript wrote.
it("ansible/tests", () => {
  const { blueprint } = loadInstance(join(ROOT, "instances/lab"));
  const name = "bundle-test";
  const folder = mkdtempSync(join(tmpdir(), "polder-bundle-"));
  try {
    cpSync(join(writeTrees(name, renderAll(blueprint, loadPrograms())), "turn-1"), folder, {
      recursive: true,
    });
    const ran = spawnSync(
      join(ROOT, "build/venv/bin/python"),
      ["-m", "unittest", "discover", "-s", join(ROOT, "ansible/tests")],
      {
        encoding: "utf8",
        env: { ...process.env, POLDER_RENDERED: folder, PYTHONDONTWRITEBYTECODE: "1" },
      },
    );
    expect(ran.stderr).toMatch(/Ran [3-9]\d tests[\s\S]*OK/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(buildFolder(name), { recursive: true, force: true });
  }
}, 60_000);
