import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Document, FAULTS, synthesiseExample } from "./testing.ts";

// The validator of check.ts: Terraform with the real provider refuses everything that check.ts reports.
const repository = fileURLToPath(new URL("../../../", import.meta.url));
const config = join(repository, "build", "provider-mirror", "terraform.rc");
const ready = spawnSync("terraform", ["version"]).status === 0 && existsSync(config);

describe.skipIf(!ready)("terraform validate agrees", () => {
  const work = mkdtempSync(join(tmpdir(), "polder-validate-"));
  const env = { ...process.env, TF_CLI_CONFIG_FILE: config, CHECKPOINT_DISABLE: "1" };
  const terraform = (...args: string[]) =>
    spawnSync("terraform", args, { cwd: work, env, encoding: "utf8" });
  const isValid = (document: Document): boolean => {
    writeFileSync(join(work, "main.tf.json"), JSON.stringify(document));
    return JSON.parse(terraform("validate", "-json").stdout).valid;
  };
  let text: string;

  beforeAll(() => {
    text = synthesiseExample(join(work, "out"));
    writeFileSync(join(work, "main.tf.json"), text);
    const lock = join(repository, "providers", "openstack", "terraform.lock.hcl");
    copyFileSync(lock, join(work, ".terraform.lock.hcl"));
    const done = terraform("init", "-lockfile=readonly", "-input=false", "-no-color");
    expect(done.stderr).toBe("");
  }, 60_000);
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  it("that the example is right", () => expect(isValid(JSON.parse(text))).toBe(true));

  for (const [name, fault] of Object.entries(FAULTS)) {
    it(`that ${name} is ${fault.terraformConverts ? "converted" : "wrong"}`, () => {
      const document = JSON.parse(text);
      fault.plant(document);
      expect(isValid(document)).toBe(fault.terraformConverts);
    }, 60_000);
  }
});
