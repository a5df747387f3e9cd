import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildFolder, TOOLKIT } from "../modules/common/toolkit/index.ts";
import { planFolder } from "../modules/operations/plan/index.ts";
import { stackFolder } from "../modules/operations/working-folder/index.ts";
import { defaultFolder, labPaths } from "./cloud/index.ts";
import { type FaultyProxy, faultyProxy } from "./testing/faulty-proxy.ts";
import {
  polder,
  polderOk,
  program,
  type Ran,
  type RunOptions,
  type TestInstance,
  testInstance,
} from "./testing/polder.ts";
import { expectRefusal } from "./testing/refusals.ts";

const cli = join(TOOLKIT, "cli/polder");
/** Runs a shell script with mounts of its own, which end with it. */
const withMounts = (script: string, options?: RunOptions): Promise<Ran> =>
  program("unshare", ["--mount", "--propagation", "private", "sh", "-ec", script], options);

let fout: TestInstance;
let proxy: FaultyProxy;
const through = (...args: string[]): Promise<Ran> => polder(args, { env: proxy.env });

beforeAll(async () => {
  fout = testInstance("lab", "t-fout");
  proxy = await faultyProxy("t-fout");
});

afterAll(async () => {
  proxy.lift();
  await polder(["decommission", fout.folder, "--confirm", "t-fout"]);
  fout.forget();
  await proxy.close();
});

describe("refused before anything is written", () => {
  const nothingWritten = () => {
    expect(existsSync(buildFolder("t-fout"))).toBe(false);
    expect(existsSync(join(fout.folder, "state"))).toBe(false);
  };

  test("no clouds.yaml", async () => {
    const env = { OS_CLIENT_CONFIG_FILE: "/nonexistent/clouds.yaml" };
    expectRefusal(
      await polder(["plan", fout.folder], { env }),
      2,
      /^\/nonexistent\/clouds\.yaml: no clouds\.yaml: /,
    );
    nothingWritten();
  });

  test("no such entry in clouds.yaml", async () => {
    proxy.clouds((entry) => entry, "t-foot");
    const ran = await through("plan", fout.folder);
    proxy.clouds((entry) => entry);
    expectRefusal(ran, 2, /clouds\.yaml.*: no entry "t-fout"; did you mean "t-foot"\?$/);
    nothingWritten();
  });

  test("the lab is down", async () => {
    const folder = join(fout.folder, "no-lab");
    mkdirSync(join(folder, "cloud"), { recursive: true });
    cpSync(labPaths(defaultFolder()).cloudsFile, join(folder, "cloud/clouds.yaml"));
    const ran = await polder(["plan", fout.folder], { env: { POLDER_LAB: folder } });
    rmSync(folder, { recursive: true });
    expectRefusal(ran, 3, /^the lab is down: `polder lab up` first$/);
    nothingWritten();
  });

  test.each([
    [["apply"], 3, /^no plan of t-fout: run `polder plan t-fout` first$/],
    [["addresses"], 3, /^t-fout-addresses holds no addresses yet: `polder plan t-fout`/],
  ])("%s too early", async ([verb = ""], code, line) => {
    expectRefusal(await polder([verb, fout.folder]), code, line);
  });
});

