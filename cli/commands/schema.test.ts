import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BadInput } from "../../modules/common/input/index.ts";
import { readInstance } from "../../modules/planning/instance/index.ts";
import { instanceNames } from "../../modules/workspace/index.ts";
import { ROOT } from "../root.ts";
import { fieldTable } from "../text/fields.ts";
import { polderFrom } from "./testing.ts";

const page = readFileSync(join(ROOT, "docs/instance.md"), "utf8");
const between = (mark: string): string =>
  page.split(`<!-- ${mark} -->\n`)[1]?.split(`\n<!-- /${mark} -->`)[0] ?? "";

describe("polder schema --of", () => {
  it.each([
    ["location", "residency"],
    ["overrides", "overrides"],
    ["instance", "domain"],
  ])("%s is a schema of that file", async (file, field) => {
    const { stdout, status } = await polderFrom(ROOT)("schema", "--of", file);
    expect(status).toBe(0);
    const schema = JSON.parse(stdout) as { title: string; required: string[] };
    expect([schema.title, schema.required]).toEqual([
      `polder ${file}`,
      expect.arrayContaining([field]),
    ]);
  });
});

describe("docs/instance.md", () => {
  it("has the schema's fields of today", () => {
    expect(between("fields")).toBe(fieldTable());
  });

  it("shows the errors as they are", () => {
    const [, file = "", , errors = ""] = between("wrong").split(/```(?:yaml)?\n?/);
    try {
      readInstance(file, {
        file: "instance.yaml",
        folder: "gemeente",
        waivable: [],
        locations: ["lab-direct", "lab-floating"],
      });
      expect.fail("the file is accepted");
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      expect(errors.trimEnd()).toBe(error.message);
      expect(error.problems).toHaveLength(8);
    }
  });

  it("names every example", () => {
    for (const name of instanceNames(ROOT)) expect(page).toContain(`\`${name}\``);
  });
});
