// From a plan to an apply where people must approve, and what remains of it. The cloud is the stand-in of Hetzner's API, at
// a made-up Dutch location; Terraform, ssh-keygen and cdktf are the real ones.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dump, load as yaml } from "js-yaml";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { HetznerProjects } from "../../lab/testing/hetzner-projects.ts";
import { PlannedInstance } from "../../lab/testing/planned-instance.ts";
import {
  polder,
  program,
  type Ran,
  type TestInstance,
  testInstance,
} from "../../lab/testing/polder.ts";
import { BadInput } from "../../modules/common/input/index.ts";
import { buildFolder, TOOLKIT } from "../../modules/common/toolkit/index.ts";
import { readHistory } from "../../modules/operations/history/index.ts";
import { record } from "../../modules/planning/residency/testing.ts";
import { ranFrom } from "./testing.ts";

const NAME = "t-akkoord";
const hetzner = new HetznerProjects();
let instance: TestInstance;
let start: PlannedInstance;
const build = buildFolder(NAME);
const platform = (
  yaml(
    readFileSync(join(TOOLKIT, "modules/planning/residency/locations/hetzner-fsn1.yaml"), "utf8"),
  ) as { platform: object }
).platform;

const environment = () => ({ ...hetzner.environment(start.project), POLDER_USER: "annakok" });
const run = (command: string, args: readonly string[] = []) =>
  ranFrom(TOOLKIT, { env: environment() })(command, instance.folder, ...args);
const said = ({ stdout, stderr }: Ran) => stdout + stderr;
const history = () => join(instance.folder, "history");
const log = () => join(history(), "log.jsonl");
const lines = () => readFileSync(log(), "utf8").trim().split("\n");
const digest = (): string =>
  JSON.parse(readFileSync(join(build, "plan/record.json"), "utf8")).digest;
const key = (user: string) => join(hetzner.folder, user);
/** A person says yes with the key of another, or their own. */
const approve = (user: string, by = user, plan = digest().slice(0, 12)) =>
  run("approve", ["--plan", plan, "--user", user, "--ssh-identity", key(by)]);

function admin(name: string, user: string): string {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", user, "-f", key(user)]);
  return `  - { name: ${name}, user: ${user}, key: ${readFileSync(`${key(user)}.pub`, "utf8").trim()} }\n`;
}

beforeAll(async () => {
  await hetzner.start();
  instance = testInstance("eea-voorbeeld", NAME);
  start = new PlannedInstance(hetzner, instance);
  const people = admin("Anna Kok", "annakok") + admin("Bram Smit", "bramsmit");
  admin("Nobody", "stranger");
  instance.edit((text) =>
    text
      .replace("residency: eea", "residency: nl-sovereign")
      .replace("location: hetzner-fsn1", "location: voorbeeld-1")
      .replace(/admins:\n( {2}.*\n)+/, `admins:\n${people}`)
      .concat(
        "waivers:\n  - { waives: admins.hardwareKey, reason: The keys come in spring., owner: Anna Kok, expires: 2027-03-01 }\n",
      ),
  );
  writeFileSync(
    join(instance.folder, "location.yaml"),
    dump(record({}, { provider: "hetzner", platform })),
  );
  // By a process, as people start it; all later ones in this one.
  const planned = await polder(["plan", instance.folder], { env: environment() });
  expect(planned.code, said(planned)).toBe(0);
  expect(planned.stdout).toContain("profile nl-sovereign: 2 admins must approve it");
  start.keep();
});
/** Each test begins with one plan, in a project of its own. */
beforeEach(() => start.again());
afterAll(async () => {
  instance.forget();
  await hetzner.close();
});

async function refused(why: RegExp): Promise<void> {
  const ran = await run("apply");
  expect([ran.code, await start.addresses()], said(ran)).toEqual([1, 0]);
  expect(ran.stdout).toMatch(why);
}

