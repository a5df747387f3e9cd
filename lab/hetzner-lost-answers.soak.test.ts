// Applies whose answers get lost on the way, against the stand-in of Hetzner's API: the cloud has what
// no state knows. Needs Terraform and loopback; not the lab.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type StandIn, start } from "./hetzner/index.ts";
import { polder, type Ran, type TestInstance, testInstance } from "./testing/polder.ts";

const folder = mkdtempSync(join(tmpdir(), "polder-lost-"));
/** The first of each is done, and nobody hears of it. */
const lost = [
  /\/primary_ips$/,
  /\/networks$/,
  /\/add_subnet$/,
  /\/firewalls$/,
  /\/placement_groups$/,
  /\/zones$/,
  /\/rrsets$/,
];
/** Rounds of plan and apply; more would mean that it stands still. */
const MOST = 10;
let standIn: StandIn;
let instance: TestInstance;

beforeAll(async () => {
  instance = testInstance("eea-voorbeeld", "t-hz-lost");
  standIn = await start({
    folder,
    loses: (method, path) => {
      const which = lost.findIndex((one) => method === "POST" && one.test(path));
      return which >= 0 && lost.splice(which, 1).length === 1;
    },
  });
});
afterAll(async () => {
  await standIn.close();
  instance.forget();
  rmSync(folder, { recursive: true, force: true });
});

const run = (...args: string[]): Promise<Ran> =>
  polder(args, { env: { HCLOUD_ENDPOINT: standIn.endpoint, HCLOUD_TOKEN: "l".repeat(64) } });

/** Plans and applies until an apply is done; returns what was imported. */
async function insist(): Promise<string[]> {
  const told: string[] = [];
  for (let round = 0; round < MOST; round++) {
    const plan = await run("plan", instance.folder);
    expect([plan.code, plan.stdout]).toEqual([0, expect.stringContaining(" 0 fail,")]);
    told.push(...(plan.stderr.match(/importing \d+ unmanaged resources/g) ?? []));
    const { code, stderr } = await run("apply", instance.folder);
    if (code === 0) return told;
    expect([code, stderr]).toEqual([3, expect.stringContaining("EOF")]);
  }
  throw new Error(`not done after ${MOST} rounds`);
}

test("what was created is imported, and all ends at what is planned", async () => {
  expect(await insist()).toEqual(["importing 1 unmanaged resources"]);
  expect((await run("addresses", instance.folder)).code).toBe(0);
  expect((await insist()).length).toBeGreaterThan(1);
  expect(lost).toEqual([]);
  expect((await run("plan", instance.folder)).stdout).toContain("t-hz-lost: no changes");
});
