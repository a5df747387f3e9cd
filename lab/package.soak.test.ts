import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testbed } from "../cli/testbed.ts";
import { TOOLKIT } from "../modules/common/toolkit/index.ts";
import { terraformEnvironment } from "../modules/operations/plan/index.ts";
import { defaultFolder } from "./cloud/index.ts";
import { CDKTF, program, type Ran, type RunOptions } from "./testing/polder.ts";

// What docs/own-repository.md says, in an empty folder: nothing of the checkout is there, but for what `polder setup`
// would build there from the same sources in some minutes.
const folder = mkdtempSync(join(tmpdir(), "polder-package-"));
const NAME = "t-pakket";

const inFolder = (name: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
  program(name, args, { ...options, cwd: folder });
const polder = (...args: string[]) =>
  inFolder("npx", ["--no-install", "polder", ...args], { env: { POLDER_LAB: defaultFolder() } });
async function ok(ran: Promise<Ran>): Promise<string> {
  const { code, stdout, stderr } = await ran;
  expect(code, stdout + stderr).toBe(0);
  return stdout;
}

beforeAll(async () => {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  await ok(program("npm", ["pack", "--pack-destination", folder]));
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  await ok(inFolder("npm", ["install", ...quiet, join(folder, "polder-0.1.0.tgz")]));
  mkdirSync(join(folder, "build"));
  symlinkSync(join(TOOLKIT, "build/provider-mirror"), join(folder, "build/provider-mirror"));
  cpSync(join(TOOLKIT, "instances/lab/instance.yaml"), join(folder, "example.yaml"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("new, show and size work on an instance of the folder", async () => {
  const example = readFileSync(join(folder, "example.yaml"), "utf8");
  const key = /key: (ssh-ed25519 \S+)/.exec(example)?.[1] ?? "";
  const made = await ok(
    polder(
      "new",
      NAME,
      "--yes",
      "--organisation",
      "Gemeente Proef",
      "--domain",
      `${NAME}.vergaderen.example`,
      "--marking",
      "none",
      "--tbb",
      "4",
      "--location",
      "lab-floating",
      "--chat",
      "off",
      "--meeting",
      "teamoverleg,2,4,all",
      "--admin-name",
      "Sam de Vries",
      "--admin-user",
      "samdevries",
      "--admin-key",
      key,
      "--admin-network",
      "198.18.64.0/30",
      "--security-contact",
      "mailto:s@proef.example",
    ),
  );
  expect(made).toBe(`next: polder show ${NAME}\n`);
  // No default can name who keeps the logs, and a plan asks for them.
  const keepers = /^logKeepers:\n.*\n/m.exec(example)?.[0] ?? "";
  appendFileSync(join(folder, "instances", NAME, "instance.yaml"), `\n${keepers}`);
  expect(await ok(polder("show", NAME))).toContain("Gemeente Proef");
  expect(await ok(polder("size", NAME))).toContain("bridge");
});

test("plan judges and records in the folder, and the toolkit's own stays as it was", async () => {
  expect(await ok(polder("plan", NAME))).toContain(`${NAME}-addresses: 6 to add`);
  expect(existsSync(join(folder, "build/instances", NAME, "plan/record.json"))).toBe(true);
  expect(existsSync(join(TOOLKIT, "build/instances", NAME))).toBe(false);
});

test("cdktf synthesises the folder's instances by an app of one line", async () => {
  writeFileSync(
    join(folder, "cdktf.json"),
    JSON.stringify({
      language: "typescript",
      app: "npx --no-install polder synth",
      projectId: NAME,
    }),
  );
  const env = {
    ...terraformEnvironment(testbed),
    POLDER_INSTANCE: NAME,
    CI: "true",
    NO_COLOR: "1",
  };
  await ok(inFolder(CDKTF, ["synth"], { env }));
  expect(existsSync(join(folder, `cdktf.out/stacks/${NAME}-addresses/cdk.tf.json`))).toBe(true);
});
