import { execFileSync, spawnSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MIRROR_FOLDER, mirrorBinary, PROVIDERS_FOLDER, readProvider } from "./provider.ts";

const provider = readProvider("openstack");
const binary = mirrorBinary(provider);
const lock = provider.lockFile;
const terraform = spawnSync("terraform", ["version"]).status === 0;

describe.skipIf(!terraform || !existsSync(binary))("the mirror and the lock file", () => {
  let work: string;
  beforeEach(() => {
    work = mkdtempSync(join(tmpdir(), "polder-mirror-"));
    mkdirSync(join(work, "stack"));
    const required = { openstack: { source: provider.source, version: provider.version } };
    const network = { openstack_networking_network_v2: { net: { name: "net" } } };
    writeFileSync(
      join(work, "stack", "main.tf.json"),
      JSON.stringify({ terraform: { required_providers: required }, resource: network }),
    );
    cpSync(lock, join(work, "stack", ".terraform.lock.hcl"));
  });
  afterEach(() => rmSync(work, { recursive: true, force: true }));

  const run = (config: string, ...args: string[]) => {
    const env = { ...process.env, TF_CLI_CONFIG_FILE: config, CHECKPOINT_DISABLE: "1" };
    const cwd = join(work, "stack");
    const done = spawnSync("terraform", args, { cwd, env, encoding: "utf8" });
    return { status: done.status, text: `${done.stdout}${done.stderr}`.replaceAll(/\s+/g, " ") };
  };
  const init = (config: string) =>
    run(config, "init", "-lockfile=readonly", "-input=false", "-no-color");
  const readOnlyConfig = join(MIRROR_FOLDER, "terraform.rc");

  /** A mirror of its own, with its own configuration file, that a test may spoil. */
  const copyOfMirror = () => {
    const mirror = join(work, "mirror");
    const copy = mirrorBinary(provider, mirror);
    mkdirSync(dirname(copy), { recursive: true });
    cpSync(binary, copy);
    const config = join(mirror, "terraform.rc");
    writeFileSync(config, readFileSync(readOnlyConfig, "utf8").replaceAll(MIRROR_FOLDER, mirror));
    return { config, copy };
  };

  it("init with the read-only lock file takes our build and changes nothing", () => {
    const done = init(readOnlyConfig);
    expect(done.text).toContain("Terraform has been successfully initialized!");
    expect(done.status).toBe(0);
    const after = readFileSync(join(work, "stack", ".terraform.lock.hcl"), "utf8");
    expect(after).toBe(readFileSync(lock, "utf8"));
    expect(run(readOnlyConfig, "validate", "-no-color").status).toBe(0);
  });

  it("init refuses a changed binary", () => {
    const { config, copy } = copyOfMirror();
    appendFileSync(copy, "x");
    const done = init(config);
    expect(done.status).toBe(1);
    expect(done.text).toContain("doesn't match any of the checksums previously recorded");
  });

  it("a binary that changes after init is refused too", () => {
    const { config, copy } = copyOfMirror();
    expect(init(config).status).toBe(0);
    appendFileSync(copy, "x");
    const done = run(config, "validate", "-no-color");
    expect(done.status).toBe(1);
    expect(done.text).toContain("does not match any of the checksums recorded");
  });

  it("another version than the locked one is refused", () => {
    const file = join(work, "stack", "main.tf.json");
    writeFileSync(file, readFileSync(file, "utf8").replace("3.4.0", "3.3.0"));
    expect(init(readOnlyConfig).status).toBe(1);
  });

  it("holds the same file for OpenTofu", () => {
    const twin = binary.replace("registry.terraform.io", "registry.opentofu.org");
    expect(statSync(twin).ino).toBe(statSync(binary).ino);
    expect(readFileSync(readOnlyConfig, "utf8")).toContain("registry.opentofu.org/");
  });

  it("build.sh has nothing to do, and needs no go for that", () => {
    const text = execFileSync(join(PROVIDERS_FOLDER, "build.sh"), {
      encoding: "utf8",
      env: { PATH: "/usr/bin:/bin" },
    });
    expect(text).toMatch(
      /^provider hcloud: [\d.]+ for \w+ is there\nprovider openstack: 3\.4\.0 for \w+ is there\n$/,
    );
  });
});
