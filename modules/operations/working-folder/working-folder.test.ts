import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { composition } from "../../../cli/composition.ts";
import { synthesis } from "../../../stacks/instance-stacks.ts";
import { buildFolder, TOOLKIT } from "../../common/toolkit/index.ts";
import { evaluate, type PolicyInput } from "../../policy/index.ts";
import { instanceFolder, loadInstance } from "../../workspace/index.ts";
import { policyInput, writeStacks, writtenInput } from "./working-folder.ts";

const parent = mkdtempSync(join(tmpdir(), "polder-two-"));
const name = "twee-keer";
afterAll(() => {
  for (const folder of [parent, buildFolder(name)])
    rmSync(folder, { recursive: true, force: true });
});

test("two instances with one name: the second is refused, not built over the first", () => {
  const [one, two] = ["a", "b"].map((where) => {
    const folder = join(parent, where, name);
    cpSync(join(TOOLKIT, "instances/gemeente-klein"), folder, { recursive: true });
    return folder;
  }) as [string, string];
  for (const folder of [one, two]) {
    const file = join(folder, "instance.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace(/^name: .*$/m, `name: ${name}`));
  }
  const write = (folder: string) =>
    writeStacks(loadInstance(folder), { outdir: buildFolder(name) }, synthesis);
  expect(write(one)).toEqual([`${name}-addresses`]);
  expect(write(one)).toEqual([`${name}-addresses`]);
  expect(() => write(two)).toThrow(
    `two instances are named "${name}", the other is ${one}: rename one`,
  );
  rmSync(one, { recursive: true });
  expect(write(two)).toEqual([`${name}-addresses`]);
});

test.each(["lab", "gemeente-klein", "eea-voorbeeld"])(
  "%s: the file that Terraform gets is judged like the one that was only made in memory",
  (example) => {
    const loaded = loadInstance(instanceFolder(TOOLKIT, example));
    const outdir = join(parent, "written");
    const options = { outdir };
    const names = synthesis.write(loaded, options);
    const none = new Map(names.map((stack) => [stack, {}]));
    const judged = (input: PolicyInput) => {
      const { plans: _, ...documents } = input;
      // How many texts were read differs: cdktf's remarks are read, too.
      return evaluate(documents, "2026-11-24").map(({ id, verdict, subject }) => [
        id,
        verdict,
        subject,
      ]);
    };
    expect(judged(writtenInput(loaded, options, composition, none))).toEqual(
      judged(policyInput(loaded, options, composition)),
    );
  },
);