describe("the machine", () => {
  const stub = (script: string): Record<string, string> => {
    const file = join(fout.folder, "stub-terraform");
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return { TERRAFORM_BINARY_NAME: file };
  };
  const plan = (env: Record<string, string>) => polder(["plan", fout.folder], { env });
  const build = () => buildFolder("t-fout");

  test("no terraform", async () => {
    expectRefusal(
      await plan({ TERRAFORM_BINARY_NAME: "no-such-terraform" }),
      3,
      /^no-such-terraform is not on the PATH: install it/,
    );
  });

  test("a terraform that is too old", async () => {
    const env = stub(`echo '{"terraform_version": "1.2.9"}'`);
    expectRefusal(await plan(env), 3, /got version "1\.2\.9", 1\.6 or newer is needed/);
  });

  test("something else that is called terraform", async () => {
    expectRefusal(
      await plan(stub("echo hello")),
      3,
      /got version "hello", 1\.6 or newer is needed/,
    );
  });

  test("a full disk", async () => {
    rmSync(build(), { recursive: true, force: true });
    mkdirSync(build(), { recursive: true });
    const ran = await withMounts(
      `mount -t tmpfs -o size=12k tmpfs ${build()}; ${cli} plan ${fout.folder}`,
    );
    expectRefusal(ran, 3, /the disk is full: make room/);
  });

  test("a build folder that may not be written", async () => {
    const ran = await withMounts(
      `mount -t tmpfs -o ro tmpfs ${build()}; ${cli} plan ${fout.folder}`,
    );
    expectRefusal(ran, 3, /read-only file system: make it writable/);
  });

  test("an instance folder that may not be written", async () => {
    const ran = await withMounts(
      `mount --bind ${fout.folder} ${fout.folder}; mount -o remount,bind,ro ${fout.folder}; ${cli} plan ${fout.folder}`,
    );
    expectRefusal(ran, 3, /read-only file system: make it writable/);
  });

  test("no provider in the mirror", async () => {
    const mirror = join(TOOLKIT, "build/provider-mirror");
    const ran = await withMounts(
      `cp ${mirror}/terraform.rc ${fout.folder}/rc; mount -t tmpfs tmpfs ${mirror}; cp ${fout.folder}/rc ${mirror}/terraform.rc; ${cli} plan ${fout.folder}`,
    );
    expectRefusal(
      ran,
      3,
      /the provider is not in the mirror: run `polder setup` \(in a checkout `make providers`\)$/,
    );
  });

  test("another provider than the pinned one", async () => {
    const mirror = join(TOOLKIT, "build/provider-mirror");
    const copy = join(fout.folder, "mirror");
    cpSync(mirror, copy, { recursive: true });
    const ran = await withMounts(
      `for f in $(find ${copy} -name 'terraform-provider-*_v*' -type f); do echo >> $f; done; mount --bind ${copy} ${mirror}; ${cli} plan ${fout.folder}`,
    );
    rmSync(copy, { recursive: true });
    expectRefusal(
      ran,
      3,
      /the provider is not the pinned one: run `polder setup` \(in a checkout `make providers`\)$/,
    );
  });
});

describe("the API, while addresses are allocated", () => {
  test("hangs in the middle of an apply: what was made is in the state", async () => {
    await polderOk("plan", fout.folder);
    proxy.fail({ path: /floatingips$/, method: "POST", times: 1, does: "hang" });
    // Time for the five others, whose answers come, on a machine that has much else to do.
    const ran = await through("apply", fout.folder, "--timeout", "0.3");
    proxy.lift();
    expectRefusal(ran, 3, /stopped after 0\.3 minutes .*what was made is in the state/);
    expect((await through("plan", fout.folder)).stdout).toContain("t-fout-addresses: 1 to add");
  });

  test("makes an address and loses its answer", async () => {
    proxy.fail({ path: /floatingips$/, method: "POST", times: 1, does: "lose" });
    const ran = await through("apply", fout.folder);
    proxy.lift();
    expectRefusal(
      ran,
      3,
      /^t-fout-addresses: .*floatingip_v2\.\S+: .* → the cloud's API can't be reached/,
    );
  });

  test("answers 429 for a moment: it is tried again; what was created is imported", async () => {
    // Its tags were never set: that is the change.
    expect((await through("plan", fout.folder)).stdout).toContain(
      "t-fout-addresses: 1 to import, 0 to add, 1 to change, 0 to destroy",
    );
    const hits = proxy.fail({
      path: /tokens$|floatingips/,
      times: 3,
      does: { status: 429, retryAfter: 1 },
    });
    const ran = await through("apply", fout.folder);
    proxy.lift();
    expect([ran.code, hits()]).toEqual([0, 3]);
    expect((await through("plan", fout.folder)).stdout).toContain("t-fout-addresses: no changes");
  });

  test.each([
    [
      "500",
      { status: 500 },
      /^t-fout-addresses: .* and 3 more: .* → the cloud's API failed: try again/,
    ],
    ["503", { status: 503 }, /^t-fout-addresses: .* and 3 more: .* → the API is overloaded/],
    ["429", { status: 429 }, /^t-fout-addresses: .* and 3 more: .* → the API is overloaded/],
    [
      "no answer but a cut connection",
      "cut",
      /^t-fout-addresses: .* and 3 more: .* → the cloud's API can't be reached/,
    ],
  ] as const)("%s, for ever", async (_, does, line) => {
    proxy.fail({ path: /^\/9696/, does });
    const ran = await through("plan", fout.folder);
    proxy.lift();
    expectRefusal(ran, 3, line);
    expectRefusal(await through("apply", fout.folder), 3, /^no plan of t-fout/);
  });

  test("hangs: --timeout ends it", async () => {
    proxy.fail({ path: /^\/9696/, does: "hang" });
    const ran = await through("plan", fout.folder, "--timeout", "0.05");
    proxy.lift();
    expectRefusal(ran, 3, /stopped after 0\.05 minutes .*--timeout/);
  });

  test("gives no token: keystone's connection is cut", async () => {
    proxy.fail({ path: /^\/5000/, does: "cut" });
    const ran = await through("plan", fout.folder);
    proxy.lift();
    expectRefusal(ran, 3, /→ the cloud's API can't be reached/);
  });

  test("refuses the password, which is never printed", async () => {
    const wrong = "een-verkeerd-wachtwoord";
    proxy.clouds((entry) => ({ ...entry, auth: { ...entry.auth, password: wrong } }));
    const ran = await through("plan", fout.folder);
    proxy.clouds((entry) => entry);
    expectRefusal(
      ran,
      3,
      /→ the cloud refuses the credential: look at the entry in clouds\.yaml \(at Hetzner: at HCLOUD_TOKEN\)$/,
    );
    expect(ran.stdout + ran.stderr).not.toContain(wrong);
  });
});

