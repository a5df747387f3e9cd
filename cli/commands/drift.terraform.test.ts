// `polder drift` on the stand-in of Hetzner's API, with the real Terraform: what was changed, added and asked for. No host
// boots there: what a converge in check mode finds comes from results made here; the lab's suites converge real hosts.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { HetznerProjects } from "../../lab/testing/hetzner-projects.ts";
import { polder, type TestInstance, testInstance } from "../../lab/testing/polder.ts";
import { formatFinding } from "../../modules/common/findings/index.ts";
import { buildFolder, TOOLKIT } from "../../modules/common/toolkit/index.ts";
import { hostDrift } from "../../modules/operations/drift/drift.ts";
import { ranFrom } from "./testing.ts";

const NAME = "t-drift";
const hetzner = new HetznerProjects();
let instance: TestInstance;
const environment = () => hetzner.environment("a");
const run = (command: string, ...args: string[]) =>
  ranFrom(TOOLKIT, { env: environment() })(command, instance.folder, ...args);
const drift = (...args: string[]) => run("drift", ...args);
const log = () => readFileSync(join(instance.folder, "history/log.jsonl"), "utf8");

async function send(method: string, path: string, body?: object) {
  const { HCLOUD_ENDPOINT: endpoint, HCLOUD_TOKEN: token } = environment();
  const response = await fetch(`${endpoint}/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body && { body: JSON.stringify(body) }),
  });
  expect(response.ok, path).toBe(true);
  return response.json();
}

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

beforeAll(async () => {
  await hetzner.start();
  instance = testInstance("eea-voorbeeld", NAME);
});
afterAll(async () => {
  instance.forget();
  await hetzner.close();
});

test("before the first apply there is nothing to compare with", async () => {
  const { code, stdout } = await drift();
  expect(stdout).toMatch(/^not-tested cloud-is-as-applied {2}t-drift: .*nothing was applied yet/m);
  expect(code).toBe(3);
});

test("after an apply the cloud is as applied, and hosts that aren't there aren't passed", async () => {
  for (const command of ["plan", "apply"]) expect((await run(command)).code).toBe(0);
  const before = log();
  const { code, stdout } = await drift();
  expect(stdout).toMatch(/^drift of t-drift: 0 differ, 1 not looked at, \d+ as they must be/m);
  expect(stdout).toMatch(/^not-tested hosts-are-as-rendered .*no public address is recorded/m);
  expect(code).toBe(3);
  expect(log()).toBe(before);
  expect(existsSync(join(buildFolder(NAME), "drift"))).toBe(false);
});

test("what somebody changed or made by hand is told in words, and a recorded plan stays", async () => {
  const plan = await run("plan");
  expect(plan.code, plan.stderr).toBe(0);
  const record = readFileSync(join(buildFolder(NAME), "plan/record.json"), "utf8");
  const [address] = await hetzner.api("a").list("primary_ips");
  await send("POST", `primary_ips/${address?.["id"]}/actions/change_protection`, { delete: false });
  await send("POST", "primary_ips", {
    ...{ name: `${NAME}-more`, type: "ipv4", assignee_type: "server", location: "fsn1" },
  });
  const { code, stdout, stderr } = await drift();
  expect(stdout).toMatch(
    /^fail +drift-is-named .*delete_protection was changed outside Terraform: true -> false; the plan puts it back/m,
  );
  expect(stdout).toMatch(/^fail +cloud-holds-nothing-else {2}primary_ips t-drift-more/m);
  expect(stdout).toMatch(/^drift of t-drift: 2 differ, 1 not looked at/m);
  expect(stderr).toMatch(/not as its files say/);
  expect(code).toBe(1);
  expect(readFileSync(join(buildFolder(NAME), "plan/record.json"), "utf8")).toBe(record);
  const json = JSON.parse((await drift("--json")).stdout);
  expect(json).toMatchObject({ instance: NAME });
  expect(
    json.findings.filter(({ verdict }: { verdict: string }) => verdict === "fail"),
  ).toHaveLength(2);
});

test("what the files ask for and nobody applied differs, too", async () => {
  instance.edit((text) => text.replace(/simultaneous: \d+/, "simultaneous: 60"));
  const { stdout } = await drift();
  expect(stdout).toMatch(
    /^fail +cloud-is-as-applied {2}t-drift-addresses: public address bridge-\d+: the instance's files ask for what wasn't applied: create/m,
  );
});

test("a cloud that can't be reached isn't tested", async () => {
  await hetzner.close();
  const env = { HCLOUD_ENDPOINT: "http://127.0.0.1:9/v1", HCLOUD_TOKEN: "a".repeat(64) };
  // By a process, as people start it; the others in this one.
  const { code, stdout } = await polder(["drift", instance.folder], { env });
  expect(stdout).toMatch(/^not-tested cloud-is-as-applied .*couldn't be looked at/m);
  expect(code).toBe(3);
});

test("hosts: what differs fails a line at a time, what couldn't be reached isn't tested", () => {
  const host = { left: [], lacks: [], running: [], pending: [], tasks: 1 } as const;
  const findings = hostDrift([
    { ...host, host: "edge-1", outcome: "unchanged", lines: [] },
    { ...host, host: "turn-1", outcome: "differs", lines: ["files: /etc/a"], left: ["beyond: b"] },
    { ...host, host: "bridge-1", outcome: "failed", lines: ["no way there"] },
    { ...host, host: "control-1", outcome: "unchanged", lines: [], pending: ["prosody"] },
  ]);
  expect(findings.map(formatFinding)).toEqual([
    "pass       hosts-are-as-rendered  edge-1: as it was rendered",
    "fail       hosts-are-as-rendered  turn-1: files: /etc/a",
    "fail       hosts-are-as-rendered  turn-1: beyond: b",
    "not-tested hosts-are-as-rendered  bridge-1: couldn't be looked at: no way there",
    "fail       hosts-are-as-rendered  control-1: prosody runs with older files than it has",
  ]);
});
