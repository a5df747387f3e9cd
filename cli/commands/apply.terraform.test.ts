// What is applied is what was evaluated: each test is an attack that once came through, against the real Terraform and the
// real provider. The cloud is the stand-in of Hetzner's API; no lab.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { HetznerProjects } from "../../lab/testing/hetzner-projects.ts";
import { PlannedInstance } from "../../lab/testing/planned-instance.ts";
import { polder, type Ran, type TestInstance, testInstance } from "../../lab/testing/polder.ts";
import { buildFolder, TOOLKIT } from "../../modules/common/toolkit/index.ts";
import { planInstance, terraformEnvironment } from "../../modules/operations/plan/index.ts";
import type { Synthesis } from "../../modules/operations/working-folder/index.ts";
import { synthesis } from "../../stacks/instance-stacks.ts";
import { deployOptions } from "../deploy-options.ts";
import { testbed } from "../testbed.ts";
import { ranFrom } from "./testing.ts";

const NAME = "t-geoordeeld";
const STACK = `${NAME}-addresses`;
let start: PlannedInstance;

const hetzner = new HetznerProjects();
let instance: TestInstance;
const build = buildFolder(NAME);
const stack = join(build, "stacks", STACK);
const plan = join(build, "plan");
/** Where Terraform writes down which backend it was made ready for. */
const remembered = join(stack, ".terraform/terraform.tfstate");
/** A file that what was planted would write. */
const mark = join(hetzner.folder, "mark");

/** In this process, but for an environment of one's own: that is a process's from its start. */
const run = (command: string, env: Readonly<Record<string, string>> = {}) => {
  const project = hetzner.environment(start.project);
  return Object.keys(env).length > 0
    ? polder([command, instance.folder], { env: { ...project, ...env } })
    : ranFrom(TOOLKIT, { env: project })(command, instance.folder);
};
const said = ({ stdout, stderr }: Ran) => stdout + stderr;
const json = (file: string) => JSON.parse(readFileSync(file, "utf8"));
const write = (file: string, value: unknown) => writeFileSync(file, JSON.stringify(value));
const sum = (data: string | Buffer) => createHash("sha256").update(data).digest("hex");

/** A resource that runs a program as it is made: Terraform's own, no provider needed. */
const runs = {
  resource: {
    terraform_data: {
      planted: { provisioner: { "local-exec": { command: `touch ${mark}` } } },
    },
  },
};

/** Changes the record as somebody would who knows how its digest is made. */
function mend(change: (record: Record<string, unknown>) => void): void {
  const file = join(plan, "record.json");
  const { digest: _, ...record } = json(file);
  change(record);
  write(file, { ...record, digest: sum(JSON.stringify(record)) });
}

beforeAll(async () => {
  await hetzner.start();
  instance = testInstance("eea-voorbeeld", NAME);
  start = new PlannedInstance(hetzner, instance);
  const planned = await run("plan");
  expect(planned.code, said(planned)).toBe(0);
  start.keep();
});
/** Each test begins with a plan of the addresses that was never applied. */
beforeEach(() => start.again());
afterEach(() => rmSync(mark, { force: true }));
afterAll(async () => {
  instance.forget();
  await hetzner.close();
});

describe("Terraform runs in a folder with what polder wrote and nothing else", () => {
  const planted: Record<string, unknown> = {
    "planted_override.tf.json": {
      ...runs,
      output: { planted: { value: "here" } },
    },
    "planted.tf.json": { data: { hcloud_locations: { planted: {} } } },
    "planted.auto.tfvars.json": { planted: 1 },
    "terraform.tfstate": {},
    ".terraform/environment": "other",
    ".terraform/modules/modules.json": { Modules: [] },
  };
  const plant = () => {
    for (const [name, value] of Object.entries(planted)) {
      mkdirSync(join(stack, name, ".."), { recursive: true });
      if (typeof value === "string") writeFileSync(join(stack, name), value);
      else write(join(stack, name), value);
    }
  };

  test("a plan is of the document alone, whatever lies beside it", async () => {
    plant();
    const ran = await run("plan");
    expect([ran.code, said(ran)]).toEqual([0, expect.stringContaining(`${start.planned} to add`)]);
    expect(readFileSync(join(plan, `${STACK}.json`), "utf8")).not.toContain("planted");
    for (const name of Object.keys(planted))
      expect([name, existsSync(join(stack, name))]).toEqual([name, false]);
  });

  test("an apply, too", async () => {
    plant();
    const ran = await run("apply");
    expect(ran.code, said(ran)).toBe(0);
    expect([existsSync(mark), await start.addresses()]).toEqual([false, start.planned]);
    for (const name of Object.keys(planted))
      expect([name, existsSync(join(stack, name))]).toEqual([name, false]);
  });

  test("the record of an earlier backend names no other place for the state", async () => {
    const known = json(remembered);
    known.backend.config.path = join(hetzner.folder, "other.tfstate");
    write(remembered, known);
    const ran = await run("plan");
    expect([ran.code, said(ran)]).toEqual([3, expect.stringContaining("names another place")]);
    expect(existsSync(join(hetzner.folder, "other.tfstate"))).toBe(false);
  });
});

