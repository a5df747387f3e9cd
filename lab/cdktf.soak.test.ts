import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testbed } from "../cli/testbed.ts";
import { terraformEnvironment } from "../modules/operations/plan/index.ts";
import {
  CDKTF,
  polder,
  polderOk,
  program,
  type Ran,
  type TestInstance,
  testInstance,
} from "./testing/polder.ts";
import { expectRefusal } from "./testing/refusals.ts";

const OLD_LIBRARY = "node --import ./stacks/use-cdktf-0.21.mjs --import tsx stacks/main.ts";

let instance: TestInstance;
const output = mkdtempSync(join(tmpdir(), "polder-cdktf-"));

/** Runs the CLI as docs/deploy.md says: with `polder env` in its environment. */
async function cdktf(...args: string[]): Promise<Ran> {
  const ran = await program(CDKTF, [...args, "--output", output], {
    env: {
      ...terraformEnvironment(testbed, instance.load().blueprint),
      POLDER_INSTANCE: instance.folder,
      CI: "true",
      NO_COLOR: "1",
    },
  });
  return { ...ran, stdout: ran.stdout + ran.stderr };
}

beforeAll(() => {
  instance = testInstance("gemeente-klein", "t-cdktf");
});
afterAll(() => {
  instance.forget();
  rmSync(output, { recursive: true, force: true });
});

/** How an apply of a plan from before a deploy is refused. */
async function expectStale(): Promise<void> {
  const ran = await polder(["apply", instance.folder]);
  expectRefusal(ran, 3, /^the plan is stale: t-cdktf(-addresses)?'s state is at serial \d+/);
}

test("cdktf deploy: the addresses, then the cluster; a plan of before is stale", async () => {
  await polderOk("plan", instance.folder);
  const addresses = await cdktf(
    "deploy",
    "t-cdktf-addresses",
    "--auto-approve",
    "--skip-provider-lock",
  );
  expect([addresses.code, addresses.stdout]).toEqual([
    0,
    expect.stringContaining("Apply complete"),
  ]);
  await expectStale();
  await polderOk("addresses", instance.folder);
  await polderOk("plan", instance.folder);
  const cluster = await cdktf("deploy", "t-cdktf", "--auto-approve", "--skip-provider-lock");
  expect([cluster.code, cluster.stdout]).toEqual([0, expect.stringContaining("Apply complete")]);
  await expectStale();
});

test("cdktf diff: nothing to do, with either library", async () => {
  const same = await cdktf("diff", "t-cdktf", "--skip-provider-lock");
  expect(same.stdout).toContain("No changes");
  const old = await cdktf("diff", "t-cdktf", "--skip-provider-lock", "--app", OLD_LIBRARY);
  expect(old.stdout).toContain("No changes");
  const json = JSON.parse(readFileSync(join(output, "stacks/t-cdktf/cdk.tf.json"), "utf8"));
  expect(json["//"].metadata.version).toBe("0.21.0");
});

test("polder plans on from there, and says that nobody reviewed what was applied", async () => {
  const plan = await polderOk("plan", instance.folder);
  expect(plan).toContain("t-cdktf: no changes");
  expect(plan).toContain(
    "t-cdktf: its state was last changed by something else than `polder apply`",
  );
});

test("cdktf destroy of what is protected fails, and destroys none of it", async () => {
  // The CLI sometimes ends before it has handed on Terraform's last words, which name the reason:
  // asked again, it must refuse again.
  const why = "Instance cannot be destroyed";
  let said = "";
  for (let tries = 3; tries > 0 && !said.includes(why); tries--) {
    const ran = await cdktf("destroy", "t-cdktf", "--auto-approve", "--skip-provider-lock");
    expect(ran.code).not.toBe(0);
    said = ran.stdout + ran.stderr;
  }
  expect(said).toContain(why);
  expect(await polderOk("plan", instance.folder)).toContain("t-cdktf: no changes");
});

const noTofu = spawnSync("tofu", ["version"]).status !== 0;
test.skipIf(noTofu)("[opentofu-lane] OpenTofu plans the same: no changes", async () => {
  const env = { TERRAFORM_BINARY_NAME: "tofu" };
  const planned = await polder(["plan", instance.folder], { env });
  expect([planned.code, planned.stdout]).toEqual([
    0,
    expect.stringContaining("t-cdktf: no changes"),
  ]);
  expect(planned.stdout).toMatch(/by tofu \d/);
});

test("a broken instance is named and doesn't stand in the way of another", async () => {
  const broken = testInstance("lab", "t-stuk");
  broken.edit((text) => text.replace(/^chat: .*$/m, "caht: off"));
  const app = (env: Record<string, string>) =>
    program("node", ["--import", "tsx", "stacks/main.ts"], {
      env: { CDKTF_OUTDIR: output, ...env },
    });
  const alone = await app({ POLDER_INSTANCE: broken.folder });
  expect(alone.code).toBe(1);
  expect(alone.stderr).toMatch(/instance\.yaml:\d+:1: unknown key "caht"; did you mean "chat"\?/);
  expect(alone.stderr).not.toContain("    at ");
  broken.forget();
});

test("cdktf deploy is refused by the same policy", async () => {
  instance.edit(
    (text) =>
      `${text}\nwaivers:\n  - { waives: retention.securityDays, reason: r, owner: o, expires: 2020-01-01 }\n`,
  );
  instance.edit((text) => `${text}\nretention: { securityDays: 30 }\n`);
  const refused = await cdktf("deploy", "t-cdktf", "--auto-approve", "--skip-provider-lock");
  expect(refused.code).not.toBe(0);
  expect(refused.stdout).toContain("waivers-in-date");
  instance.edit((text) => text.replace(/\nwaivers:[\s\S]*$/, "\n"));
});

test("the end", async () => {
  await polderOk("plan", instance.folder);
  const ended = await polder(["decommission", instance.folder, "--confirm", "t-cdktf"]);
  expect([ended.code, ended.stdout]).toEqual([0, expect.stringContaining("t-cdktf is gone")]);
});
