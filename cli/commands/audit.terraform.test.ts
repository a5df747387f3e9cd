import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { handOver } from "../../lab/testing/handed-over.ts";
import { TOOLKIT } from "../../modules/common/toolkit/index.ts";
import type { Loose } from "../../modules/policy/testing.ts";
import { polderFrom, processFrom } from "./testing.ts";

const parent = mkdtempSync(join(tmpdir(), "polder-audit-test-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const clean = join(parent, "clean", "eea-voorbeeld");

/** What a person hands over who planned the example: made once, by Terraform itself, copied for each test. */
beforeAll(() => {
  handOver(join(parent, "clean"), { example: "eea-voorbeeld", planned: true });
}, 60_000);

let count = 0;
function handed(): string {
  const folder = join(parent, `${++count}`, "eea-voorbeeld");
  cpSync(clean, folder, { recursive: true });
  return folder;
}

const AS_OF = ["audit", "--as-of", "2026-11-28"];
const audit = (...args: string[]) => polderFrom(TOOLKIT)(...AS_OF, ...args);

const edit = (file: string, change: (json: Loose) => void, indent?: number): void => {
  const json = JSON.parse(readFileSync(file, "utf8"));
  change(json);
  writeFileSync(file, JSON.stringify(json, null, indent));
};

describe("polder audit <folder>", () => {
  test("passes what was handed over as it was made, and says what it couldn't see", async () => {
    // By a process, as people start it; the others in this one.
    const { status, stdout } = processFrom(TOOLKIT)(...AS_OF, handed());
    expect(stdout).not.toMatch(/^fail/m);
    expect(stdout).toMatch(
      /^audit of eea-voorbeeld as of 2026-11-28: \d+ pass, 0 fail, 0 not-tested/m,
    );
    expect(stdout).toContain("not seen   plan/record.json wasn't handed over");
    expect(stdout).toContain("not seen   the cloud:");
    expect(status).toBe(0);
  }, 60_000);

  test("finds an argument in a document that the stacks don't write", async () => {
    const folder = handed();
    edit(
      join(folder, "stacks/eea-voorbeeld/cdk.tf.json"),
      (json) => {
        const [server] = Object.values(json.resource.hcloud_server) as Loose[];
        server.backups = true;
      },
      2,
    );
    const { status, stdout } = await audit(folder);
    expect(stdout).toMatch(
      /^fail +explained-by-blueprint {2}eea-voorbeeld\/hcloud_server\.\S+: backups: got true/m,
    );
    expect(status).toBe(1);
  }, 60_000);

  test("rejects a document in which a key may stand twice", async () => {
    const folder = handed();
    const file = join(folder, "stacks/eea-voorbeeld/cdk.tf.json");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace('"resource": {', '"resource": {},\n  "resource": {'));
    const { status, stderr } = await audit(folder);
    expect(stderr).toMatch(/cdk\.tf\.json: isn't written as polder writes it/);
    expect(status).toBe(2);
  }, 60_000);

  test("finds a file that isn't the one of the record, and a record that was edited", async () => {
    const folder = handed();
    const sum = createHash("sha256")
      .update(readFileSync(join(folder, "instance.yaml")))
      .digest("hex");
    const unsigned = {
      instance: "eea-voorbeeld",
      sums: { "instance.yaml": sum, "addresses.yaml": "0".repeat(64) },
    };
    const digest = createHash("sha256").update(JSON.stringify(unsigned)).digest("hex");
    const file = join(folder, "plan/record.json");
    writeFileSync(file, JSON.stringify({ ...unsigned, digest }));
    const { stdout, status } = await audit(folder);
    expect(stdout).toMatch(/^fail +plan-record {2}addresses\.yaml: its sum is/m);
    expect(stdout).not.toMatch(/plan-record {2}instance\.yaml|record\.json: its digest/);
    expect(status).toBe(1);
    writeFileSync(file, JSON.stringify({ ...unsigned, digest: "0".repeat(64) }));
    expect((await audit(folder)).stdout).toMatch(
      /^fail +plan-record {2}record\.json: its digest isn't/m,
    );
  }, 60_000);

  test("has Terraform show the binary plan, and finds that it is another than the JSON", async () => {
    const folder = handed();
    expect((await audit(folder)).stdout).not.toContain("binary-plan");
    edit(join(folder, "plan/eea-voorbeeld.json"), (json) => {
      json.applyable = false;
    });
    const { status, stdout } = await audit(folder);
    expect(stdout).toMatch(/^fail +binary-plan {2}eea-voorbeeld\.tfplan: Terraform shows another/m);
    expect(stdout).not.toMatch(/binary-plan {2}eea-voorbeeld-addresses/);
    expect(status).toBe(1);
    writeFileSync(join(folder, "plan/eea-voorbeeld.tfplan"), "no plan");
    expect((await audit(folder)).stdout).toMatch(
      /^not-tested +binary-plan .*Terraform can't show it here/m,
    );
  }, 60_000);

  test("takes several folders, and one that can't be read doesn't stop the others", async () => {
    const [one, other, none] = [handed(), handed(), join(parent, "none")];
    writeFileSync(join(other, "instance.yaml"), "name: other\n");
    const { status, stdout, stderr } = await audit(one, other, none, one, "--format", "sarif");
    expect(JSON.parse(stdout).runs).toHaveLength(2);
    expect(stderr).toMatch(/other.*instance\.yaml|instance\.yaml.*name/);
    expect(stderr).toMatch(/none: holds no instance\.yaml/);
    expect(status).toBe(2);
    const text = (await audit(one, one)).stdout;
    expect(text.match(/^audit of eea-voorbeeld/gm)).toHaveLength(2);
    expect(text).toMatch(/^2 instances: \d+ pass, 0 fail/m);
    expect(JSON.parse((await audit(one, one, "--format", "json")).stdout)).toHaveLength(2);
    expect((await audit(one, one, "--format", "junit")).stdout).toContain(
      'name="eea-voorbeeld no-secret"',
    );
    expect((await audit(one, one, "--format", "html")).stderr).toMatch(/a page is of one instance/);
  }, 60_000);

  test("says where no instance was handed over", async () => {
    const { status, stderr } = await audit(parent);
    expect(stderr).toMatch(/holds no instance\.yaml/);
    expect(status).toBe(2);
  }, 60_000);

  test("evaluates as of the day that is asked for", async () => {
    const { status, stdout } = await audit(handed(), "--as-of", "2031-01-01");
    expect(stdout).toMatch(/^fail +residency-fresh/m);
    expect(status).toBe(1);
  }, 60_000);
});

describe("polder audit --plan", () => {
  const plan = (change: (json: Loose) => void): string => {
    const file = join(parent, `${++count}.json`);
    cpSync(join(clean, "plan/eea-voorbeeld.json"), file);
    edit(file, change);
    return file;
  };

  test("passes a plan without faults, and says what it can't know", async () => {
    const { status, stdout } = await audit(
      "--plan",
      plan(() => {}),
    );
    expect(stdout).toMatch(/: 5 pass, 0 fail, 1 not-tested/);
    expect(stdout).toMatch(/^not seen +why each resource is there/m);
    expect(status).toBe(0);
  }, 60_000);

  test.each<[string, (json: Loose) => void, RegExp]>([
    [
      "SSH for everybody",
      (json) => {
        const found = json.resource_changes.find((c: Loose) => c.type === "hcloud_firewall");
        found.change.after.rule = [
          { direction: "in", protocol: "tcp", port: "22", source_ips: ["0.0.0.0/0"] },
        ];
      },
      /^fail +no-management-from-internet .*opens port 22/m,
    ],
    [
      "a volume that goes",
      (json) => {
        const found = json.resource_changes.find((c: Loose) => c.type === "hcloud_volume");
        Object.assign(found.change, {
          actions: ["delete"],
          before: found.change.after,
          after: null,
        });
      },
      /^fail +no-unnoticed-destruction .*the plan deletes it/m,
    ],
    [
      "a private key",
      (json) => {
        json.resource_changes[0].change.after.labels = { x: "-----BEGIN PRIVATE KEY-----" };
      },
      /^fail +no-secret .*a private key/m,
    ],
  ])(
    "finds %s",
    async (_, change, says) => {
      const { status, stdout } = await audit("--plan", plan(change));
      expect(stdout).toMatch(says);
      expect(status).toBe(1);
    },
    60_000,
  );

  test("takes no id of a foreign project for a secret", async () => {
    const { status } = await audit(
      "--plan",
      plan((json) => {
        const after = json.resource_changes[0].change.after;
        after.tenant_id = "0123456789abcdef0123456789abcdef";
        after.labels = { project: "0123456789abcdef0123456789abcdef" };
      }),
    );
    expect(status).toBe(0);
  }, 60_000);

  test.each(["sarif", "json"])(
    "writes %s",
    async (format) => {
      const { stdout } = await audit(
        "--plan",
        plan(() => {}),
        "--format",
        format,
      );
      const json = JSON.parse(stdout);
      expect((json.runs?.[0].results ?? json.findings).length).toBe(6);
    },
    60_000,
  );

  test.each([
    ["no JSON", "{", /is no JSON/],
    ["no plan", "{}", /is no plan/],
  ])(
    "rejects %s",
    async (_, text, says) => {
      const file = join(parent, `${++count}.json`);
      writeFileSync(file, text);
      const { status, stderr } = await audit("--plan", file);
      expect(stderr).toMatch(says);
      expect(status).toBe(2);
    },
    60_000,
  );
});

test("polder rules lists every rule with what it protects and the edition of its norm", () => {
  const { stdout, status } = processFrom(TOOLKIT)("rules", "--json");
  const { rules } = JSON.parse(stdout) as { rules: Loose[] };
  expect(status).toBe(0);
  expect(rules.length).toBeGreaterThan(80);
  for (const rule of rules) {
    expect(rule.protects).not.toBe("");
    for (const norm of rule.norms) expect(norm.version).not.toBe("");
  }
  expect(rules.filter((rule) => !rule.needsBlueprint)).toHaveLength(6);
});