test("the policy judges the file that Terraform gets", async () => {
  for (const [name, value] of Object.entries(hetzner.environment(start.project)))
    vi.stubEnv(name, value);
  /** Lifts the protection of every address, in the file alone. */
  const lifted: Synthesis = {
    ...synthesis,
    write: (loaded, options) => {
      const names = synthesis.write(loaded, options);
      const document = join(stack, "cdk.tf.json");
      const text = readFileSync(document, "utf8");
      writeFileSync(
        document,
        text.replaceAll('"prevent_destroy": true', '"prevent_destroy": false'),
      );
      return names;
    },
  };
  const { findings } = await planInstance(instance.load(), {
    ...deployOptions({ timeout: 5 }),
    progress: () => undefined,
    synthesis: lifted,
  });
  vi.unstubAllEnvs();
  const failed = findings.filter(({ verdict }) => verdict === "fail");
  expect(new Set(failed.map(({ id }) => id))).toEqual(
    new Set(["state-is-protected", "explained-by-blueprint"]),
  );
  const ran = await run("apply");
  expect([ran.code, await start.addresses()], said(ran)).toEqual([2, 0]);
});

describe("the plan file is what was reviewed", () => {
  /** Another plan file than the reviewed one, and a record that says it is right. */
  function swap(planned: object): void {
    const document = join(stack, "cdk.tf.json");
    const [before, backend] = [readFileSync(document), readFileSync(remembered)];
    write(document, { ...json(document), ...planned });
    const env = {
      ...process.env,
      ...hetzner.environment(start.project),
      ...terraformEnvironment(testbed, instance.load().blueprint),
    };
    const file = join(plan, `${STACK}.tfplan`);
    for (const args of [
      ["init", "-input=false", "-reconfigure"],
      ["plan", `-out=${file}`],
    ])
      execFileSync("terraform", args, { cwd: stack, env, stdio: "pipe" });
    writeFileSync(document, before);
    writeFileSync(remembered, backend);
    mend(({ sums }) =>
      Object.assign(sums as object, { [`${STACK}.tfplan`]: sum(readFileSync(file)) }),
    );
  }

  test("one that does something else is refused, and nothing of it is done", async () => {
    const { resource } = json(join(stack, "cdk.tf.json"));
    swap({ resource: { ...resource, ...runs.resource } });
    const ran = await run("apply");
    expect([ran.code, said(ran)]).toEqual([
      3,
      expect.stringMatching(`${STACK}.tfplan: does something else than ${STACK}.json`),
    ]);
    expect([existsSync(mark), await start.addresses()]).toEqual([false, 0]);
  });

  test("one that keeps its state elsewhere is refused", async () => {
    const { terraform } = json(join(stack, "cdk.tf.json"));
    const path = join(hetzner.folder, "other.tfstate");
    swap({ terraform: { ...terraform, backend: { local: { path } } } });
    const ran = await run("apply");
    expect([ran.code, await start.addresses(), existsSync(path)]).toEqual([3, 0, false]);
  });
});