describe("a plan of profile nl-sovereign", () => {
  test("is applied once two admins signed it, and all of that remains", async () => {
    await refused(
      /fail +plan-is-approved .*nobody approved it, profile nl-sovereign wants 2 admins/,
    );
    const first = await approve("annakok");
    expect([first.code, first.stdout], said(first)).toEqual([
      0,
      expect.stringContaining("not yet enough: approved by annakok"),
    ]);
    await refused(/approved by annakok, profile nl-sovereign wants 2 admins/);
    // The same person twice is one.
    expect((await approve("annakok")).code).toBe(0);
    await refused(/approved by annakok, /);
    // Who approves needs the instance's folder alone: no build folder, no credential.
    const elsewhere = await polder(
      [
        "approve",
        instance.folder,
        "--plan",
        digest(),
        "--user",
        "bramsmit",
        "--ssh-identity",
        key("bramsmit"),
      ],
      { env: { HCLOUD_TOKEN: "" } },
    );
    expect(elsewhere.code, said(elsewhere)).toBe(0);
    const applied = await run("apply");
    expect([applied.code, await start.addresses()], said(applied)).toEqual([0, start.planned]);
    const told = await run("history");
    expect([told.code, lines().map((line) => JSON.parse(line).event.kind)]).toEqual([
      0,
      ["plan", "apply", "approval", "apply", "approval", "apply", "approval", "apply"],
    ]);
    expect(told.stdout.replace(/\s+/g, " ")).toMatch(
      / 8 \S+Z annakok \d.*apply of plan [0-9a-f]{16}: applied/,
    );
    expect(JSON.parse(lines()[7] ?? "").toolkit.code).toMatch(/^[0-9a-f]{64}$/);
  });

  test("that ends the instance wants the same two people, and what they signed is what is destroyed", async () => {
    for (const user of ["annakok", "bramsmit"]) expect((await approve(user)).code).toBe(0);
    expect((await run("apply")).code).toBe(0);
    const end = () => run("decommission", ["--confirm", NAME]);
    const first = await end();
    expect([first.code, await start.addresses()], said(first)).toEqual([1, start.planned]);
    expect(first.stdout).toMatch(
      /^fail +plan-is-approved .*nobody approved it \(.*is of an earlier plan.*wants 2 admins/m,
    );
    expect(first.stderr).toContain("nothing was destroyed");
    const planned = digest();
    expect((await approve("annakok")).code).toBe(0);
    const second = await end();
    expect([second.code, await start.addresses(), digest()]).toEqual([1, start.planned, planned]);
    const reviewed = await run("review");
    expect(reviewed.stdout).toMatch(/^ +HIGH +the public address .* goes back to the cloud/m);
    expect(reviewed.stdout).toMatch(/^this plan ends the instance/m);
    expect((await approve("bramsmit")).code).toBe(0);
    expect((await run("review")).stdout).toMatch(/^next: polder decommission /m);
    const ended = await end();
    expect([ended.code, await start.addresses()], said(ended)).toEqual([0, 0]);
    expect(
      lines()
        .map((line) => JSON.parse(line).event.kind)
        .slice(-2),
    ).toEqual(["apply", "decommission"]);
  });

  test("isn't applied by another's key, a stranger's, or a signature that was put in", async () => {
    const borrowed = await approve("bramsmit", "annakok");
    expect([borrowed.code, said(borrowed)]).toEqual([
      2,
      expect.stringContaining("isn't the key of bramsmit's entry"),
    ]);
    const stranger = await approve("stranger");
    expect([stranger.code, said(stranger)]).toEqual([2, expect.stringContaining("who is none")]);
    expect(lines()).toHaveLength(1);
    expect((await approve("annakok")).code).toBe(0);
    // Her line once more, in his name.
    const line = lines()[1] ?? "";
    const forged = line
      .replaceAll("annakok", "bramsmit")
      .replace('"number":2', '"number":3')
      .replace(
        /"previous":"[0-9a-f]+"/,
        `"previous":"${createHash("sha256").update(line).digest("hex")}"`,
      );
    writeFileSync(log(), `${lines().join("\n")}\n${forged}\n`);
    await refused(/bramsmit's signature isn't by the key of their entry/);
  });

  test("is no longer approved once it is another, or after a week", async () => {
    expect((await approve("annakok")).code).toBe(0);
    expect((await approve("bramsmit")).code).toBe(0);
    // An approval of nine days ago, by whoever sets their clock back.
    const long = new Date(Date.now() - 9 * 86_400_000).toISOString().replace(/\.\d+Z/, "Z");
    const [planned = ""] = lines();
    const before = lines();
    const text = `polder approval\ninstance: ${NAME}\nplan: ${digest()}\nby: annakok\nat: ${long}\n`;
    const signature = execFileSync(
      "ssh-keygen",
      ["-Y", "sign", "-q", "-n", "polder-plan", "-f", key("annakok")],
      {
        input: text,
      },
    );
    const put = (data: string | Buffer) => {
      const sum = createHash("sha256").update(data).digest("hex");
      writeFileSync(join(history(), "files", sum), data);
      return sum;
    };
    const old = JSON.parse(before[1] ?? "");
    old.files = { "approval.txt": put(text), "approval.txt.sig": put(signature) };
    writeFileSync(log(), `${[planned, JSON.stringify(old), before[2]].join("\n")}\n`);
    await refused(/annakok's of \S+ is older than 7 days/);
    writeFileSync(log(), `${before.join("\n")}\n`);
    instance.edit((file) => file.replace("reason: The keys come", "reason: Keys come"));
    expect((await run("plan")).code).toBe(0);
    await refused(
      /nobody approved it \(annakok's is of an earlier plan; bramsmit's is of an earlier plan\)/,
    );
    const other = await approve("annakok", "annakok", "0".repeat(16));
    expect([other.code, said(other)]).toEqual([
      2,
      expect.stringContaining("review that one first"),
    ]);
  });

  test("is signed so that ssh-keygen alone can tell", async () => {
    expect((await approve("annakok")).code).toBe(0);
    const page = readFileSync(join(TOOLKIT, "docs/review.md"), "utf8");
    const shown = /^```sh\n([\s\S]*?)^```/m.exec(page)?.[1] ?? "";
    const { files } = JSON.parse(lines()[1] ?? "");
    const script = shown
      .replaceAll("ADMIN", "annakok")
      .replaceAll("KEY", readFileSync(`${key("annakok")}.pub`, "utf8").trim())
      .replaceAll("TEXT", files["approval.txt"])
      .replaceAll("SIGNATURE", files["approval.txt.sig"]);
    const ran = await program("sh", ["-c", script], { cwd: join(history(), "files") });
    expect([ran.code, ran.stdout], ran.stderr).toEqual([
      0,
      expect.stringContaining('Good "polder-plan" signature'),
    ]);
    expect(ran.stdout).toContain(digest());
  });

  test("with one signature is enough for nl-located, but not the planner's own", async () => {
    // Its admins need no hardware key, so no exception either.
    instance.edit((text) =>
      text
        .replace("residency: nl-sovereign", "residency: nl-located")
        .replace(/waivers:\n.*\n/, ""),
    );
    expect((await run("plan")).code).toBe(0);
    expect((await approve("annakok")).code).toBe(0);
    await refused(/annakok made the plan/);
    expect((await approve("bramsmit")).code).toBe(0);
    const applied = await run("apply");
    expect([applied.code, await start.addresses()], said(applied)).toEqual([0, start.planned]);
  });
});

describe("the review", () => {
  test("tells what happens, without Terraform's words, from the instance's folder alone", async () => {
    rmSync(build, { recursive: true });
    const ran = await polder(["review", instance.folder], { env: { HCLOUD_TOKEN: "" } });
    expect([ran.code, said(ran)]).toEqual([
      0,
      expect.stringContaining("bridge-1 gets a public address"),
    ]);
    expect(ran.stdout).toMatch(/waived +waivers-in-date/);
    expect(ran.stdout).not.toMatch(/hcloud_|resource|tfplan/);
  });
});

describe("the history", () => {
  /** Changes one thing and gives what is found then. */
  function found(change: () => void): string {
    expect(readHistory(instance.load()).problems).toEqual([]);
    const before = readFileSync(log(), "utf8");
    change();
    const said = new BadInput(readHistory(instance.load()).problems).message;
    writeFileSync(log(), before);
    return said;
  }
  const rewrite = (change: (lines: string[]) => string[]) =>
    writeFileSync(
      log(),
      change(lines())
        .map((line) => `${line}\n`)
        .join(""),
    );

  test("finds every line and file that isn't as it was written", async () => {
    for (const user of ["annakok", "bramsmit"]) expect((await approve(user)).code).toBe(0);
    const [a = "", b = "", c = ""] = lines();
    expect(found(() => rewrite(() => [a, c]))).toMatch(/log\.jsonl:2:1: doesn't follow/);
    expect(found(() => rewrite(() => [b, c]))).toMatch(/log\.jsonl:1:1: doesn't follow/);
    expect(found(() => rewrite(() => [a, b]))).toMatch(
      /log\.jsonl:2:1: the line that was written last is missing/,
    );
    expect(found(() => rewrite(() => []))).toMatch(/is missing/);
    expect(found(() => rewrite(() => [a, b, b, c]))).toMatch(/log\.jsonl:3:1: doesn't follow/);
    expect(
      found(() => rewrite(() => [a.replace('"by":"annakok"', '"by":"iemand"'), b, c])),
    ).toMatch(/log\.jsonl:2:1: doesn't follow/);
    // The last line has none behind it.
    expect(
      found(() => rewrite(() => [a, b, c.replace('"by":"bramsmit"', '"by":"iemand"')])),
    ).toMatch(/is missing/);
    expect(found(() => rewrite(() => [a, b, "hello"]))).toMatch(/log\.jsonl:3:1: is no line/);
    const { files } = JSON.parse(a);
    const file = join(history(), "files", files["findings.json"]);
    const text = readFileSync(file, "utf8");
    expect(found(() => writeFileSync(file, text.replace("pass", "fail")))).toMatch(
      /log\.jsonl:1:1: its findings\.json was changed/,
    );
    const told = await run("history");
    expect([told.code, told.stderr]).toEqual([1, expect.stringContaining("1 places aren't")]);
    writeFileSync(file, text);
    expect(found(() => rmSync(file))).toMatch(/log\.jsonl:1:1: its findings\.json is gone/);
    writeFileSync(file, text);
    expect(found(() => writeFileSync(join(history(), "files/more"), ""))).toMatch(
      /files\/more: belongs to no line/,
    );
  });

  test("is looked at without polder, as its page shows", async () => {
    const page = readFileSync(join(TOOLKIT, "docs/history.md"), "utf8");
    const shown = /^```sh\n([\s\S]*?)^```/m.exec(page)?.[1] ?? "";
    const looked = async () =>
      (await program("sh", ["-c", shown], { cwd: instance.folder })).stdout;
    expect((await approve("annakok")).code).toBe(0);
    expect(await looked()).toBe("");
    const { files } = JSON.parse(lines()[0] ?? "");
    writeFileSync(join(history(), "files", files["record.json"]), "{}");
    rewrite(([a = "", b = ""]) => [a.replace("annakok", "iemand"), b]);
    expect(await looked()).toMatch(/changed: [0-9a-f]{64}\ndoesn't follow: /);
  });

  test("keeps everything that the record names, under its sum", () => {
    const { files } = JSON.parse(lines()[0] ?? "");
    expect(Object.keys(files).sort()).toEqual([
      "blueprint.json",
      "findings.json",
      "record.json",
      `${NAME}-addresses.json`,
      `${NAME}-addresses/cdk.tf.json`,
    ]);
    for (const name of readdirSync(join(history(), "files"))) {
      const data = readFileSync(join(history(), "files", name));
      expect(createHash("sha256").update(data).digest("hex")).toBe(name);
    }
    expect(existsSync(join(history(), ".lock"))).toBe(false);
  });
});
