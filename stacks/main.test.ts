import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { processFrom } from "../cli/commands/testing.ts";
import { TOOLKIT } from "../modules/common/toolkit/index.ts";

// The app that cdktf calls, as cdktf.json names it. With cdktf itself: lab/package.soak.test.ts, lab/cdktf.soak.test.ts.

const parent = mkdtempSync(join(tmpdir(), "polder-app-"));
const folder = join(parent, "t-app");
const outdir = join(parent, "cdktf.out");
const synth = () =>
  processFrom(TOOLKIT, { env: { POLDER_INSTANCE: folder, CDKTF_OUTDIR: outdir } })("synth");

const example = readFileSync(join(TOOLKIT, "instances/lab/instance.yaml"), "utf8");
/** The example under another name. @param domain another than its own */
function write(domain?: string): void {
  const text = example.replace(/^name: .*$/m, "name: t-app");
  const changed = domain ? text.replace(/^domain: .*$/m, `domain: ${domain}`) : text;
  writeFileSync(join(folder, "instance.yaml"), changed);
}

beforeAll(() => {
  mkdirSync(folder);
});
afterAll(() => rmSync(parent, { recursive: true }));

it("synthesises an instance's first stack, and says what comes next", () => {
  write();
  const { status, stderr } = synth();
  expect([status, stderr]).toEqual([
    0,
    expect.stringContaining("only its addresses yet; deploy t-app-addresses"),
  ]);
  const stack = join(outdir, "stacks/t-app-addresses");
  for (const file of ["cdk.tf.json", ".terraform.lock.hcl"])
    expect(existsSync(join(stack, file)), file).toBe(true);
});

it("synthesises nothing of an instance with a fault, and names the fault", () => {
  rmSync(outdir, { recursive: true });
  write("geen domein");
  const { status, stderr } = synth();
  expect([status, stderr]).toEqual([1, expect.stringMatching(/instance\.yaml:\d+:\d+/)]);
  // The library makes this folder before it knows of any stack.
  expect(readdirSync(outdir, { recursive: true })).toEqual(["stacks"]);
});
