import { beforeAll, describe, expect, it } from "vitest";
import { TOOLKIT } from "../modules/common/toolkit/index.ts";
import { instanceNames } from "../modules/workspace/index.ts";
import { expectRead, leftOut, Programs, rendered } from "./testing/rendered.ts";

const EXAMPLES = instanceNames(TOOLKIT).map(rendered);

let programs: Programs;
beforeAll(async () => {
  programs = await Programs.start();
}, 300_000);

describe("every file of every example is read by its own program", () => {
  // Of these two make test asks.
  const others = EXAMPLES.filter(({ name }) => !["lab", "lab-single"].includes(name));
  it.concurrent.each(others)("of $name", (example) => expectRead(programs, example));

  it("no file of any role is left out without a reason", () => {
    expect(leftOut(EXAMPLES.flatMap(({ configurations }) => configurations))).toEqual([]);
  });
});
