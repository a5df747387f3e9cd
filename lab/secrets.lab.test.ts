import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cloudsFile, readCloud } from "../modules/openstack-api/index.ts";
import { buildFolder, terraformEnvironment } from "../stacks/environment.ts";
import { Api } from "./cloud/api.ts";
import { type Canary, canariesBelow, canariesIn, watchArguments } from "./testing/canary.ts";
import { polder, program, type TestInstance, testInstance } from "./testing/polder.ts";

const planted: Canary = { name: "planted value", value: "canary-7Qx2-planted-w9Kd4Lz8-value" };

describe("the harness finds what it looks for", () => {
  const folder = mkdtempSync(join(tmpdir(), "polder-canary-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ["as it is", Buffer.from(`x${planted.value}y`)],
    [
      "in base64, at each offset",
      Buffer.from(
        ["", "a", "ab"].map((p) => Buffer.from(p + planted.value + p).toString("base64")).join(" "),
      ),
    ],
    ["in hex", Buffer.from(Buffer.from(planted.value).toString("hex"))],
    ["compressed", gzipSync(planted.value)],
  ])("%s", (_, bytes) => {
    writeFileSync(join(folder, "file"), bytes);
    expect(canariesBelow(folder, [planted])).toEqual([`${join(folder, "file")}: planted value`]);
  });

  test("in a plan file, which is a zip", async () => {
    const script =
      "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1],'w',zipfile.ZIP_DEFLATED); z.writestr('tfplan', sys.stdin.read())";
    writeFileSync(join(folder, "text"), planted.value);
    await program("sh", ["-c", `python3 -c "${script}" ${folder}/zip < ${folder}/text`]);
    rmSync(join(folder, "text"));
    rmSync(join(folder, "file"), { force: true });
    expect(canariesBelow(folder, [planted])).toEqual([`${join(folder, "zip")}: planted value`]);
  });

  test("in the arguments of a process", async () => {
    const watch = watchArguments([planted]);
    const child = spawn("sh", ["-c", "sleep 1", planted.value]);
    await new Promise((done) => child.on("close", done));
    expect(watch.stop()).toHaveLength(1);
  });

  test("and nothing where there is nothing", () => {
    expect(canariesIn(Buffer.from("canary-7Qx2"), [planted])).toEqual([]);
  });
});

describe("no secret leaves its place", () => {
  let instance: TestInstance;
  let canaries: Canary[];

  beforeAll(() => {
    instance = testInstance("gemeente-klein", "t-geheim");
    const { blueprint } = instance.load();
    const { auth } = readCloud(
      cloudsFile(terraformEnvironment(blueprint)),
      blueprint.cloud.credentials,
    );
    canaries = [planted, { name: "cloud credential", value: auth.password ?? "" }];
    writeFileSync(join(instance.folder, "vault.yml"), `secret: ${planted.value}\n`);
  });
  afterAll(() => instance.forget());

  test("not in JSON, plan, state, output or arguments of a whole deployment", async () => {
    const watch = watchArguments(canaries);
    let output = "";
    for (const step of ["plan", "apply", "addresses", "plan", "apply"]) {
      const ran = await polder([step, instance.folder], {
        env: { CANARY: planted.value, TF_VAR_canary: planted.value },
      });
      expect([step, ran.code, ran.stderr.split("\n").at(-2)]).toEqual([step, 0, expect.anything()]);
      output += ran.stdout + ran.stderr;
    }
    const looks = watch.looks();
    expect(watch.stop()).toEqual([]);
    expect(looks).toBeGreaterThan(20);
    expect(canariesIn(Buffer.from(output), canaries)).toEqual([]);
    expect(canariesBelow(buildFolder(instance.name), canaries)).toEqual([]);
    expect(canariesBelow(join(instance.folder, "state"), canaries)).toEqual([]);
  });

  test("not in the user_data that the cloud keeps, which only its administrator sees", async () => {
    const clouds = cloudsFile(terraformEnvironment(instance.load().blueprint));
    const { auth } = readCloud(clouds, "lab-admin");
    const admin = await Api.open({
      host: new URL(auth.auth_url).hostname,
      user: auth.username ?? "",
      password: auth.password ?? "",
      project: auth.project_name ?? "",
    });
    const answer = await admin.call("compute", "GET", "/servers/detail?all_tenants=1", undefined, {
      "openstack-api-version": "compute 2.79",
    });
    const { servers } = JSON.parse(answer.text) as { servers: Record<string, string>[] };
    const own = servers.filter((server) => server["name"]?.startsWith("t-geheim-"));
    expect(own.length).toBe(instance.load().blueprint.hosts.length);
    for (const server of own) {
      const data = Buffer.from(server["OS-EXT-SRV-ATTR:user_data"] ?? "", "base64");
      expect(data.toString()).toMatch(/^#cloud-config\n/);
      expect(canariesIn(data, canaries)).toEqual([]);
    }
  });

  test("and the end leaves none in its record", async () => {
    const ran = await polder(["decommission", instance.folder, "--confirm", instance.name]);
    expect(ran.code).toBe(0);
    rmSync(join(instance.folder, "vault.yml"));
    expect(canariesBelow(instance.folder, canaries)).toEqual([]);
  });
});
