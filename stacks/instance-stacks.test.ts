import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { instanceFolder, loadInstance } from "../modules/workspace/index.ts";
import { renderStacks } from "./instance-stacks.ts";

test("stacks are rendered where nothing was built yet: who only reads an instance has a fresh clone", () => {
  const parent = mkdtempSync(join(tmpdir(), "polder-stacks-"));
  const outdir = join(parent, "build/instances/eea-voorbeeld");
  const loaded = loadInstance(instanceFolder(join(import.meta.dirname, ".."), "eea-voorbeeld"));
  expect([...renderStacks(loaded, { outdir }).keys()]).toContain("eea-voorbeeld-addresses");
  expect(existsSync(join(outdir, "manifest.json"))).toBe(false);
  rmSync(parent, { recursive: true });
});