describe("a plan that is no longer what was reviewed", () => {
  const plan = (file: string) => join(planFolder("t-fout"), file);
  const swap = (file: string, from: string | RegExp, to: string) => {
    const text = readFileSync(file, "latin1");
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    writeFileSync(file, changed, "latin1");
  };

  beforeAll(async () => {
    await polderOk("addresses", fout.folder);
    rmSync(join(fout.folder, "addresses.yaml"));
    await polderOk("plan", fout.folder);
  });

  test.each<[string, () => string, (file: string) => void, RegExp]>([
    [
      "its record",
      () => plan("record.json"),
      (f) => swap(f, '"add": 0', '"add": 1'),
      /the plan's record was edited/,
    ],
    [
      "its record, cut short",
      () => plan("record.json"),
      (f) => swap(f, /\n {2}"sums.*$/s, ""),
      /the plan's record was edited/,
    ],
    [
      "the plan file",
      () => plan("t-fout-addresses.tfplan"),
      (f) => swap(f, /.$/s, "x"),
      /: t-fout-addresses\.tfplan;/,
    ],
    [
      "the plan as JSON",
      () => plan("t-fout-addresses.json"),
      (f) => swap(f, "203.0.113", "203.0.114"),
      /: t-fout-addresses\.json;/,
    ],
    [
      "the findings",
      () => plan("findings.json"),
      (f) => swap(f, '"not-tested"', '"pass"'),
      /: findings\.json;/,
    ],
    [
      "the Blueprint",
      () => plan("blueprint.json"),
      (f) => swap(f, "t-fout", "t-fuot"),
      /: blueprint\.json;/,
    ],
    [
      "the Terraform JSON",
      () => join(stackFolder(buildFolder("t-fout"), "t-fout-addresses"), "cdk.tf.json"),
      (f) => swap(f, '"prevent_destroy": true', '"prevent_destroy": false'),
      /: t-fout-addresses\/cdk\.tf\.json;/,
    ],
    [
      "the instance file",
      () => join(fout.folder, "instance.yaml"),
      (f) => swap(f, "chat: off", "chat: on"),
      /: blueprint, instance\.yaml;/,
    ],
    [
      "the instance file's comments",
      () => join(fout.folder, "instance.yaml"),
      (f) => swap(f, /$/, "# more\n"),
      /: instance\.yaml;/,
    ],
  ])("%s", async (_, at, change, line) => {
    const file = at();
    const before = readFileSync(file);
    change(file);
    const ran = await polder(["apply", fout.folder]);
    writeFileSync(file, before);
    expectRefusal(ran, 3, line);
  });

  test("untouched, it is applied, once", async () => {
    await polderOk("apply", fout.folder);
    expectRefusal(await polder(["apply", fout.folder]), 3, /^no plan of t-fout/);
  });

  test("another addresses.yaml", async () => {
    await polderOk("plan", fout.folder);
    await polderOk("addresses", fout.folder);
    expectRefusal(await polder(["apply", fout.folder]), 3, /: addresses\.yaml, blueprint;/);
  });

  test("SIGINT while addresses are recorded: the file is whole or as it was", async () => {
    const file = join(fout.folder, "addresses.yaml");
    const before = readFileSync(file, "utf8");
    const ran = await polder(["addresses", fout.folder], {
      // At each line but its last word: after that Node has taken its handlers down.
      onLine: (line, child) => /interrupted/.test(line) || child.kill("SIGINT"),
    });
    expectRefusal(ran, 3, /interrupted/);
    expect(readFileSync(file, "utf8")).toBe(before);
    await polderOk("addresses", fout.folder);
  });
});
