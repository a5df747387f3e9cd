import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { formatFinding } from "../../common/findings/index.ts";
import { TOOLKIT } from "../../common/toolkit/index.ts";
import { type LoadedInstance, loadInstance } from "../../workspace/index.ts";
import { approvalText, signApproval } from "../approve/approval.ts";
import { noteInHistory } from "../history/index.ts";
import { digestOf, type PlanRecord } from "../plan/index.ts";
import { historyFindings } from "./history.ts";

const parent = mkdtempSync(join(tmpdir(), "polder-audit-history-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const ADMINS = ["annakok", "bramsmit"];
const TODAY = new Date().toISOString().slice(0, 10);
const FINDINGS = { pass: 1, fail: 0, "not-tested": 0, waived: 0 };
const sum = (text: string) => createHash("sha256").update(text).digest("hex");
const keyOf = (user: string) => join(parent, user);
const publicKey = (user: string) => readFileSync(`${keyOf(user)}.pub`, "utf8").trim();

let count = 0;
let loaded: LoadedInstance;
let record: PlanRecord;

beforeAll(() => {
  for (const user of [...ADMINS, "stranger"])
    execFileSync("ssh-keygen", [
      ...["-q", "-t", "ed25519", "-N", "", "-C", user, "-f", keyOf(user)],
    ]);
});

/** An instance of two admins and a plan of it, noted in its history. */
beforeEach(async () => {
  const folder = join(parent, `${++count}`, "lab");
  mkdirSync(folder, { recursive: true });
  cpSync(join(TOOLKIT, "instances/lab/instance.yaml"), join(folder, "instance.yaml"));
  loaded = withProfile(loadInstance(folder), "nl-sovereign");
  record = await plan();
});

function withProfile(
  { blueprint, ...rest }: LoadedInstance,
  profile: "nl-sovereign" | "lab",
): LoadedInstance {
  const admins = ADMINS.map((user) => ({ name: user, user, key: publicKey(user), issuer: false }));
  const residency = { ...blueprint.residency, profile };
  return { ...rest, blueprint: { ...blueprint, residency, admins } };
}

/** Notes a plan as `polder plan` does. */
async function plan(of = loaded, asOf = TODAY): Promise<PlanRecord> {
  const blueprint = JSON.stringify(of.blueprint);
  const unsigned = { instance: "lab", asOf, sums: { "blueprint.json": sum(blueprint) } };
  const digest = digestOf(unsigned as unknown as PlanRecord);
  const made = { ...unsigned, digest } as unknown as PlanRecord;
  await noteInHistory(of, {
    by: "annakok",
    event: {
      kind: "plan",
      plan: made.digest,
      asOf,
      destroy: false,
      stacks: [],
      findings: FINDINGS,
    },
    files: { "record.json": JSON.stringify(made), "blueprint.json": blueprint },
  });
  return made;
}

/** A person says yes with the key of another, or their own. */
async function approve(user: string, by = user): Promise<void> {
  const at = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const text = approvalText({ instance: "lab", plan: record.digest, user, at });
  await noteInHistory(loaded, {
    by: user,
    event: { kind: "approval", plan: record.digest, user },
    files: {
      "approval.txt": text,
      "approval.txt.sig": signApproval(text, publicKey(by), keyOf(by)),
    },
  });
}

const apply = () =>
  noteInHistory(loaded, {
    by: "annakok",
    event: {
      kind: "apply",
      plan: record.digest,
      asOf: TODAY,
      outcome: "applied",
      findings: FINDINGS,
    },
  });

const log = () => join(loaded.folder, "history/log.jsonl");
const lines = () => readFileSync(log(), "utf8").trim().split("\n");
const notSeen: string[] = [];
const findings = (handed: PlanRecord | undefined = record): string => {
  notSeen.length = 0;
  return historyFindings(loaded, handed, TODAY, notSeen).map(formatFinding).join("\n");
};

/** Writes the lines of the history anew, each behind the one before, as somebody would who may write the folder. */
function rewritten(change: (line: { files: Record<string, string> }, i: number) => void): void {
  let previous = "0".repeat(64);
  const changed = lines().map((text, i) => {
    const line = JSON.parse(text);
    change(line, i);
    const written = JSON.stringify({ ...line, previous });
    previous = sum(written);
    return written;
  });
  writeFileSync(log(), `${changed.join("\n")}\n`);
  const applied = join(loaded.folder, "state/applied.json");
  writeFileSync(applied, JSON.stringify({ serials: {}, history: previous }));
}

test("passes a plan that two admins signed before it was applied", async () => {
  for (const user of ADMINS) await approve(user);
  await apply();
  expect(findings()).not.toMatch(/^(fail|not-tested|warning)/m);
  expect(findings().match(/^pass +approvals-are-signed/gm)).toHaveLength(2);
  expect(findings()).toMatch(/^pass +plan-is-approved .*applied in history line 4/m);
  expect(notSeen).toEqual([]);
});

test("finds a signature by another key", async () => {
  await approve("annakok");
  await approve("bramsmit", "stranger");
  await apply();
  expect(findings()).toMatch(
    /^fail +approvals-are-signed {2}history line 3: bramsmit's signature isn't by the key/m,
  );
  expect(findings()).toMatch(/^fail +plan-is-approved .*approved by annakok/m);
});

test("finds a signed text that was changed afterwards, though the chain was made anew", async () => {
  for (const user of ADMINS) await approve(user);
  await apply();
  const files = join(loaded.folder, "history/files");
  rewritten((line, i) => {
    if (i !== 2) return;
    const old = line.files["approval.txt"] ?? "";
    const text = readFileSync(join(files, old), "utf8").replace("instance: lab", "instance: lap");
    rmSync(join(files, old));
    line.files["approval.txt"] = sum(text);
    writeFileSync(join(files, sum(text)), text);
  });
  expect(findings()).toMatch(/^pass +history-is-whole/m);
  expect(findings()).toMatch(
    /^fail +approvals-are-signed {2}history line 3: bramsmit's signature/m,
  );
});

test("finds a line that was taken out", async () => {
  for (const user of ADMINS) await approve(user);
  writeFileSync(log(), `${lines().toSpliced(1, 1).join("\n")}\n`);
  expect(findings()).toMatch(/^fail +history-is-whole .*log\.jsonl:2: doesn't follow the line/m);
});

test("finds that the last line was cut off, by the record beside the state, and says when that isn't there", async () => {
  await approve("annakok");
  writeFileSync(log(), `${lines().slice(0, -1).join("\n")}\n`);
  expect(findings()).toMatch(
    /^fail +history-is-whole .*the line that was written last is missing/m,
  );
  rmSync(join(loaded.folder, "state/applied.json"));
  expect(findings()).not.toContain("written last is missing");
  expect(notSeen.join()).toMatch(/applied\.json wasn't handed over: whether lines were cut off/);
});

test("finds a record that was changed, alone and together with its line", async () => {
  const files = join(loaded.folder, "history/files");
  const old = JSON.parse(lines()[0] ?? "").files["record.json"];
  const changed = JSON.stringify({ ...record, asOf: "2026-01-01" });
  const whole = readFileSync(join(files, old), "utf8");
  writeFileSync(join(files, old), changed);
  expect(findings()).toMatch(/^fail +history-is-whole .*its record\.json was changed/m);
  writeFileSync(join(files, old), whole);
  rmSync(join(files, old));
  writeFileSync(join(files, sum(changed)), changed);
  rewritten((line) => {
    line.files["record.json"] = sum(changed);
  });
  expect(findings()).toMatch(
    /^fail +history-is-whole {2}history line 1: record\.json of the plan isn't what its digest/m,
  );
});

test("finds an approval that came after the apply", async () => {
  await approve("annakok");
  await apply();
  await approve("bramsmit");
  expect(findings()).toMatch(
    /^fail +plan-is-approved {2}plan [0-9a-f]{16}, applied in history line 3: approved by annakok, profile/m,
  );
  expect(findings()).not.toMatch(/^fail +approvals-are-signed/m);
});

test("finds a handed-over plan that the history doesn't have", () => {
  expect(findings({ ...record, digest: "f".repeat(64) })).toMatch(
    /^fail +history-is-whole {2}record\.json: plan f{16}, which was handed over, isn't in the history/m,
  );
});

test("says of a plan that wasn't applied yet what an apply would wait for", async () => {
  expect(findings()).toMatch(
    /^not-tested plan-is-approved .*wasn't applied yet; an apply is refused as long as nobody approved it/m,
  );
  for (const user of ADMINS) await approve(user);
  expect(findings()).toMatch(/^pass +plan-is-approved .*approved by annakok, bramsmit/m);
});

test("warns where the profile demanded less when the plan was applied", async () => {
  record = await plan(withProfile(loaded, "lab"));
  await apply();
  expect(findings()).toMatch(
    /^warning +plan-is-approved .*line 3: nobody approved it; profile lab demands no approval/m,
  );
});

test("says that there is no history", () => {
  rmSync(join(loaded.folder, "history"), { recursive: true });
  expect(existsSync(join(loaded.folder, "history"))).toBe(false);
  expect(findings()).toMatch(
    /^not-tested plan-is-approved {2}lab: profile nl-sovereign demands 2 approvals/m,
  );
  expect(notSeen.join()).toMatch(/^history\/ wasn't handed over/);
  loaded = withProfile(loaded, "lab");
  expect(findings()).toBe("");
});