describe("the caller's environment", () => {
  test("reaches Terraform only by the names that polder knows", async () => {
    const list = join(hetzner.folder, "names");
    const wrapper = join(hetzner.folder, "terraform");
    writeFileSync(
      wrapper,
      `#!/bin/sh\nenv | cut -d= -f1 >> ${list}\nexec /usr/bin/env terraform "$@"\n`,
    );
    chmodSync(wrapper, 0o755);
    const ran = await run("plan", {
      TERRAFORM_BINARY_NAME: wrapper,
      TF_CLI_ARGS_plan: "-refresh=false -destroy",
      TF_WORKSPACE: "other",
      TF_DATA_DIR: join(hetzner.folder, "data"),
      TF_REATTACH_PROVIDERS: '{"registry.terraform.io/hetznercloud/hcloud":{}}',
      TF_LOG: "trace",
      TF_VAR_planted: "1",
      OS_REGION_NAME: "elsewhere",
      OS_INSECURE: "true",
      OS_IMAGE_ID: "other",
      HCLOUD_POLL_INTERVAL: "1h",
    });
    expect([ran.code, said(ran)]).toEqual([0, expect.stringContaining(`${start.planned} to add`)]);
    const names = new Set(readFileSync(list, "utf8").trim().split("\n"));
    // The shell of the wrapper makes the last four.
    const known =
      /^(PATH|HOME|TMPDIR|SSL_CERT_(FILE|DIR)|[A-Z]+_PROXY|[a-z]+_proxy|PWD|OLDPWD|SHLVL|_)$/;
    expect([...names].filter((name) => !known.test(name)).sort()).toEqual([
      "CHECKPOINT_DISABLE",
      "HCLOUD_ENDPOINT",
      "HCLOUD_TOKEN",
      "LC_ALL",
      "TF_CLI_CONFIG_FILE",
      "TF_INPUT",
      "TF_IN_AUTOMATION",
    ]);
  });

  test("can't keep Terraform from looking at the cloud", async () => {
    expect((await run("apply")).code).toBe(0);
    const [first] = await hetzner.api(start.project).list("primary_ips");
    await fetch(`${hetzner.endpoint}/primary_ips/${first?.["id"]}`, {
      method: "PUT",
      headers: {
        authorization: `Bearer ${start.project.repeat(64)}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ labels: { by: "hand" } }),
    });
    const ran = await run("plan", { TF_CLI_ARGS_plan: "-refresh=false" });
    expect(said(ran)).toContain("1 to change");
  });
});

describe("the rules", () => {
  const EXPIRED =
    "waivers:\n  - { waives: retention.securityDays, reason: r, owner: Sam de Vries, expires: 2020-01-01 }\nretention: { securityDays: 30 }\n";
  /** A rule that turns what fails into what passes, wherever lists are mapped or flattened. */
  const GREEN = `
    const green = (one) => one && one.verdict === "fail" ? { ...one, verdict: "pass" } : one;
    for (const name of ["map", "flatMap", "filter", "concat"]) {
      const real = Array.prototype[name];
      Array.prototype[name] = function (...args) {
        const list = real.apply(this, args);
        return real === Array.prototype.filter ? list : Array.from(list, green);
      };
    }
    export default {
      id: "all-is-well", level: "error", what: "w", why: "y", looksAt: "blueprint", waivable: false,
      check: ({ blueprint }) => [{ verdict: "pass", subject: blueprint.instance, message: "well" }],
    };`;

  test("of the instance's own can't change what polder's find", async () => {
    instance.edit((text) => `${text}\n${EXPIRED}`);
    mkdirSync(join(instance.folder, "rules"));
    writeFileSync(join(instance.folder, "rules/all-is-well.ts"), GREEN);
    const ran = await run("plan");
    expect([ran.code, said(ran)]).toEqual([1, expect.stringMatching(/fail +waivers-in-date/)]);
  });

  test("are in the record, and one that is gone since refuses the apply", async () => {
    const { rules, toolkit } = json(join(plan, "record.json"));
    expect(rules.ids).toContain("no-secret");
    expect(toolkit).toMatchObject({
      version: expect.stringMatching(/^\d/),
      code: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    mend((record) =>
      Object.assign(record, { rules: { ...rules, ids: [...rules.ids, "was-there"] } }),
    );
    const ran = await run("apply");
    expect([ran.code, said(ran)]).toEqual([3, expect.stringContaining("was-there")]);
    expect(await start.addresses()).toBe(0);
  });

  test("judge with the same code at plan and at apply", async () => {
    mend((record) =>
      Object.assign(record, {
        toolkit: { ...(record["toolkit"] as object), code: "0".repeat(64) },
      }),
    );
    const ran = await run("apply");
    expect([ran.code, said(ran)]).toEqual([3, expect.stringContaining("another polder")]);
    expect(await start.addresses()).toBe(0);
  });
});
