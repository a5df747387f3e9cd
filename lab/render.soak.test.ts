import { beforeAll, describe, expect, it } from "vitest";
import { TOOLKIT } from "../modules/common/toolkit/index.ts";
import { instanceNames } from "../modules/workspace/index.ts";
import { leftOut, Programs, refusals, rendered } from "./testing/rendered.ts";

const EXAMPLES = instanceNames(TOOLKIT).map(rendered);

let programs: Programs;
beforeAll(async () => {
  programs = await Programs.start();
}, 300_000);

describe("every file of every example is read by its own program", () => {
  it.concurrent.each(EXAMPLES)("of $name", async ({ name, blueprint, configurations }) => {
    for (const configuration of configurations) {
      const verdicts = await programs.validated(programs.filled(blueprint, configuration));
      expect(refusals(verdicts), `${name} ${configuration.host}`).toEqual([]);
      expect(verdicts.length).toBeGreaterThan(20);
    }
  });

  it("no file of any role is left out without a reason", () => {
    expect(leftOut(EXAMPLES.flatMap(({ configurations }) => configurations))).toEqual([]);
  });
});
