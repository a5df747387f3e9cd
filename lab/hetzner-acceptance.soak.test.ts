// The provider's own acceptance tests against the stand-in of Hetzner's API: what Hetzner itself runs
// against the real one before a release. Needs Go and Terraform; not the lab.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { load } from "js-yaml";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { TOOLKIT } from "../modules/common/toolkit/index.ts";
import { readProvider } from "../providers/provider.ts";
import { type StandIn, start } from "./hetzner/index.ts";
import { program } from "./testing/polder.ts";

const LEFT_OUT = z
  .strictObject({
    date: z.iso.date(),
    provider: z.string(),
    "left-out": z.array(
      z.strictObject({ test: z.string().regex(/^TestAcc\w+$/), why: z.string() }),
    ),
  })
  .parse(load(readFileSync(join(import.meta.dirname, "hetzner-acceptance.yaml"), "utf8")));
const leftOut = LEFT_OUT["left-out"].map((one) => one.test);

const provider = readProvider("hcloud");
const scratch = mkdtempSync(join(tmpdir(), "polder-acceptance-"));
const source = join(scratch, "source");
const logs = join(TOOLKIT, "build/hetzner-acceptance");
let standIn: StandIn;

/** A copy of the module that go.sum pins: the tests look for a checkout, and the cache is none. */
function takeSource(): void {
  const { Dir } = JSON.parse(
    execFileSync(
      "go",
      [
        "mod",
        "download",
        "-json",
        `github.com/${provider.source.replace("/", "/terraform-provider-")}`,
      ],
      {
        cwd: provider.folder,
        encoding: "utf8",
        env: { ...process.env, GOFLAGS: "-mod=readonly" },
      },
    ),
  ) as { Dir: string };
  execFileSync("cp", ["--recursive", "--no-preserve=mode", Dir, source]);
  mkdirSync(join(source, ".git"));
}

/** The packages that hold the types that polder uses, by their folder's name. */
function packages(): string[] {
  const files = readdirSync(join(source, "internal"), { recursive: true, encoding: "utf8" });
  const holds = (file: string): boolean => {
    const text = readFileSync(join(source, "internal", file), "utf8");
    return provider.resources.some((type) => text.includes(`ResourceType = "${type}"`));
  };
  const go = files.filter((file) => file.endsWith(".go") && !file.endsWith("_test.go"));
  return [...new Set(go.filter(holds).map((file) => basename(dirname(file))))].sort();
}

/** The tests of one package, each with how it ended; what it printed goes to a file. */
async function validate(name: string, number: number): Promise<Map<string, string>> {
  const binary = join(scratch, `${name}.test`);
  const go = { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOWORK: "off" };
  const build = ["-C", source, "test", "-c", "-trimpath", "-o", binary, `./internal/${name}`];
  const built = await program("go", build, { env: go });
  if (built.code !== 0) throw new Error(`${name} doesn't build:\n${built.stderr}`);
  const run = [
    "-test.v",
    "-test.parallel",
    "4",
    "-test.timeout",
    "20m",
    "-test.run",
    "^TestAcc",
    "-test.skip",
    `^(${leftOut.join("|")})$`,
  ];
  const { stdout, stderr } = await program(
    "env",
    ["-C", join(source, "internal", name), binary, ...run],
    {
      env: {
        TF_ACC: "1",
        TF_ACC_PROVIDER_NAMESPACE: dirname(provider.source),
        TF_ACC_TERRAFORM_PATH: execFileSync("which", ["terraform"], { encoding: "utf8" }).trim(),
        TF_CLI_CONFIG_FILE: join(scratch, "terraform.rc"),
        TMPDIR: scratch,
        // A project for each package.
        HCLOUD_ENDPOINT: standIn.endpoint,
        HCLOUD_TOKEN: String(number).padStart(64, "t"),
        TEST_IMAGE: "debian-13",
        TEST_LOCATION: "hel1",
        TEST_SERVER_TYPE: "ccx13",
        TEST_SERVER_TYPE_UPGRADE: "ccx23",
      },
    },
  );
  writeFileSync(join(logs, `${name}.log`), stdout + stderr);
  const ends = stdout.matchAll(/^--- (PASS|FAIL|SKIP): (TestAcc\w+) /gm);
  return new Map([...ends].map(([, end = "", which = ""]) => [which, end]));
}

/** All acceptance tests of a package, by their source: a panic ends a run without naming the rest. */
function written(name: string): string[] {
  const folder = join(source, "internal", name);
  const texts = readdirSync(folder)
    .filter((file) => file.endsWith("_test.go"))
    .map((file) => readFileSync(join(folder, file), "utf8"));
  return texts.flatMap((text) =>
    [...text.matchAll(/^func (TestAcc\w+)\(/gm)].map(([, one = ""]) => one),
  );
}

beforeAll(async () => {
  mkdirSync(logs, { recursive: true });
  writeFileSync(join(scratch, "terraform.rc"), "disable_checkpoint = true\n");
  takeSource();
  standIn = await start({ folder: join(scratch, "projects") });
});
afterAll(async () => {
  await standIn?.close();
  rmSync(scratch, { recursive: true, force: true });
});

test("each passes, or is left out by name and for a reason", async () => {
  expect(LEFT_OUT.provider).toBe(provider.version);
  const names = packages();
  const all = names.flatMap(written);
  expect(leftOut.filter((one) => !all.includes(one))).toEqual([]);
  const ends = new Map<string, string>();
  for (const [number, name] of names.entries())
    for (const [which, end] of await validate(name, number)) ends.set(which, end);
  const wanted = all.filter((one) => !leftOut.includes(one));
  const others = wanted.filter((one) => ends.get(one) !== "PASS");
  expect(others.map((one) => `${one}: ${ends.get(one) ?? "did not end"}, see ${logs}`)).toEqual([]);
  process.stderr.write(
    `provider ${provider.version}: ${wanted.length} acceptance tests passed, ${leftOut.length} left out\n`,
  );
});
